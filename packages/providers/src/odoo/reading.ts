/** Readings: rows by id, the whole list, every id. Archived rows are looked at, never overlooked. */
import type { Connector, Cursor, Hint, Page, RawRecord, Reading, ReadOptions } from "@concordat/engine/ports/Provider"
import { CursorExpired, RequestRefused } from "@concordat/engine/ports/ProviderError"
import { isJsonObject, type JsonObject } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import { type Catalog, rowsOf } from "./catalog.ts"
import { asProviderError, type CallError, providerError } from "./errors.ts"
import { type Domain, objects, type OdooObject } from "./objects.ts"
import { hasOwnIds, ownIdsOf } from "./own-ids.ts"
import { columnsFor, datetimeOf, isLive, stampOf, type Surroundings, toRecord } from "./records.ts"
import type { Rpc } from "./rpc.ts"

/** Without it every search leaves archived rows out, and an archived or lost row looks deleted. */
export const everything = { active_test: false }

const CENSUS_PAGE = 10_000

export interface Rows {
  readonly rows: ReadonlyArray<JsonObject>
  readonly around: Surroundings
  readonly serverMs: number | undefined
}

export interface Reader {
  /** Rows of a domain in the order of their ids. */
  readonly rows: (object: string, domain: Domain, options: ReadOptions) => Effect.Effect<Rows, CallError>
  readonly records: (
    object: string,
    rows: ReadonlyArray<JsonObject>,
    options: ReadOptions,
    around: Surroundings,
  ) => Effect.Effect<ReadonlyArray<RawRecord>, CallError>
}

/** Where a walk by id goes on; anything else is a cursor of another provider or time. */
export const afterOf = (object: string, cursor: Cursor | null) => {
  if (cursor === null) return Effect.succeed(0)
  const after = isJsonObject(cursor) ? cursor["after"] : undefined
  return typeof after === "number"
    ? Effect.succeed(after)
    : Effect.fail(providerError("cursor", new CursorExpired({ object })))
}

export const describe = (object: string) => {
  const described = objects[object]
  return described === undefined
    ? Effect.fail(providerError("object", new RequestRefused({ code: "object", detail: `no such object: ${object}` })))
    : Effect.succeed(described)
}

export const makeReader = (rpc: Rpc, catalog: Catalog): Reader => {
  const around = Effect.fnUntraced(function* (object: string) {
    const { uid } = yield* rpc.session
    return {
      columns: yield* catalog.columns(object),
      stages: object === "crm.lead" ? yield* catalog.stages : [],
      activityTypes: object.startsWith("mail.") ? yield* catalog.activityTypes : [],
      states: object === "res.partner" ? yield* catalog.states : [],
      colleagues: new Set(object === "calendar.event" ? (yield* catalog.staff).map(({ partner }) => partner) : []),
      uid,
    }
  })

  const ask = Effect.fnUntraced(function* (object: string, domain: Domain, options: ReadOptions) {
    const known = yield* around(object)
    const { result, serverMs } = yield* rpc.call({
      model: object,
      method: "search_read",
      args: {
        domain: [...domain],
        fields: columnsFor(object, options.fields, known.columns),
        order: "id asc",
        limit: options.limit,
        // Bare ids: display names would make every rename a change of all that refer to it.
        load: null,
      },
      context: everything,
    })
    return { rows: rowsOf(result), around: known, serverMs }
  })

  const knowsStages = ({ rows, around }: Rows) =>
    around.columns.has("stage_id") === false ||
    rows.every((row) => typeof row["stage_id"] !== "number" || around.stages.some(({ id }) => id === row["stage_id"]))

  return {
    rows: (object, domain, options) =>
      ask(object, domain, options).pipe(
        Effect.catchTag("OdooRefusal", (refusal) => {
          // A field went away with its module: ask again for what is left.
          if (!refusal.text.includes("Invalid field")) return Effect.fail(refusal)
          catalog.forget()
          return ask(object, domain, options)
        }),
        Effect.flatMap((found) => {
          if (object !== "crm.lead" || knowsStages(found)) return Effect.succeed(found)
          catalog.forget()
          return Effect.map(catalog.stages, (stages) => ({ ...found, around: { ...found.around, stages } }))
        }),
      ),
    records: (object, rows, options, known) =>
      Effect.map(
        ownIdsOf(
          rpc,
          object,
          rows.map((row) => Number(row["id"])),
        ),
        (ownIds) => rows.map((row) => toRecord(object, row, options.fields, known, ownIds.get(Number(row["id"])))),
      ),
  }
}

const numeric = (id: string): boolean => /^[1-9]\d{0,9}$/.test(id)

/** The domain of the rows of an object that are there. */
export const makePresent = (catalog: Catalog) =>
  Effect.fnUntraced(function* (object: string) {
    const { scope, live } = yield* describe(object)
    const columns = yield* catalog.columns(object)
    return [...scope(columns), ...live(columns)]
  })

/** Whether a walk has another page: where rows are left out after the limit, only an empty page is the last. */
export const goesOn = ({ shortPages }: OdooObject, rows: number, limit: number): boolean =>
  shortPages ? rows > 0 : rows >= limit

