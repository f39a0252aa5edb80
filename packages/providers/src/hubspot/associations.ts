/**
 * Associations, each kind a facet of its own: `"@companies": [{ object, id }]`. They move no modified date
 * (https://github.com/airbytehq/airbyte/issues/14390), so they are read with the record, never inferred from it.
 */
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import type { Json } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import type { HubspotClient } from "./client.ts"
import { errorOf } from "./errors.ts"
import { contextOf, errorsIn, idText, nextOf, type WireError, WireErrors, WireLinks } from "./wire.ts"
import { decode } from "./client.ts"

/** Limits of the batch endpoints. */
const READ = 1_000
const CREATE = 2_000
const ARCHIVE = 100

export const isFacet = (field: string): boolean => field.startsWith("@")
export const facetObject = (facet: string): string => facet.slice(1)

/**
 * Of several companies a contact or a deal has one that counts, which HubSpot calls primary: told by the type's id and by
 * nothing else, since its label changes (https://developers.hubspot.com/changelog/changes-to-primary-labels-for-hubspot-defined-association-labels).
 * Lists name the type, and the other one `…_unlabeled` (https://github.com/HubSpot/hubspot-api-nodejs/issues/176).
 */
const PRIMARY: Readonly<Record<string, { readonly typeId: number; readonly name: string }>> = {
  "contacts>companies": { typeId: 1, name: "contact_to_company" },
  "deals>companies": { typeId: 5, name: "deal_to_company" },
}
export const primaryOf = (from: string, to: string) => PRIMARY[`${from}>${to}`]

export interface Links {
  readonly ids: ReadonlyArray<string>
  readonly primary: string | null
}

/** Sorted, so that the same set is the same value. The primary one is marked where there is another. */
export const facetValue = (object: string, { ids, primary }: Links): Json => {
  const sorted = [...new Set(ids)].toSorted((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1))
  return sorted.map((id) => (sorted.length > 1 && id === primary ? { object, id, primary: true } : { object, id }))
}

/** Ids in a facet's value; null where it is not a list. */
export const facetIds = (value: Json | undefined): ReadonlyArray<string> | null => {
  if (!Array.isArray(value)) return null
  return value.flatMap((entry) =>
    typeof entry === "object" && entry !== null && "id" in entry ? [String(entry.id)] : [],
  )
}

const chunks = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))

/**
 * Associated records by record id. A record that HubSpot says has none has an empty list; one that it says nothing
 * of, or that it could not read, is absent: unknown.
 */
export const readLinks = Effect.fnUntraced(function* (
  client: HubspotClient,
  from: string,
  ids: ReadonlyArray<string>,
  to: string,
) {
  const found = new Map<string, Links>()
  const primaryType = primaryOf(from, to)?.typeId
  let pending: ReadonlyArray<{ readonly id: string; readonly after?: string }> = ids.map((id) => ({ id }))
  while (pending.length > 0) {
    const following: Array<{ readonly id: string; readonly after: string }> = []
    for (const inputs of chunks(pending, READ)) {
      const { body } = yield* client.fetch(
        {
          method: "POST",
          path: `/crm/associations/{version}/${from}/${to}/batch/read`,
          body: { inputs },
          operation: `${from}.associations.${to}.read`,
        },
        WireLinks,
      )
      for (const result of body.results) {
        const id = idText(result.from.id)
        const before = found.get(id)
        const marked = result.to.find(({ associationTypes }) =>
          (associationTypes ?? []).some(({ typeId }) => typeId !== undefined && typeId === primaryType),
        )
        found.set(id, {
          ids: [...(before?.ids ?? []), ...result.to.map((link) => idText(link.toObjectId))],
          primary: marked === undefined ? (before?.primary ?? null) : idText(marked.toObjectId),
        })
        const after = nextOf(result.paging)
        if (after !== null) following.push({ id, after })
      }
      for (const error of errorsIn(body)) {
        // "None" is told as an error of its row, inside a 207.
        if (error.subCategory !== "crm.associations.NO_ASSOCIATIONS_FOUND") continue
        for (const id of contextOf(error, "fromObjectId")) if (!found.has(id)) found.set(id, { ids: [], primary: null })
      }
    }
    pending = following
  }
  return found
})

export interface LinkChange {
  readonly from: string
  readonly to: string
}

/** What was refused, with HubSpot's own message. */
export interface LinkRefusal {
  readonly from: string
  readonly message: string
  /** Because what it names is not there. */
  readonly isGone: boolean
}

/**
 * The unlabelled type of the pair, or the one of `typeId`, which takes the unlabelled one along. Several at once; each pair that
 * HubSpot refuses is named.
 */
export const addLinks = Effect.fnUntraced(function* (
  client: HubspotClient,
  from: string,
  to: string,
  links: ReadonlyArray<LinkChange>,
  typeId?: number,
) {
  const refusals: Array<LinkRefusal> = []
  for (const part of chunks(links, CREATE)) refusals.push(...(yield* addPart(client, { from, to, typeId }, part)))
  return refusals
})

interface Pair {
  readonly from: string
  readonly to: string
  readonly typeId: number | undefined
}

/** A request that is refused whole does not say for which pair: halves of it are sent until the pair is alone. */
const addPart = (
  client: HubspotClient,
  pair: Pair,
  part: ReadonlyArray<LinkChange>,
): Effect.Effect<ReadonlyArray<LinkRefusal>, ProviderError> =>
  Effect.gen(function* () {
    const { from, to, typeId } = pair
    const types =
      typeId === undefined ? {} : { types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: typeId }] }
    const operation = `${from}.associations.${to}.create`
    const answer = yield* client.send({
      method: "POST",
      path: `/crm/associations/{version}/${from}/${to}/batch/${typeId === undefined ? "associate/default" : "create"}`,
      body: { inputs: part.map((link) => ({ from: { id: link.from }, to: { id: link.to }, ...types })) },
      operation,
      writes: true,
      also: [400, 404, 409],
    })
    if (answer.status < 300) {
      const body = yield* decode(operation, WireErrors, answer.text)
      return errorsIn(body).flatMap((error) => refusedIn(error, part))
    }
    if (part.length === 1) return refusedIn(errorOf(answer.text), part)
    const middle = part.length >> 1
    const before = yield* addPart(client, pair, part.slice(0, middle))
    return [...before, ...(yield* addPart(client, pair, part.slice(middle)))]
  })

const refusedIn = (error: WireError, part: ReadonlyArray<LinkChange>): ReadonlyArray<LinkRefusal> => {
  const named = contextOf(error, "fromObjectId")
  const message = error.message ?? error.category ?? "refused without a message"
  // An error that names no record may be any one's.
  const ids = named.length > 0 ? named : part.map((link) => link.from)
  return ids.map((id) => ({ from: id, message, isGone: error.category === "OBJECT_NOT_FOUND" }))
}

/** Takes all types of an association away: the unlabelled one can't go alone. */
export const removeLinks = (
  client: HubspotClient,
  from: string,
  to: string,
  links: ReadonlyArray<LinkChange>,
): Effect.Effect<void, ProviderError> =>
  Effect.forEach(
    chunks(links, ARCHIVE),
    (part) =>
      client.send({
        method: "POST",
        path: `/crm/associations/{version}/${from}/${to}/batch/archive`,
        body: { inputs: part.map((link) => ({ from: { id: link.from }, to: [{ id: link.to }] })) },
        operation: `${from}.associations.${to}.archive`,
        writes: true,
      }),
    { discard: true },
  )
