/** Facets of a record and their hashes: by them an observation that changes nothing is told from news. */
import { sha256 } from "@concordat/model/ids"
import { canonicalJson, type Json, type JsonObject } from "@concordat/model/json"

/** All plain names together. A name that begins with `@` is an association, and a facet of its own. */
export const FIELDS = "fields"
export const facetOf = (name: string): string => (name.startsWith("@") ? name : FIELDS)

/** The mapped part of what was read, by facet. A facet of which nothing was read is absent: unknown. */
const facetsOf = (values: JsonObject, sources: ReadonlyArray<string>): ReadonlyMap<string, Record<string, Json>> => {
  const facets = new Map<string, Record<string, Json>>()
  for (const name of sources) {
    const value = values[name]
    if (value === undefined) continue
    const facet = facets.get(facetOf(name)) ?? {}
    facet[name] = value
    facets.set(facetOf(name), facet)
  }
  return facets
}

/** Hash by facet over the mapped names only: what nobody maps can change as often as it likes. */
export const hashFacets = (values: JsonObject, sources: ReadonlyArray<string>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...facetsOf(values, sources)].map(([facet, part]) => [facet, sha256(canonicalJson(part)).slice(0, 32)]),
  )

/** Facets of which every mapped name is there. */
export const wholeFacets = (values: JsonObject, sources: ReadonlyArray<string>): ReadonlySet<string> => {
  const whole = new Set(sources.map(facetOf))
  for (const name of sources) if (values[name] === undefined) whole.delete(facetOf(name))
  return whole
}

/** Whether something of every facet is there: of none that the mapping reads is nothing said. */
export const coversAll = (values: JsonObject, sources: ReadonlyArray<string>): boolean => {
  const read = new Set(Object.keys(values).map(facetOf))
  return sources.every((name) => read.has(facetOf(name)))
}

/** Whether all that was read is known already. */
export const isKnown = (read: Readonly<Record<string, string>>, known: Readonly<Record<string, string>>): boolean =>
  Object.entries(read).every(([facet, hash]) => known[facet] === hash)
