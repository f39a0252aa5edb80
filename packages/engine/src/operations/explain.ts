/** Why a value is what it is: the fact it goes back to, who lost against it by which rule, and where it was taken to. */
import { type EntityType, type GroupValue } from "@concordat/model/canonical/fields"
import { groupOf } from "@concordat/model/canonical/types"
import * as streams from "@concordat/model/streams"
import type { DueDoc, EntityDoc, HeldState, LinkState, RecordDoc } from "@concordat/rules/state/documents"
import { entityKey } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { entityOf, get, getMany } from "./documents.ts"
import { stepsOf } from "./explain-history.ts"
import { type RecordFacts, recordFacts, writesOf } from "./explain-writes.ts"
import { NotFound } from "./failures.ts"
import { recordsOf } from "./lists.ts"
import { eventsOf } from "./stored-events.ts"
import type { Explanation, GroupAt, GroupExplanation, HoldState, WinningObservation } from "./views.ts"

export interface ExplainOptions {
  readonly type: EntityType
  /** The entity's own, or `connection:object:id` of a record that belongs to it. */
  readonly id: string
  /** A field or a group; null: every group. */
  readonly field: string | null
}

const stateOf = (group: string, link: LinkState, due: DueDoc | null): HoldState => {
  const held: HeldState | undefined = link.groups[group]
  if (held?.parked !== undefined) return "parked"
  if (held?.quarantined === true) return "quarantined"
  if (held?.problem !== undefined) return "problem"
  if (link.intents.some((intent) => intent.groups[group] !== undefined)) return "writing"
  if (due !== null && (due.kind === "create" || due.groups.includes(group))) return "due"
  if (held?.refused !== undefined) return "refused"
  return held === undefined || held.shadow === null ? "unknown" : "held"
}

const recordName = (connection: string, object: string, id: string): string => `${connection}|${object}:${id}`

/** Every fact stream of the entity: those of its records and, by connection, those of its creates. */
const factsOf = Effect.fnUntraced(function* (tenant: string, doc: EntityDoc) {
  const records = new Map<string, RecordFacts>()
  // What a record brought stays explained when it is gone.
  const gone = Object.entries(doc.links).flatMap(([connection, { tombstone }]) =>
    tombstone === null ? [] : [{ connection, ...tombstone.record }],
  )
  for (const { connection, object, id } of [...recordsOf(doc), ...gone]) {
    const stream = streams.record(tenant, connection, object, id)
    records.set(recordName(connection, object, id), recordFacts(yield* eventsOf(stream)))
  }
  const creates = new Map<string, RecordFacts>()
  for (const connection of Object.keys(doc.links)) {
    creates.set(connection, recordFacts(yield* eventsOf(streams.create(tenant, connection, doc.id))))
  }
  return { records, creates }
})

type Facts = Effect.Success<ReturnType<typeof factsOf>>

const observationOf = (from: { readonly event: string }, facts: Facts): WinningObservation | null => {
  for (const { observations } of facts.records.values()) {
    const found = observations.get(from.event)
    if (found !== undefined) return found
  }
  return null
}

/** The entity that is meant: entities' own ids have no colon. */
const meant = Effect.fnUntraced(function* (tenant: string, type: EntityType, id: string) {
  const at = id.indexOf(":")
  if (at === -1) return yield* entityOf(tenant, type, id)
  const [connection, record] = [id.slice(0, at), id.slice(at + 1)]
  const known = yield* get<RecordDoc>(tenant, "record", `${connection}|${record}`)
  if (known?.entity === null || known?.entity === undefined || known.type !== type) {
    const why =
      known === null ? "" : known.type !== null && known.type !== type ? `: it is a ${known.type}` : ` (${known.state})`
    return yield* new NotFound({ what: "entity", id: `of ${connection} ${record}${why}` })
  }
  return yield* entityOf(tenant, type, known.entity)
})

/** Personal values are in the answer: it is shown to an operator and never logged. */
export const explain = Effect.fn("Operations.explain")(function* (tenant: string, options: ExplainOptions) {
  const doc = yield* meant(tenant, options.type, options.id)
  const wanted = options.field === null ? null : groupOf(options.type, options.field)
  const groups = Object.keys(doc.groups).filter((group) => wanted === null || group === wanted)
  if (wanted !== null && groups.length === 0) {
    return yield* new NotFound({ what: "field", id: `${options.type}.${options.field}` })
  }
  const steps = stepsOf(yield* eventsOf(streams.entity(doc.type, tenant, doc.id)))
  const facts = yield* factsOf(tenant, doc)
  const connections = Object.keys(doc.links)
  const key = entityKey(doc.type, doc.id)
  const due = yield* getMany<DueDoc>(
    tenant,
    "due",
    connections.map((connection) => `${connection}|${key}`),
  )

  const groupAt = (group: string, connection: string, i: number): GroupAt => {
    const link = doc.links[connection]!
    const ofRecord =
      link.primary === null
        ? undefined
        : facts.records.get(recordName(connection, link.primary.object, link.primary.id))
    const told = [facts.creates.get(connection), ofRecord].filter((found) => found !== undefined)
    return {
      connection,
      record: link.primary,
      state: stateOf(group, link, due[i] ?? null),
      view: link.groups[group]?.shadow ?? null,
      writes: writesOf(told, entityKey(doc.type, doc.id), group),
    }
  }
  const explained = groups.map((group): GroupExplanation => {
    const state = doc.groups[group]!
    const value: GroupValue = state.value
    return {
      group,
      value,
      revision: state.revision,
      from: state.provenance,
      observation: observationOf(state.provenance, facts),
      history: (steps.get(group) ?? []).toReversed(),
      at: connections.map((connection, i) => groupAt(group, connection, i)),
    }
  })
  const answer: Explanation = {
    type: doc.type,
    id: doc.id,
    archived: doc.archived,
    mergedInto: doc.mergedInto,
    records: recordsOf(doc),
    merged: doc.merges.map(({ at, from }) => ({ id: from, at })),
    tombstones: Object.entries(doc.links).flatMap(([connection, { tombstone }]) =>
      tombstone === null ? [] : [{ connection, ...tombstone.record, reason: tombstone.reason }],
    ),
    groups: explained,
  }
  return answer
})
