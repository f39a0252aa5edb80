/** Associations of written rows, by difference: after the records, since a new one has no id before. */
import type { WriteOutcome, WriteRow } from "@concordat/engine/ports/Provider"
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import * as Effect from "effect/Effect"
import {
  addLinks,
  facetIds,
  facetObject,
  isFacet,
  primaryOf,
  removeLinks,
  type LinkChange,
  type LinkRefusal,
} from "./associations.ts"
import type { HubspotClient } from "./client.ts"
import { BATCH_LIMIT } from "./definition.ts"
import { fieldsOf, interrupted, type Outcomes, type Written } from "./outcomes.ts"
import { batchRead } from "./reading.ts"

/** What has to be added and removed at one kind of association; what is not known to be there is never removed. */
const difference = (
  object: string,
  row: WriteRow,
  id: string,
  facet: string,
): {
  readonly add: ReadonlyArray<LinkChange>
  readonly remove: ReadonlyArray<LinkChange>
  /** The one that is to be primary, of several, where another was first. It is not among the added. */
  readonly first: ReadonlyArray<LinkChange>
  /** Whether what is added is all that is wanted, or the one of it that counts. */
  readonly isOne: boolean
} => {
  const wanted = facetIds(row.values[facet]) ?? []
  const before = facetIds(row.before[facet]) ?? []
  const [head] = wanted
  const hasPrimary = primaryOf(object, facetObject(facet)) !== undefined
  const first = hasPrimary && wanted.length > 1 && head !== undefined && head !== before[0] ? [head] : []
  return {
    add: wanted.filter((to) => !before.includes(to) && !first.includes(to)).map((to) => ({ from: id, to })),
    first: first.map((to) => ({ from: id, to })),
    remove: before.filter((to) => !wanted.includes(to)).map((to) => ({ from: id, to })),
    isOne: wanted.length === 1 || first.length > 0,
  }
}

const withRefused = (outcome: Written, facet: string, code: "reference" | "busy", message: string): Written => ({
  ...outcome,
  refused: [...(outcome.refused ?? []), { key: facet, code, message }],
})

/**
 * The connection failed after the record was there. A row is tried again as a whole, and what is done stays done; but a record that
 * HubSpot has made and named is there, and would be made a second time where somebody deletes it before that: it is answered, and
 * read for what it is associated with.
 */
const unfinished = (row: WriteRow, outcome: Written, error: ProviderError): WriteOutcome =>
  row.kind === "create"
    ? { ...outcome, adopted: true, made: fieldsOf(row) }
    : { ...interrupted(error), effect: "unknown" }

const isPassing = (error: ProviderError): boolean => error.transient || error.reason._tag === "AuthLost"

interface Concerned {
  readonly outcome: Written
  readonly change: ReturnType<typeof difference>
}

/**
 * Whose new one is not there, by a read: no page says how the refusal of such a pair is put, and what stands there would go for it.
 */
const goneOf = Effect.fnUntraced(function* (
  client: HubspotClient,
  to: string,
  refused: ReadonlyArray<LinkRefusal>,
  concerned: ReadonlyArray<Concerned>,
) {
  const unclear = concerned.filter(
    ({ change, outcome }) =>
      change.isOne &&
      change.remove.length > 0 &&
      refused.some(({ from, isGone }) => from === outcome.id && !isGone) &&
      !refused.some(({ from, isGone }) => from === outcome.id && isGone),
  )
  const targets = ({ change }: Concerned) => [...change.add, ...change.first].map((link) => link.to)
  const asked = [...new Set(unclear.flatMap(targets))]
  const there = new Set<string>()
  for (let at = 0; at < asked.length; at += BATCH_LIMIT)
    for (const { id } of yield* batchRead(client, to, asked.slice(at, at + BATCH_LIMIT), [])) there.add(id)
  return new Set(unclear.filter((one) => targets(one).some((id) => !there.has(id))).map(({ outcome }) => outcome.id))
})

/**
 * What is new comes before what goes: a record that is left in the middle has one too many, and never none, which the
 * next reading would take for a person's. Where the portal has no room for one more, what goes makes room first; where the one
 * that is wanted is gone, that would not help, and what stands there stays.
 */
const exchange = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  to: string,
  concerned: ReadonlyArray<Concerned>,
) {
  const add = Effect.fnUntraced(function* (of: ReadonlyArray<Concerned>) {
    const [others, first] = [of.flatMap(({ change }) => change.add), of.flatMap(({ change }) => change.first)]
    const refused: ReadonlyArray<LinkRefusal> = others.length > 0 ? yield* addLinks(client, object, to, others) : []
    if (first.length === 0) return refused
    return [...refused, ...(yield* addLinks(client, object, to, first, primaryOf(object, to)?.typeId))]
  })
  const removedOf = (of: ReadonlyArray<Concerned>) => of.flatMap(({ change }) => change.remove)
  const answered = yield* add(concerned)
  const gone = yield* goneOf(client, to, answered, concerned)
  const refused = answered.map((one) => (gone.has(one.from) ? { ...one, isGone: true } : one))
  const refusals = ({ outcome }: Concerned) => refused.filter(({ from }) => from === outcome.id)
  const going = concerned.filter((one) => !one.change.isOne || !refusals(one).some(({ isGone }) => isGone))
  const removing = removedOf(going)
  if (removing.length > 0) yield* removeLinks(client, object, to, removing)
  const again = going.filter((one) => one.change.remove.length > 0 && refusals(one).length > 0)
  if (again.length === 0) return refused
  const still = yield* add(again)
  return [...refused.filter(({ from }) => !again.some(({ outcome }) => outcome.id === from)), ...still]
})

/** Associations are written after the records; one that fails is a refused key of a written row. */
export const writeFacets = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  rows: ReadonlyArray<WriteRow>,
  outcomes: Outcomes,
) {
  const facets = new Set(rows.flatMap((row) => Object.keys(row.values).filter(isFacet)))
  for (const facet of facets) {
    const to = facetObject(facet)
    const concerned = rows.flatMap((row) => {
      const outcome = outcomes.get(row.key)
      // What an adopted record is associated with is not known yet.
      return facet in row.values && outcome?._tag === "Written" && outcome.adopted !== true
        ? [{ row, outcome, change: difference(object, row, outcome.id, facet) }]
        : []
    })
    const done = yield* Effect.result(exchange(client, object, to, concerned))
    for (const { row, outcome, change } of concerned) {
      if (change.add.length + change.first.length + change.remove.length === 0) continue
      // A fault of the connection counts against no record.
      if (done._tag === "Failure" && isPassing(done.failure))
        outcomes.set(row.key, unfinished(row, outcome, done.failure))
      else if (done._tag === "Failure") outcomes.set(row.key, withRefused(outcome, facet, "busy", done.failure.message))
      else {
        const refused = done.success.find((r) => r.from === outcome.id)
        if (refused !== undefined) outcomes.set(row.key, withRefused(outcome, facet, "reference", refused.message))
      }
    }
  }
})
