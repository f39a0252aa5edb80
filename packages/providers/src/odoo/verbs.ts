/** Values that only a method of Odoo sets: won, lost and open again for a lead, done for an activity. */
import type { WriteAnswer, WriteRow } from "@concordat/engine/ports/Provider"
import type { Json, JsonObject } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import { type Catalog, type CrmStage, rowsOf } from "./catalog.ts"
import { type CallError, type OdooRefusal, refusedRow } from "./errors.ts"
import { everything } from "./reading.ts"
import { leadStatus, type LeadStatus } from "./records.ts"
import type { Rpc } from "./rpc.ts"
import type { Wanted } from "./values.ts"

export interface Step {
  readonly method: "write" | "action_set_won" | "action_set_lost" | "action_unarchive"
  readonly args: JsonObject
}

const without = (vals: JsonObject, ...names: ReadonlyArray<string>): JsonObject =>
  Object.fromEntries(Object.entries(vals).filter(([name]) => !names.includes(name)))

/** The stage that a won lead goes back to when nobody names one: the last open one that its team has. */
const lastOpenStage = (stages: ReadonlyArray<CrmStage>, team: Json | undefined): CrmStage | undefined =>
  stages.findLast(
    ({ won, teams }) => !won && (teams.length === 0 || (typeof team === "number" && teams.includes(team))),
  )

/** The calls that bring a lead from where it stands to the wanted values and status, in their order. Pure. */
export const leadSteps = (
  current: JsonObject,
  vals: JsonObject,
  wanted: LeadStatus,
  stages: ReadonlyArray<CrmStage>,
): ReadonlyArray<Step> => {
  const status = leadStatus(current, stages)
  const isWon = (id: Json | undefined) => stages.some((stage) => stage.id === id && stage.won)
  const write = (given: JsonObject): ReadonlyArray<Step> =>
    Object.keys(given).length === 0 ? [] : [{ method: "write", args: { vals: given } }]
  const reopen: ReadonlyArray<Step> = current["active"] === false ? [{ method: "action_unarchive", args: {} }] : []
  if (wanted === "won") {
    // A named won stage says it all; without one the server picks the next won stage of the team.
    if (isWon(vals["stage_id"])) return [...reopen, ...write(vals)]
    if (status === "won") return write(without(vals, "stage_id"))
    return [...write(without(vals, "stage_id")), { method: "action_set_won", args: {} }]
  }
  if (wanted === "lost") {
    if (status === "lost") return write(vals)
    const reason = vals["lost_reason_id"]
    const rest = without(vals, "lost_reason_id")
    // 19 refuses a lost lead in a won stage: it leaves that stage first.
    const out = isWon(rest["stage_id"] ?? current["stage_id"]) ? lastOpenStage(stages, current["team_id"]) : undefined
    return [
      ...write(out === undefined ? rest : { ...rest, stage_id: out.id }),
      { method: "action_set_lost", args: reason === undefined ? {} : { lost_reason_id: reason } },
    ]
  }
  // Opening it empties the reason; one that was sent along would be written into an open lead.
  const rest = status === "lost" ? without(vals, "lost_reason_id") : vals
  const stage = rest["stage_id"] ?? current["stage_id"]
  const back = isWon(stage) ? lastOpenStage(stages, rest["team_id"] ?? current["team_id"]) : undefined
  return [...(status === "lost" ? reopen : []), ...write(back === undefined ? rest : { ...rest, stage_id: back.id })]
}

const isStatus = (value: Json | undefined): value is LeadStatus =>
  value === "open" || value === "won" || value === "lost"

export interface Verbs {
  /** One row whose wanted values hold a verb. */
  readonly run: (object: string, row: WriteRow, id: number, wanted: Wanted) => Effect.Effect<WriteAnswer, CallError>
}

export const makeVerbs = (rpc: Rpc, catalog: Catalog): Verbs => {
  const written = (
    row: WriteRow,
    id: number,
    wanted: Wanted,
    refusals: ReadonlyArray<{ readonly key: string; readonly refusal: OdooRefusal }> = [],
  ): WriteAnswer => {
    const refused = [
      ...wanted.refused,
      ...refusals.map(({ key, refusal }) => {
        const { code, message } = refusedRow(refusal.name, refusal.text)
        return { key, code, message }
      }),
    ]
    const held = wanted.held === undefined ? {} : { held: wanted.held }
    return {
      key: row.key,
      outcome: { _tag: "Written", id: String(id), ...held, ...(refused.length === 0 ? {} : { refused }) },
    }
  }

  /** The first call that is refused ends the row; what was written before it stands, and is answered as written. */
  const lead = Effect.fnUntraced(function* (row: WriteRow, id: number, wanted: Wanted) {
    const status = wanted.verbs["$status"]
    const stages = yield* catalog.stages
    const { result } = yield* rpc.call({
      model: "crm.lead",
      method: "search_read",
      args: {
        domain: [["id", "=", id]],
        fields: [
          "active",
          "probability",
          "stage_id",
          "team_id",
          ...((yield* catalog.columns("crm.lead")).has("won_status") ? ["won_status"] : []),
        ],
        load: null,
      },
      context: everything,
    })
    const current = rowsOf(result)[0]
    if (current === undefined)
      return { key: row.key, outcome: refusedRow("odoo.exceptions.MissingError", "the lead is gone or not visible") }
    const steps = isStatus(status)
      ? leadSteps(current, wanted.vals, status, stages)
      : [{ method: "write" as const, args: { vals: wanted.vals } }]
    for (const [index, { method, args }] of steps.entries()) {
      const done = yield* Effect.result(rpc.call({ model: "crm.lead", method, ids: [id], args, writes: true }))
      if (done._tag === "Success") continue
      if (done.failure._tag === "ProviderError" || index === 0) return yield* done.failure
      return written(row, id, wanted, [{ key: "$status", refusal: done.failure }])
    }
    return written(row, id, wanted)
  })

  const activity = Effect.fnUntraced(function* (row: WriteRow, id: number, wanted: Wanted) {
    const { $kind, $done, $feedback } = wanted.verbs
    const type =
      typeof $kind === "string" ? (yield* catalog.activityTypes).find(({ kind }) => kind === $kind) : undefined
    const vals = type === undefined ? wanted.vals : { ...wanted.vals, activity_type_id: type.id }
    if (Object.keys(vals).length > 0)
      yield* rpc.call({ model: "mail.activity", method: "write", ids: [id], args: { vals }, writes: true })
    if ($done !== true) return written(row, id, wanted)
    const args = typeof $feedback === "string" && $feedback !== "" ? { feedback: $feedback } : {}
    const done = yield* Effect.result(
      rpc.call({ model: "mail.activity", method: "action_feedback", ids: [id], args, writes: true }),
    )
    if (done._tag === "Failure") {
      if (done.failure._tag === "ProviderError") return yield* done.failure
      return written(row, id, wanted, [{ key: "$done", refusal: done.failure }])
    }
    const { result } = done.success
    const message = Array.isArray(result) ? result[0] : result
    const answer = written(row, id, wanted)
    if (typeof message !== "number" || answer.outcome._tag !== "Written") return answer
    return { ...answer, outcome: { ...answer.outcome, converted: [{ object: "mail.message", id: String(message) }] } }
  })

  return {
    run: (object, row, id, wanted) => (object === "mail.activity" ? activity(row, id, wanted) : lead(row, id, wanted)),
  }
}
