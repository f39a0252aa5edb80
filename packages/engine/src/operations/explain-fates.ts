/** What an entity's own stream tells of it as a whole: its records, who was merged with it, and whether it is there. */
import type { EntityType } from "@concordat/model/canonical/fields"
import type { Link } from "@concordat/model/events/entity"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import { eventsOf, type StoredFact } from "./stored-events.ts"
import type { EntityStep } from "./views.ts"

/** The members that events of entity streams have, as far as an entity's fate is told from them. */
interface Fate {
  readonly link?: Link
  readonly reason?: string
  readonly from?: string
  readonly into?: string
  readonly off?: string
  readonly by?: string
}

const step = ({ at, id }: StoredFact, kind: EntityStep["kind"], rest: Partial<EntityStep>): EntityStep => ({
  at,
  event: id,
  kind,
  connection: null,
  record: null,
  entity: null,
  reason: null,
  by: null,
  ...rest,
})

const told = (type: EntityType, fact: StoredFact): ReadonlyArray<EntityStep> => {
  const { by = null, from, into, link, off, reason = null } = fact.data as Fate
  const of = link === undefined ? {} : { connection: link.connection, record: link.record, reason: link.how }
  switch (fact.type.slice(type.length)) {
    case "Created":
      return [step(fact, "created", of)]
    case "Linked":
      return [step(fact, "linked", of)]
    case "Unlinked":
      return [step(fact, "unlinked", { ...of, reason })]
    case "Merged":
      return [step(fact, "merged", { entity: from ?? null, by })]
    case "MergedAway":
      return [step(fact, "mergedAway", { entity: into ?? null, by })]
    case "Split":
      return [step(fact, "split", { entity: off ?? null, by })]
    case "Archived":
      return [step(fact, "archived", { reason })]
    case "Restored":
      return [step(fact, "restored", { reason })]
    default:
      return []
  }
}

/** Newest first. That it was split off again says the stream of the one that it had gone into, and its own says nothing. */
export const fatesOf = Effect.fnUntraced(function* (
  tenant: string,
  type: EntityType,
  id: string,
  facts: ReadonlyArray<StoredFact>,
) {
  const steps = facts.flatMap((fact) => told(type, fact))
  const intos = new Set(steps.flatMap(({ entity, kind }) => (kind === "mergedAway" && entity !== null ? [entity] : [])))
  for (const into of intos) {
    for (const one of (yield* eventsOf(streams.entity(type, tenant, into))).flatMap((fact) => told(type, fact)))
      if (one.kind === "split" && one.entity === id) steps.push({ ...one, kind: "splitOff", entity: into })
  }
  return steps.toReversed().toSorted((a, b) => b.at - a.at)
})
