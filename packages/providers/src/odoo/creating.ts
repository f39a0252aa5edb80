/** Creates that can be repeated: `load` writes a record and its external id in one transaction, or finds it there. */
import type { WriteAnswer, WriteRow } from "@concordat/engine/ports/Provider"
import { Unreadable } from "@concordat/engine/ports/ProviderError"
import { isJsonObject, type Json, type JsonObject } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import { type Catalog, type Columns, rowsOf } from "./catalog.ts"
import { type CallError, heldUp, OdooRefusal, providerError, refusedRow } from "./errors.ts"
import { objects } from "./objects.ts"
import { newMeeting } from "./meetings.ts"
import { externalId, externalName, recordsNamed } from "./own-ids.ts"
import { unownedActivity } from "./owners.ts"
import type { Rpc } from "./rpc.ts"
import { everything } from "./reading.ts"
import { cellOf, columnOf, type Wanted } from "./values.ts"
import type { Verbs } from "./verbs.ts"

export interface Planned {
  readonly row: WriteRow
  readonly wanted: Wanted
  /** Columns of the import, the external id first, and their cells. */
  readonly columns: ReadonlyArray<string>
  readonly cells: ReadonlyArray<string>
}

interface Named {
  readonly id: number
  /** Whether it came with its name, and was not only given it. */
  readonly isMade: boolean
}

