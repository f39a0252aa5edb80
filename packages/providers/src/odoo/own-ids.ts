/** Our ids in Odoo: external ids `__concordat__.<type>_<own id>`, unique in the database and written with the record. */
import type { Json } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import { rowsOf } from "./catalog.ts"
import { asProviderError, type CallError } from "./errors.ts"
import type { Rpc } from "./rpc.ts"

const MODULE = "__concordat__"

export const externalName = (type: string, ownId: string): string => `${type}_${ownId}`
export const externalId = (type: string, ownId: string): string => `${MODULE}.${externalName(type, ownId)}`

const ownIdOf = (name: string): string => name.slice(name.indexOf("_") + 1)

export interface OwnRecord {
  readonly name: string
  readonly ownId: string
  readonly id: number
  /** When the name was given, as Odoo says it; undefined: not asked. */
  readonly createdAt: Json | undefined
}

/** A user without a right on external ids still reads and creates: `load` itself looks them up as the server. */
const lacksRight = (error: CallError): boolean =>
  asProviderError("ir.model.data", false)(error).reason._tag === "Forbidden"

const searchOwn = (rpc: Rpc, model: string, column: "name" | "res_id", among: ReadonlyArray<string | number>) =>
  among.length === 0
    ? Effect.succeed<ReadonlyArray<OwnRecord>>([])
    : rpc
        .call({
          model: "ir.model.data",
          method: "search_read",
          args: {
            domain: [
              ["module", "=", MODULE],
              ["model", "=", model],
              [column, "in", among],
            ],
            fields: ["name", "res_id", ...(column === "name" ? ["create_date"] : [])],
            order: "id asc",
          },
        })
        .pipe(
          Effect.map(({ result }): ReadonlyArray<OwnRecord> =>
            rowsOf(result).map((row) => ({
              name: String(row["name"]),
              ownId: ownIdOf(String(row["name"])),
              id: Number(row["res_id"]),
              createdAt: row["create_date"],
            })),
          ),
          Effect.catchIf(lacksRight, () => Effect.succeed<ReadonlyArray<OwnRecord>>([])),
        )

/** Record id → our id, for records that were created under one. A merge leaves a winner with several: the first is its own. */
export const ownIdsOf = (
  rpc: Rpc,
  model: string,
  ids: ReadonlyArray<number>,
): Effect.Effect<ReadonlyMap<number, string>, CallError> =>
  Effect.map(
    searchOwn(rpc, model, "res_id", ids),
    (found) => new Map(found.toReversed().map(({ id, ownId }) => [id, ownId])),
  )

/** The records that bear these external names, as far as they still exist. */
export const recordsNamed = (rpc: Rpc, model: string, names: ReadonlyArray<string>) =>
  searchOwn(rpc, model, "name", names)

/** Whether any record of the model bears one of our ids: before the first create none does, and none has to be looked for. */
export const hasOwnIds = (rpc: Rpc, model: string): Effect.Effect<boolean, CallError> =>
  rpc
    .call({
      model: "ir.model.data",
      method: "search",
      args: {
        domain: [
          ["module", "=", MODULE],
          ["model", "=", model],
        ],
        limit: 1,
      },
    })
    .pipe(
      Effect.map(({ result }) => Array.isArray(result) && result.length > 0),
      Effect.catchIf(lacksRight, () => Effect.succeed(false)),
    )
