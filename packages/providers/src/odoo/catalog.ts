/** What a database says of itself and what readings and writes lean on: columns, stages, activity types, model ids. */
import { isJsonObject, type Json, type JsonObject } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import type { CallError } from "./errors.ts"
import type { Rpc } from "./rpc.ts"

export interface Column {
  readonly type: string
  readonly string: string
  readonly readonly: boolean
  readonly required: boolean
  readonly store: boolean
  readonly relation: string | null
  readonly selection: ReadonlyArray<readonly [string, string]>
}
export type Columns = ReadonlyMap<string, Column>

export interface CrmStage {
  readonly id: number
  readonly name: string
  readonly won: boolean
  readonly sequence: number
  /** Ids of the teams that have it; none: every team. */
  readonly teams: ReadonlyArray<number>
}

export type ActivityKind = "call" | "meeting" | "email" | "task"
export interface ActivityType {
  readonly id: number
  readonly name: string
  readonly kind: ActivityKind
}

/** A part of a country as addresses name it: California, CA. */
export interface CountryState {
  readonly id: number
  readonly name: string
  readonly code: string
  readonly country: number
}

/** A user of the house and the partner that it is. */
export interface Colleague {
  readonly user: number
  readonly partner: number
}

export interface Catalog {
  readonly columns: (model: string) => Effect.Effect<Columns, CallError>
  /** By sequence. */
  readonly stages: Effect.Effect<ReadonlyArray<CrmStage>, CallError>
  /** Those for records of any model first, then by sequence: the first of a kind is the one to make new ones of. */
  readonly activityTypes: Effect.Effect<ReadonlyArray<ActivityType>, CallError>
  readonly states: Effect.Effect<ReadonlyArray<CountryState>, CallError>
  readonly staff: Effect.Effect<ReadonlyArray<Colleague>, CallError>
  readonly modelId: (model: string) => Effect.Effect<number | undefined, CallError>
  /** All rows of a small model: used for stages, countries, users. */
  readonly all: (
    model: string,
    fields: ReadonlyArray<string>,
    domain?: ReadonlyArray<Json>,
  ) => Effect.Effect<ReadonlyArray<JsonObject>, CallError>
  /** Drops what is known: a column or stage turned out to be gone or new. */
  readonly forget: () => void
}

export const rowsOf = (result: Json): ReadonlyArray<JsonObject> =>
  Array.isArray(result) ? result.filter(isJsonObject) : []

const columnFrom = (info: Json): Column | undefined => {
  if (!isJsonObject(info) || typeof info["type"] !== "string") return undefined
  const options = Array.isArray(info["selection"]) ? info["selection"] : []
  return {
    type: info["type"],
    string: String(info["string"] ?? ""),
    readonly: info["readonly"] === true,
    required: info["required"] === true,
    store: info["store"] !== false,
    relation: typeof info["relation"] === "string" ? info["relation"] : null,
    selection: options.flatMap((option) =>
      Array.isArray(option) ? [[String(option[0]), String(option[1])] as const] : [],
    ),
  }
}

const kindOf = (row: JsonObject): ActivityKind => {
  if (row["category"] === "phonecall") return "call"
  if (row["category"] === "meeting") return "meeting"
  // There is no category for e-mail, only a default type of that icon or name.
  return row["icon"] === "fa-envelope" || /^e-?mail$/i.test(String(row["name"])) ? "email" : "task"
}

/** Made for records of one model (`Follow-up Quote` of leads), or put away: nothing new is made of such a type. */
const isSpecial = (row: JsonObject): boolean => row["active"] === false || typeof row["res_model"] === "string"

export const makeCatalog = (rpc: Rpc): Catalog => {
  const known = new Map<string, unknown>()

  /** Asked once, until it is forgotten; a failure is not kept. */
  const once = <A>(key: string, ask: Effect.Effect<A, CallError>): Effect.Effect<A, CallError> =>
    Effect.suspend(() => {
      if (known.has(key)) return Effect.succeed(known.get(key) as A)
      return Effect.tap(ask, (answer) => Effect.sync(() => known.set(key, answer)))
    })

  const all: Catalog["all"] = Effect.fnUntraced(function* (model, fields, domain = []) {
    const columns = yield* readColumns(model)
    const { result } = yield* rpc.call({
      model,
      method: "search_read",
      args: { domain: [...domain], fields: fields.filter((field) => columns.has(field)), order: "id asc", load: null },
      context: { active_test: false },
    })
    return rowsOf(result)
  })

  const readColumns = (model: string) =>
    once(
      `columns ${model}`,
      rpc
        .call({
          model,
          method: "fields_get",
          args: { attributes: ["type", "string", "readonly", "required", "store", "relation", "selection"] },
        })
        .pipe(
          Effect.map(({ result }): Columns => {
            const described = isJsonObject(result) ? Object.entries(result) : []
            return new Map(
              described.flatMap(([name, info]) => {
                const column = columnFrom(info)
                return column === undefined ? [] : [[name, column] as const]
              }),
            )
          }),
        ),
    )

  return {
    columns: readColumns,
    all,
    stages: once(
      "stages",
      // `team_id` until 18, `team_ids` from 19 on.
      all("crm.stage", ["name", "is_won", "sequence", "team_id", "team_ids"]).pipe(
        Effect.map((rows) =>
          rows
            .map((row) => ({
              id: Number(row["id"]),
              name: String(row["name"]),
              won: row["is_won"] === true,
              sequence: Number(row["sequence"]),
              teams: Array.isArray(row["team_ids"])
                ? row["team_ids"].map(Number)
                : typeof row["team_id"] === "number"
                  ? [row["team_id"]]
                  : [],
            }))
            .toSorted((a, b) => a.sequence - b.sequence || a.id - b.id),
        ),
      ),
    ),
    activityTypes: once(
      "activity types",
      all("mail.activity.type", ["name", "category", "icon", "active", "sequence", "res_model"]).pipe(
        Effect.map((rows) =>
          rows
            .toSorted(
              (a, b) =>
                Number(isSpecial(a)) - Number(isSpecial(b)) ||
                Number(a["sequence"]) - Number(b["sequence"]) ||
                Number(a["id"]) - Number(b["id"]),
            )
            .map((row) => ({ id: Number(row["id"]), name: String(row["name"]), kind: kindOf(row) })),
        ),
      ),
    ),
    states: once(
      "states",
      all("res.country.state", ["name", "code", "country_id"]).pipe(
        Effect.map((rows) =>
          rows.map((row) => ({
            id: Number(row["id"]),
            name: String(row["name"]),
            code: String(row["code"]),
            country: Number(row["country_id"]),
          })),
        ),
      ),
    ),
    staff: once(
      "staff",
      all("res.users", ["partner_id", "share"]).pipe(
        Effect.map((rows) =>
          rows
            .filter((row) => row["share"] !== true)
            .map((row) => ({ user: Number(row["id"]), partner: Number(row["partner_id"]) })),
        ),
      ),
    ),
    modelId: (model) =>
      once(
        `model ${model}`,
        all("ir.model", ["model"], [["model", "=", model]]).pipe(
          Effect.map((rows) => (typeof rows[0]?.["id"] === "number" ? rows[0]["id"] : undefined)),
        ),
      ),
    forget: () => known.clear(),
  }
}