export const makeReading = (rpc: Rpc, catalog: Catalog, reader: Reader) => {
  const present = makePresent(catalog)

  const backfill: NonNullable<Connector["backfill"]> = Effect.fn("odoo.backfill")(
    function* (object, cursor, options) {
      const described = yield* describe(object)
      const after = yield* afterOf(object, cursor)
      const domain = yield* present(object)
      const total =
        cursor === null
          ? (yield* rpc.call({ model: object, method: "search_count", args: { domain }, context: everything })).result
          : null
      // Nothing of ours is created before the backfill is over: asked once, the answer holds for the whole walk.
      const ours = isJsonObject(cursor) ? cursor["ours"] !== false : yield* hasOwnIds(rpc, object)
      const { rows, around } = yield* reader.rows(object, [["id", ">", after], ...domain], options)
      const records = ours
        ? yield* reader.records(object, rows, options, around)
        : rows.map((row) => toRecord(object, row, options.fields, around, undefined))
      const last = rows.at(-1)?.["id"]
      const more = goesOn(described, rows.length, options.limit) && typeof last === "number"
      return {
        records,
        hints: [],
        next: more ? { after: last, ours } : null,
        more,
        ...(typeof total === "number" ? { total } : {}),
      }
    },
    Effect.mapError(asProviderError("backfill", false)),
  )

  const census: NonNullable<Connector["census"]> = Effect.fn("odoo.census")(
    function* (object, cursor) {
      const described = yield* describe(object)
      const after = yield* afterOf(object, cursor)
      const { result } = yield* rpc.call({
        model: object,
        method: "search",
        args: {
          domain: [["id", ">", after], ...(yield* present(object))],
          order: "id asc",
          limit: CENSUS_PAGE,
        },
        context: everything,
      })
      const ids = Array.isArray(result) ? result.map(Number) : []
      const more = goesOn(described, ids.length, CENSUS_PAGE)
      const hints = ids.map((id): Hint => ({ object, id: String(id), kind: "changed" }))
      return { records: [], hints, next: more ? { after: ids.at(-1)! } : null, more } satisfies Page
    },
    Effect.mapError(asProviderError("census", false)),
  )

  /** The message that a done activity became: made in the same transaction, on the same record, of the same type. */
  const messageOf = Effect.fnUntraced(function* (row: JsonObject) {
    const at = stampOf(row["write_date"])
    if (at === undefined) return undefined
    const { result } = yield* rpc.call({
      model: "mail.message",
      method: "search",
      args: {
        domain: [
          ["model", "=", row["res_model"] ?? false],
          ["res_id", "=", row["res_id"] ?? false],
          ["mail_activity_type_id", "=", row["activity_type_id"] ?? false],
          ["create_date", ">=", datetimeOf(at)],
          ["create_date", "<", datetimeOf(at + 1000)],
        ],
        order: "id asc",
        limit: 1,
      },
    })
    return Array.isArray(result) && typeof result[0] === "number" ? result[0] : undefined
  })

  /** Rows that a search does not show: deleted, or hidden from this user by a rule. One hidden id fails a whole read. */
  const absent = Effect.fnUntraced(function* (object: string, ids: ReadonlyArray<string>) {
    const readable = (some: ReadonlyArray<string>) =>
      rpc.call({ model: object, method: "read", ids: some.map(Number), args: { fields: ["id"] } }).pipe(
        Effect.map(() => true),
        Effect.catchTag("OdooRefusal", (refusal) => {
          const { reason } = asProviderError("read", false)(refusal)
          return reason._tag === "Forbidden" ? Effect.succeed(false) : Effect.fail(refusal)
        }),
      )
    const gone = (id: string, seen: boolean): Reading => ({
      _tag: "Gone",
      object,
      id,
      reason: seen ? "deleted" : "invisible",
    })
    if (ids.length === 0 || (yield* readable(ids))) return ids.map((id) => gone(id, true))
    return yield* Effect.forEach(ids, (id) => Effect.map(readable([id]), (seen) => gone(id, seen)))
  })

  const read: NonNullable<Connector["read"]> = Effect.fn("odoo.read")(
    function* (object, ids, options) {
      yield* describe(object)
      const real = ids.filter(numeric)
      const { rows, around } =
        real.length === 0
          ? { rows: [], around: undefined }
          : yield* reader.rows(object, [["id", "in", real.map(Number)]], { ...options, limit: real.length })
      const readings: Array<Reading> = ids
        .filter((id) => !numeric(id))
        .map((id) => ({ _tag: "Gone", object, id, reason: "deleted" }))
      const found = new Set(rows.map((row) => String(row["id"])))
      readings.push(
        ...(yield* absent(
          object,
          real.filter((id) => !found.has(id)),
        )),
      )
      if (around === undefined) return readings
      const [live, archived] = [true, false].map((wanted) =>
        rows.filter((row) => isLive(object, row, around.stages) === wanted),
      )
      const records = yield* reader.records(object, live!, options, around)
      readings.push(...records.map((record): Reading => ({ _tag: "Found", record })))
      for (const row of archived!) {
        const id = String(row["id"])
        const message = object === "mail.activity" ? yield* messageOf(row) : undefined
        readings.push(
          message === undefined
            ? { _tag: "Gone", object, id, reason: "archived" }
            : { _tag: "Converted", object, id, into: [{ object: "mail.message", id: String(message) }] },
        )
      }
      return readings
    },
    Effect.mapError(asProviderError("read", false)),
  )

  return { backfill, census, read }
}
