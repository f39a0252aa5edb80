/** Hashes of facets are stored: however they are made, they are those of canonical JSON. */
import { sha256 } from "@concordat/model/ids"
import { canonicalJson, type Json, type JsonObject } from "@concordat/model/json"
import { assert, describe, it } from "vitest"
import { facetOf, FIELDS, hashFacets } from "./facets.ts"

const SOURCES: ReadonlyArray<string> = ["email", "Zip", "a.b", "ü", "10", "9", "__proto__", "@companies", "constructor"]

const own = (entries: ReadonlyArray<readonly [string, Json]>): JsonObject => Object.fromEntries(entries)

const plainly = (values: JsonObject, sources: ReadonlyArray<string>): Readonly<Record<string, string>> => {
  const hashes: Record<string, string> = {}
  for (const facet of new Set(sources.map(facetOf))) {
    const names = sources.filter((name) => facetOf(name) === facet && Object.hasOwn(values, name))
    if (names.length === 0) continue
    hashes[facet] = sha256(canonicalJson(own(names.map((name) => [name, values[name]!])))).slice(0, 32)
  }
  return hashes
}

const VALUES: ReadonlyArray<readonly [what: string, values: JsonObject]> = [
  [
    "texts",
    own([
      ["email", 'a"\\\n\u2028\ud800@b'],
      ["Zip", ""],
      ["a.b", "x"],
      ["ü", "ü"],
    ]),
  ],
  [
    "numbers, truths and nothing",
    own([
      ["email", null],
      ["Zip", 1e21],
      ["a.b", -0],
      ["ü", true],
    ]),
  ],
  [
    "lists and objects",
    own([
      ["email", { b: 1, a: [null, "x"] }],
      ["Zip", ["b", "a"]],
    ]),
  ],
  [
    "digits for names",
    own([
      ["10", "x"],
      ["9", "y"],
      ["email", "z"],
    ]),
  ],
  [
    "names that objects have anyway",
    own([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]),
  ],
  ["an association", own([["@companies", ["2", "1"]]])],
  ["what nobody maps", own([["other", "x"]])],
]

describe("hashes of facets", () => {
  const known = SOURCES.filter((name) => !/^\d+$|^__/.test(name))
  for (const [what, values] of VALUES)
    it(`are of canonical JSON: ${what}`, () => {
      for (const sources of [SOURCES, known, SOURCES.toReversed()])
        assert.deepStrictEqual({ ...hashFacets(values, sources) }, { ...plainly(values, sources) })
    })

  it("say nothing of what was not read", () => {
    assert.deepStrictEqual(hashFacets({ other: "x" }, SOURCES), {})
    assert.hasAllKeys(hashFacets({ email: null }, SOURCES), [FIELDS])
  })
})