interface LoadMessage {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** Warnings say no more than that it was interrupted after ten errors: the rows behind them were not tried. */
const messagesOf = (result: JsonObject): ReadonlyArray<LoadMessage> =>
  (Array.isArray(result["messages"]) ? result["messages"] : [])
    .filter(isJsonObject)
    .filter((message) => message["type"] !== "warning")
    .map((message) => {
      const rows = isJsonObject(message["rows"]) ? message["rows"] : {}
      return {
        from: Number(rows["from"] ?? 0),
        to: Number(rows["to"] ?? Number.MAX_SAFE_INTEGER),
        text: String(message["message"] ?? ""),
      }
    })

/** A record that it hangs on is not there any more: named after the text, whatever the language of that is. */
const isOfMissing = (text: string): boolean => /\([^()]*\b[a-z_]+(?:\.[a-z_]+)+\(\d+,\),[^()]*\d+\)\s*$/.test(text)

/**
 * An import is all or nothing, and says so with status 200: `ids: false` and messages that name rows. The rows named are
 * refused; the others had no effect either and can be sent again.
 */
export const readLoad = (rows: ReadonlyArray<WriteRow>, result: Json): ReadonlyArray<WriteAnswer> | undefined => {
  if (!isJsonObject(result)) return undefined
  const { ids } = result
  if (Array.isArray(ids) && ids.length === rows.length)
    return rows.map(({ key }, index) => ({ key, outcome: { _tag: "Written", id: String(ids[index]) } }))
  const messages = messagesOf(result)
  if (ids !== false || messages.length === 0) return undefined
  return rows.map(({ key }, index) => {
    const about = messages.find(({ from, to }) => from <= index && index <= to)
    return {
      key,
      outcome:
        about === undefined
          ? heldUp("none", "another row of the same import was refused")
          : isOfMissing(about.text)
            ? { ...refusedRow("odoo.exceptions.MissingError", about.text), code: "reference" }
            : refusedRow("builtins.ValueError", about.text),
    }
  })
}

export interface Creating {
  readonly plan: (object: string, row: WriteRow, wanted: Wanted, columns: Columns) => Effect.Effect<Planned, CallError>
  /** Rows with the same columns. */
  readonly run: (
    object: string,
    planned: ReadonlyArray<Planned>,
  ) => Effect.Effect<ReadonlyArray<WriteAnswer>, CallError>
}

export const makeCreating = (rpc: Rpc, catalog: Catalog, verbs: Verbs): Creating => {
  /** Columns that a create of this kind of record needs besides what was sent. */
  const surroundings = Effect.fnUntraced(function* (object: string, { vals, verbs: asked, record }: Wanted) {
    const cells: Array<readonly [string, string]> = []
    if (object === "mail.activity") {
      if (record === undefined)
        return yield* new OdooRefusal({ name: "builtins.ValueError", text: "an activity needs a record to hang on" })
      const model = yield* catalog.modelId(record.model)
      if (model === undefined)
        return yield* new OdooRefusal({ name: "builtins.ValueError", text: `no model ${record.model}` })
      cells.push(["res_model_id/.id", String(model)], ["res_id", String(record.id)])
      const kind = typeof asked["$kind"] === "string" ? asked["$kind"] : undefined
      const type = kind === undefined ? undefined : (yield* catalog.activityTypes).find((each) => each.kind === kind)
      if (type !== undefined && !("activity_type_id" in vals)) cells.push(["activity_type_id/.id", String(type.id)])
    }
    if (object === "mail.message") {
      if (record === undefined)
        return yield* new OdooRefusal({ name: "builtins.ValueError", text: "a note needs a record to hang on" })
      cells.push(["model", record.model], ["res_id", String(record.id)])
      if (!("message_type" in vals)) cells.push(["message_type", "comment"])
      // A note is for the team; any other subtype would be sent to the followers by e-mail.
      if (!("subtype_id" in vals)) cells.push(["subtype_id/id", "mail.mt_note"])
    }
    return cells
  })

  const plan: Creating["plan"] = Effect.fnUntraced(function* (object, row, given, columns) {
    const wanted =
      object === "calendar.event" ? yield* newMeeting(catalog, given) : unownedActivity(object, given, columns)
    const blank = (objects[object]?.blank ?? []).filter(
      (name) => !(name in wanted.vals) && columns.get(name)?.required === false,
    )
    const cells = [
      ["id", externalId(row.type, row.ownId)] as const,
      ...Object.entries(wanted.vals).map(([name, value]) => cellOf(name, value, columns)),
      ...blank.map((name) => cellOf(name, false, columns)),
      ...(yield* surroundings(object, wanted)),
    ]
    return { row, wanted, columns: cells.map(([name]) => name), cells: cells.map(([, cell]) => cell) }
  })

  /** What a create leaves to be done by a method, and what it could not take. */
  const finish = Effect.fnUntraced(function* (object: string, { row, wanted }: Planned, answer: WriteAnswer) {
    const { outcome } = answer
    if (outcome._tag !== "Written") return answer
    const status = wanted.verbs["$status"]
    const pending =
      object === "crm.lead"
        ? status === "won" || status === "lost"
        : object === "mail.activity" && wanted.verbs["$done"] === true
    const left = {
      ...wanted,
      vals: {},
      verbs: object === "mail.activity" ? { ...wanted.verbs, $kind: null } : wanted.verbs,
    }
    const held = wanted.held === undefined ? {} : { held: wanted.held }
    const refused = wanted.refused.length === 0 ? {} : { refused: wanted.refused }
    if (!pending) return { ...answer, outcome: { ...outcome, ...held, ...refused } }
    return yield* verbs.run(object, row, Number(outcome.id), left).pipe(
      Effect.catch((error) => {
        // The record is there. Where the connection broke, it is found by its id, and what is missing of it is written.
        if (error._tag !== "OdooRefusal")
          return Effect.succeed<WriteAnswer>({ ...answer, outcome: heldUp("unknown", error.message) })
        const code = refusedRow(error.name, error.text)
        if (code.retry) return Effect.succeed<WriteAnswer>({ ...answer, outcome: { ...code, effect: "unknown" } })
        const refused = [
          ...wanted.refused,
          { key: object === "crm.lead" ? "$status" : "$done", code: code.code, message: code.message },
        ]
        return Effect.succeed<WriteAnswer>({ ...answer, outcome: { ...outcome, refused } })
      }),
    )
  })

  const adopt = ({ row, wanted }: Planned, { id, isMade }: Named): WriteAnswer => {
    const made = Object.keys(row.values).filter((name) => columnOf(name) in wanted.vals)
    return {
      key: row.key,
      outcome: { _tag: "Written", id: String(id), adopted: true, ...(isMade ? { made } : {}) },
    }
  }

  /**
   * The records that bear our ids, by external name. A record and its name that were made by one `load` have one time: a
   * transaction has no other. A winner that was given the name by a merge is of another one.
   */
  const namedRecords = Effect.fnUntraced(function* (object: string, planned: ReadonlyArray<Planned>) {
    const names = planned.map(({ row }) => externalName(row.type, row.ownId))
    const found = yield* recordsNamed(rpc, object, names)
    if (found.length === 0) return new Map<string, Named>()
    const { result } = yield* rpc.call({
      model: object,
      method: "search_read",
      args: { domain: [["id", "in", found.map(({ id }) => id)]], fields: ["create_date"], load: null },
      context: everything,
    })
    const created = new Map(rowsOf(result).map((row) => [Number(row["id"]), row["create_date"]]))
    return new Map(
      found.map(({ createdAt, id, name }): readonly [string, Named] => {
        return [name, { id, isMade: typeof createdAt === "string" && created.get(id) === createdAt }]
      }),
    )
  })

  const run: Creating["run"] = Effect.fnUntraced(function* (object, planned) {
    // A create whose answer was lost is found, not loaded again: a person may have edited the record meanwhile.
    const there = yield* namedRecords(object, planned)
    const held = ({ row }: Planned) => there.get(externalName(row.type, row.ownId))
    const adopted = planned.flatMap((each): ReadonlyArray<WriteAnswer> => {
      const named = held(each)
      return named === undefined ? [] : [adopt(each, named)]
    })
    const fresh = planned.filter((each) => held(each) === undefined)
    if (fresh.length === 0) return adopted
    const { result } = yield* rpc.call({
      model: object,
      method: "load",
      args: { fields: [...fresh[0]!.columns], data: fresh.map(({ cells }) => [...cells]) },
      writes: true,
    })
    const answers = readLoad(
      fresh.map(({ row }) => row),
      result,
    )
    if (answers === undefined)
      return yield* providerError("load", new Unreadable({ detail: "an import's answer of no known shape" }))
    // Refused may be because the same create, whose answer was lost, was still under way: then it is there by now.
    const unmade = fresh.filter((_, index) => answers[index]?.outcome._tag === "Refused")
    const since = yield* namedRecords(object, unmade)
    const finished = yield* Effect.forEach(answers, (answer, index) => {
      const each = fresh[index]!
      const named =
        answer.outcome._tag === "Refused" ? since.get(externalName(each.row.type, each.row.ownId)) : undefined
      return named === undefined ? finish(object, each, answer) : Effect.succeed(adopt(each, named))
    })
    return [...adopted, ...finished]
  })

  return { plan, run }
}
