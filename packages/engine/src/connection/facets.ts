/** Facets of a record and their hashes: by them an observation that changes nothing is told from news. */
import { sha256 } from "@concordat/model/ids"
import { canonicalJson, type JsonObject } from "@concordat/model/json"

/** All plain names together. A name that begins with `@` is an association, and a facet of its own. */
export const FIELDS = "fields"
export const facetOf = (name: string): string => (name.startsWith("@") ? name : FIELDS)

interface Facet {
  readonly name: string
  /** Its mapped names in the order of canonical JSON, each with what stands before its value there. */
  readonly members: ReadonlyArray<readonly [name: string, before: string]>
}

/** By the names, which are the same ones for every reading of an object. */
const known = new WeakMap<ReadonlyArray<string>, ReadonlyArray<Facet>>()
const facetsOf = (sources: ReadonlyArray<string>): ReadonlyArray<Facet> => {
  let facets = known.get(sources)
  if (facets === undefined) {
    facets = [...Map.groupBy(new Set(sources), facetOf)].map(([name, members]) => ({
      name,
      members: members.toSorted().map((member) => [member, `${JSON.stringify(member)}:`] as const),
    }))
    known.set(sources, facets)
  }
  return facets
}

/** Canonical JSON of the mapped part of what was read of a facet; null where nothing was: unknown. */
const textOf = ({ members }: Facet, values: JsonObject): string | null => {
  let text = ""
  for (const [name, before] of members) {
    const value = values[name]
    if (value !== undefined) text += (text === "" ? before : `,${before}`) + canonicalJson(value)
  }
  return text === "" ? null : `{${text}}`
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
