/** Facets of a record and their hashes: by them an observation that changes nothing is told from news. */
import { sha256 } from "@concordat/model/ids"
import { canonicalJson, type Json, type JsonObject } from "@concordat/model/json"

/** All plain names together. A name that begins with `@` is an association, and a facet of its own. */
export const FIELDS = "fields"
export const facetOf = (name: string): string => (name.startsWith("@") ? name : FIELDS)

interface Facet {
  readonly name: string
  /** Its mapped names in the order of canonical JSON. */
  readonly members: ReadonlyArray<string>
  /** Whether an object keeps them in that order, and has none of them by itself: digits alone would come first. */
  readonly isPlain: boolean
}

const isPlain = (name: string): boolean => !/^\d+$/.test(name) && !(name in {})

/** By the names, which are the same ones for every reading of an object. */
const known = new WeakMap<ReadonlyArray<string>, ReadonlyArray<Facet>>()
const facetsOf = (sources: ReadonlyArray<string>): ReadonlyArray<Facet> => {
  let facets = known.get(sources)
  if (facets === undefined) {
    facets = [...Map.groupBy(new Set(sources), facetOf)].map(([name, members]) => ({
      name,
      members: members.toSorted(),
      isPlain: members.every(isPlain),
    }))
    known.set(sources, facets)
  }
  return facets
}

/** Canonical JSON of the mapped part of what was read of a facet; null where nothing was: unknown. */
const textOf = (facet: Facet, values: JsonObject): string | null => {
  if (!facet.isPlain) return canonicalOf(facet, values)
  const part: Record<string, Json> = {}
  let isEmpty = true
  for (const name of facet.members) {
    const value = values[name]
    if (value === undefined) continue
    if (typeof value === "object" && value !== null) return canonicalOf(facet, values)
    part[name] = value
    isEmpty = false
  }
  // Asked for with every record, and a call for each member took half as long again.
  return isEmpty ? null : JSON.stringify(part)
}

const canonicalOf = ({ members }: Facet, values: JsonObject): string | null => {
  const said = members.filter((name) => Object.hasOwn(values, name) && values[name] !== undefined)
  const texts = said.map((name) => `${JSON.stringify(name)}:${canonicalJson(values[name])}`)
  return texts.length === 0 ? null : `{${texts.join(",")}}`
}

/** Hash by facet over the mapped names only: what nobody maps can change as often as it likes. */
export const hashFacets = (values: JsonObject, sources: ReadonlyArray<string>): Readonly<Record<string, string>> => {
  const hashes: Record<string, string> = {}
  for (const facet of facetsOf(sources)) {
    const text = textOf(facet, values)
    if (text !== null) hashes[facet.name] = sha256(text).slice(0, 32)
  }
  return hashes
}

/** Facets of which every mapped name is there. */
export const wholeFacets = (values: JsonObject, sources: ReadonlyArray<string>): ReadonlySet<string> => {
  const whole = new Set(sources.map(facetOf))
  for (const name of sources) if (values[name] === undefined) whole.delete(facetOf(name))
  return whole
}

const saysAny = (facet: string, values: JsonObject): boolean => {
  if (facet !== FIELDS) return Object.hasOwn(values, facet)
  for (const name in values) if (facetOf(name) === FIELDS) return true
  return false
}

/** Whether something of every facet is there: of none that the mapping reads is nothing said. */
export const coversAll = (values: JsonObject, sources: ReadonlyArray<string>): boolean =>
  facetsOf(sources).every(({ name }) => saysAny(name, values))

/** Whether all that was read is known already. */
export const isKnown = (read: Readonly<Record<string, string>>, known: Readonly<Record<string, string>>): boolean =>
  Object.entries(read).every(([facet, hash]) => known[facet] === hash)
