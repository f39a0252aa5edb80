/** Why a value is what it is: the fact it goes back to, who lost against it by which rule, and where it was taken to. */
import { type EntityType, type GroupValue } from "@concordat/model/canonical/fields"
import { fieldsOf, groupOf } from "@concordat/model/canonical/types"
import * as streams from "@concordat/model/streams"
import { expected } from "@concordat/rules/push/expected"
import type { ConnectionDoc, DueDoc, EntityDoc, RecordDoc } from "@concordat/rules/state/documents"
import { entityKey } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { makeCompilers } from "../flows/Compilers.ts"
import { makeAsking } from "./asking.ts"
import { connectionOf, entityOf, get, getMany } from "./documents.ts"
import { fatesOf } from "./explain-fates.ts"
import { stepsOf } from "./explain-history.ts"
import { groupAt, type Place } from "./explain-places.ts"
import { type RecordFacts, recordFacts, writesOf } from "./explain-writes.ts"
import { NotFound } from "./failures.ts"
import { recordsOf } from "./lists.ts"
import { eventsOf, type StoredFact } from "./stored-events.ts"
import type { Explanation, GroupExplanation, WinningObservation } from "./views.ts"

export interface ExplainOptions {
  readonly type: EntityType
  /** The entity's own, or `connection:object:id` of a record that belongs to it. */
  readonly id: string
  /** A field or a group; null: every group. */
  readonly field: string | null
}

const recordName = (connection: string, object: string, id: string): string => `${connection}|${object}:${id}`

const idsOf = (doc: EntityDoc): ReadonlyArray<string> => [doc.id, ...doc.merges.map(({ from }) => from)]

/** Every fact stream of the entity: those of its records and, by connection, those of its creates. */
const factsOf = Effect.fnUntraced(function* (tenant: string, doc: EntityDoc) {
  const records = new Map<string, RecordFacts>()
  // What a record brought stays explained when it is gone.
  const gone = Object.entries(doc.links).flatMap(([connection, { tombstone }]) =>
    tombstone === null ? [] : [{ connection, ...tombstone.record }],
  )
  const sources = Object.values(doc.groups).map(({ provenance: { connection, record } }) => ({ connection, ...record }))
  for (const { connection, object, id } of [...recordsOf(doc), ...gone, ...sources]) {
    if (records.has(recordName(connection, object, id))) continue
    const stream = streams.record(tenant, connection, object, id)
    records.set(recordName(connection, object, id), recordFacts(yield* eventsOf(stream)))
  }
  const creates = new Map<string, RecordFacts>()
  for (const connection of Object.keys(doc.links)) {
    const told: Array<StoredFact> = []
    // A record may have been created for an entity that was merged into this one.
    for (const id of idsOf(doc)) told.push(...(yield* eventsOf(streams.create(tenant, connection, id))))
    creates.set(connection, recordFacts(told))
  }
  return { records, creates }
})

type Facts = Effect.Success<ReturnType<typeof factsOf>>

const observationOf = (event: string, facts: Facts): WinningObservation | null => {
  for (const { observations } of facts.records.values()) {
    const found = observations.get(event)
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
    yield* connectionOf(tenant, connection)
    const why =
      known === null
        ? ": no such record was read"
        : known.type !== null && known.type !== type
          ? `: it is a ${known.type}`
          : ` (${known.state})`
    return yield* new NotFound({ what: "entity", id: `of ${connection} ${record}${why}`, there: [] })
  }
  return yield* entityOf(tenant, type, known.entity)
})

/** For all questions: what is compiled is kept for as long as somebody holds what it was compiled from. */
const compilers = makeCompilers()

/** The entity at each of its connections, with what it should hold there. */
const placesOf = Effect.fnUntraced(function* (tenant: string, doc: EntityDoc, facts: Facts) {
  const { id, links, type } = doc
  const connections = Object.keys(links)
  const due = yield* getMany<DueDoc>(
    tenant,
    "due",
    connections.map((connection) => `${connection}|${entityKey(type, id)}`),
  )
  const states = yield* getMany<ConnectionDoc>(tenant, "connection", connections)
  const asking = makeAsking(tenant)
  const places: Array<Place> = []
  for (const [i, connection] of connections.entries()) {
    places.push({
      doc,
      connection,
      link: links[connection]!,
      state: states[i] ?? null,
      due: due[i] ?? null,
      expected: yield* asking((loaded) => expected(loaded, compilers, tenant, connection, type, id)),
      observation: (event) => observationOf(event, facts),
    })
  }
  return places
})

/** The groups that are asked for, of those that anything is known of. */
const groupsOf = (doc: EntityDoc, { field, type }: ExplainOptions): Effect.Effect<ReadonlyArray<string>, NotFound> => {
  const known = Object.keys(doc.groups)
  if (field === null) return Effect.succeed(known)
  const group = groupOf(type, field)
  if (known.includes(group)) return Effect.succeed([group])
  const there = known.flatMap((one) => [one, ...fieldsOf(type, one)])
  return Effect.fail(new NotFound({ what: "field", id: `${type}.${field}`, there: [...new Set(there)].toSorted() }))
}

/** Personal values are in the answer: it is shown to an operator and never logged. */
export const explain = Effect.fn("Operations.explain")(function* (tenant: string, options: ExplainOptions) {
  const doc = yield* meant(tenant, options.type, options.id)
  const groups = yield* groupsOf(doc, options)
  const own = yield* eventsOf(streams.entity(doc.type, tenant, doc.id))
  const steps = stepsOf(own)
  const facts = yield* factsOf(tenant, doc)
  const places = yield* placesOf(tenant, doc, facts)
  const entities = idsOf(doc).map((id) => entityKey(doc.type, id))

  const at = (group: string) => (place: Place) => {
    const { connection, link } = place
    const record = link.primary ?? link.tombstone?.record ?? null
    const ofRecord = record === null ? undefined : facts.records.get(recordName(connection, record.object, record.id))
    const told = [facts.creates.get(connection), ofRecord].filter((found) => found !== undefined)
    const sources = place.expected?.get(group)?.sources ?? null
    return groupAt(place, group, writesOf(told, { entities, group, sources, record }))
  }
  const explained = groups.map((group): GroupExplanation => {
    const state = doc.groups[group]!
    const value: GroupValue = state.value
    return {
      group,
      value,
      revision: state.revision,
      from: state.provenance,
      observation: observationOf(state.provenance.event, facts),
      history: (steps.get(group) ?? []).toReversed(),
      at: places.map(at(group)),
    }
  })
  const answer: Explanation = {
    type: doc.type,
    id: doc.id,
    archived: doc.archived,
    mergedInto: doc.mergedInto,
    records: recordsOf(doc),
    merged: doc.merges.map(({ at, from }) => ({ id: from, at })),
    questions: doc.questions,
    tombstones: Object.entries(doc.links).flatMap(([connection, { tombstone }]) =>
      tombstone === null ? [] : [{ connection, ...tombstone.record, reason: tombstone.reason }],
    ),
    history: yield* fatesOf(tenant, doc.type, doc.id, own),
    groups: explained,
  }
  return answer
})
