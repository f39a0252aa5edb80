/** What a connection holds of a group, why, and since which reading or which write of ours. */
import { sameJson } from "@concordat/model/json"
import type { Expected } from "@concordat/rules/push/expected"
import type { ConnectionDoc, DueDoc, EntityDoc, HeldState, LinkState } from "@concordat/rules/state/documents"
import type { GroupAt, HoldState, Since, WinningObservation, WriteStep } from "./views.ts"
import { dueReason } from "./waiting-sources.ts"

export interface Place {
  readonly doc: EntityDoc
  readonly connection: string
  readonly link: LinkState
  /** null: nothing is known of it. */
  readonly state: ConnectionDoc | null
  readonly due: DueDoc | null
  /** By group; null: no mapping is known. */
  readonly expected: ReadonlyMap<string, Expected> | null
  readonly observation: (event: string) => WinningObservation | null
}

type Said = readonly [state: HoldState, reason: string | null]

const refusedOf = (held: HeldState | undefined): Said | null =>
  held?.refused === undefined ? null : ["refused", `${held.refused.code}: ${held.refused.message}`]

const dueOf = ({ due, state }: Place, group: string): Said | null =>
  due === null || (due.kind !== "create" && !due.groups.includes(group))
    ? null
    : ["due", `${due.kind}: ${dueReason(due, state ?? undefined)}`]

const isWriting = ({ link }: Place, group: string): boolean =>
  link.intents.some((intent) => intent.groups[group] !== undefined)

/** Where there is no record: why there is none, as far as this group has to do with it. */
const withoutRecord = (place: Place, group: string, held: HeldState | undefined): Said => {
  const { doc, link } = place
  if (link.tombstone !== null) return ["gone", link.tombstone.reason]
  if (isWriting(place, group)) return ["writing", null]
  if (held?.problem !== undefined) return ["problem", held.problem.message]
  const blocked = refusedOf(held) ?? dueOf(place, group)
  if (blocked !== null) return blocked
  return [
    "absent",
    doc.questions.length > 0 ? "a match names the entity: it is created nowhere until that is answered" : null,
  ]
}

const withRecord = (place: Place, group: string, held: HeldState | undefined): Said => {
  const expected = place.expected?.get(group)
  if (place.expected !== null && expected === undefined) return ["unmapped", null]
  if (held?.parked !== undefined) return ["parked", `both sides changed it, rule ${held.parked.rule}`]
  if (held?.quarantined === true) return ["quarantined", "what we write there keeps being changed"]
  if (held?.problem !== undefined) return ["problem", `${held.problem.code}: ${held.problem.message}`]
  if (isWriting(place, group)) return ["writing", null]
  const blocked = dueOf(place, group) ?? refusedOf(held)
  if (blocked !== null) return blocked
  if (held === undefined || held.shadow === null) return ["unknown", "it was not read there yet"]
  if (expected === undefined || expected.isHeld)
    return ["held", expected?.besides === true ? "what it refers to besides is none of ours, and stays" : null]
  if (expected.wanted === null && expected.waitsFor.length > 0)
    return ["waiting", `${expected.waitsFor.join(", ")} has no record there`]
  return ["differs", expected.readOnly]
}

/** The view came by the write where that was the last to say it; else by the reading that brought it. */
const sinceOf = (place: Place, held: HeldState, writes: ReadonlyArray<WriteStep>): Since | null => {
  const { rendering, seen, shadow, wrote } = held
  const reading = seen === undefined ? null : place.observation(seen.event)
  const isWritten =
    wrote !== undefined &&
    (sameJson(wrote.view, shadow) ||
      (rendering !== undefined && sameJson(rendering.sent, wrote.view) && sameJson(rendering.held, shadow)))
  if (isWritten && (reading === null || reading.at < wrote.at)) {
    const write = writes.findLast(({ outcome, sent }) => outcome === "confirmed" && sameJson(sent, wrote.view))
    if (write !== undefined) return { how: "written", at: write.at, via: null, by: null, key: write.key }
  }
  if (reading === null) return null
  return { how: "read", at: reading.at, via: reading.via, by: reading.by, key: null }
}

/** States in which what should be there is something else than what is. */
const SHORT: ReadonlySet<HoldState> = new Set(["due", "writing", "quarantined", "refused", "differs"])

export const groupAt = (place: Place, group: string, writes: ReadonlyArray<WriteStep>): GroupAt => {
  const { connection, link } = place
  const held: HeldState | undefined = link.groups[group]
  const [state, reason] = link.primary === null ? withoutRecord(place, group, held) : withRecord(place, group, held)
  return {
    connection,
    record: link.primary ?? link.tombstone?.record ?? null,
    state,
    reason,
    view: held?.shadow ?? null,
    wanted: SHORT.has(state) ? (place.expected?.get(group)?.wanted ?? null) : null,
    since: held === undefined || held.shadow === null ? null : sinceOf(place, held, writes),
    writes,
  }
}
