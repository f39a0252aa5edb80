/**
 * What changed since a moment. `write_date` is the start of the transaction that wrote, shown in whole seconds, and
 * compared in microseconds by 17 and in seconds by 19. So: one lower bound on a whole second, a walk by id below it (the
 * only key that neither repeats nor skips among ties), and a next bound that lies back by more than a transaction lasts.
 */
import type { Connector, Hint } from "@concordat/engine/ports/Provider"
import { CursorExpired } from "@concordat/engine/ports/ProviderError"
import { isJsonObject, type Json, type JsonObject } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import { asProviderError, providerError } from "./errors.ts"
import type { Domain } from "./objects.ts"
import { describe, everything, goesOn, type Reader } from "./reading.ts"
import { datetimeOf, isLive, stampOf } from "./records.ts"
import { type Catalog, rowsOf } from "./catalog.ts"
import type { Rpc } from "./rpc.ts"

interface Walk {
  /** Lower bound, ms since 1970, a whole second. */
  readonly since: number
  /** The server's clock when this walk began; absent between two walks. */
  readonly started?: number
  readonly after: number
}

const walkFrom = (cursor: unknown): Walk | undefined => {
  if (!isJsonObject(cursor as JsonObject)) return undefined
  const { since, started, after } = cursor as JsonObject
  if (typeof since !== "number" || typeof after !== "number") return undefined
  return { since, after, ...(typeof started === "number" ? { started } : {}) }
}

/** As an administrator or Studio makes them: no module of Odoo has a field whose name begins so. */
const isOwnField = (name: string): boolean => name.startsWith("x_")

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000

export const makeChanges = (rpc: Rpc, catalog: Catalog, reader: Reader) => {
  const { overlapMs } = rpc.settings

  /** Where the server sends no date, the newest row tells how far its clock has come at least. */
  const newest = Effect.fnUntraced(function* (object: string) {
    const { result, serverMs } = yield* rpc.call({
      model: object,
      method: "search_read",
      args: { domain: [], fields: ["write_date"], order: "write_date desc", limit: 1 },
      context: everything,
    })
    return serverMs ?? stampOf(rowsOf(result)[0]?.["write_date"]) ?? 0
  })

  const changesFrom: NonNullable<Connector["changesFrom"]> = Effect.fn("odoo.changesFrom")(
    function* (object) {
      yield* describe(object)
      return { since: wholeSecond((yield* newest(object)) - overlapMs), after: 0 }
    },
    Effect.mapError(asProviderError("changesFrom", false)),
  )

  /**
   * Where a done activity is archived, it says itself which message it became. Seen before that, the message would be taken
   * for another activity. 19 always archives; before, the activity's type says whether (a type may have been made since).
   * Fields that the company made for messages are edited later: what was made before this walk's bound is known by then.
   */
  const unconverted = Effect.fnUntraced(function* (object: string, walk: Walk, fields: ReadonlyArray<string>) {
    if (object !== "mail.message") return []
    const deletes = (yield* catalog.columns("mail.activity.type")).has("keep_done")
    const none: Json = ["mail_activity_type_id", "=", false]
    const fresh: Domain = deletes ? ["|", none, ["mail_activity_type_id.keep_done", "=", false]] : [none]
    return fields.some(isOwnField) ? ["|", ["create_date", "<", datetimeOf(walk.since)], ...fresh] : fresh
  })

  const changes: NonNullable<Connector["changes"]> = Effect.fn("odoo.changes")(
    function* (object, cursor, options) {
      const described = yield* describe(object)
      const walk = walkFrom(cursor)
      if (walk === undefined) return yield* providerError("changes", new CursorExpired({ object }))
      const { rows, around, serverMs } = yield* reader.rows(
        object,
        [
          ["write_date", ">=", datetimeOf(walk.since)],
          ["id", ">", walk.after],
          ...described.scope(yield* catalog.columns(object)),
          ...(yield* unconverted(object, walk, options.fields)),
        ],
        options,
      )
      const [live, archived] = [true, false].map((wanted) =>
        rows.filter((row) => isLive(object, row, around.stages) === wanted),
      )
      const records = yield* reader.records(object, live!, options, around)
      const hints = archived!.map((row): Hint => ({ object, id: String(row["id"]), kind: "gone" }))
      // A walk that takes long is measured from its beginning: what was written behind it comes in the next one.
      const stamps = rows.flatMap((row) => stampOf(row["write_date"]) ?? [])
      const started = walk.started ?? serverMs ?? (stamps.length === 0 ? undefined : Math.max(...stamps))
      const last = rows.at(-1)?.["id"]
      const more = goesOn(described, rows.length, options.limit) && typeof last === "number"
      const next = more
        ? { since: walk.since, after: last, ...(started === undefined ? {} : { started }) }
        : { since: Math.max(walk.since, wholeSecond((started ?? walk.since) - overlapMs)), after: 0 }
      return { records, hints, next, more }
    },
    Effect.mapError(asProviderError("changes", false)),
  )

  return { changesFrom, changes }
}
