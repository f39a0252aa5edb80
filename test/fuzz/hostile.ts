/** What arrives from outside and nobody expects: values, and changes to the structure and the text of what is well formed. */
import type { Json } from "@concordat/model/json"
import * as fc from "fast-check"

/** Stands for a person's data and for secrets: nowhere in an error or a log. */
export const CANARY = "Canary.Quux@person.example"

const deep = (levels: number): Json => {
  let value: Json = 1
  for (let n = 0; n < levels; n++) value = n % 2 === 0 ? [value] : { a: value }
  return value
}

/** Read from text: `__proto__` is then a member like any other. */
const PROTO = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as Json

const VALUES: ReadonlyArray<Json> = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  -0.0001,
  2 ** 53,
  1e308,
  -1e308,
  "",
  " ",
  "0",
  "-1",
  "NaN",
  "1e999",
  "\u0000",
  "\ud800",
  "a\r\nb: c",
  "‮",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "../../etc/passwd",
  "%00%ff%zz",
  "${TOKEN}",
  "9999-99-99T99:99:99Z",
  "0000-00-00",
  CANARY,
  "x".repeat(100_000),
  [],
  {},
  [[]],
  [null],
  [{}],
  PROTO,
  deep(40),
  deep(500),
]
export const hostile: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...VALUES) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json> },
)

/** `place`: which of all places in the value, counted in order. */
export interface Change {
  readonly place: number
  readonly how: "replace" | "drop" | "rename" | "repeat" | "wrap"
  readonly value: Json
}
export const change: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(500),
  how: fc.constantFrom<Change["how"]>("replace", "replace", "replace", "drop", "rename", "repeat", "wrap"),
  value: hostile,
})
export const changes = fc.array(change, { minLength: 1, maxLength: 3 })

type Box = Record<string, Json> | Array<Json>
interface Place {
  readonly box: Box
  readonly key: string
}

const MOST_PLACES = 5_000
const placesIn = (value: Json, found: Array<Place> = []): Array<Place> => {
  if (typeof value !== "object" || value === null) return found
  for (const [key, inner] of Object.entries(value)) {
    if (found.length > MOST_PLACES) return found
    found.push({ box: value as Box, key })
    placesIn(inner as Json, found)
  }
  return found
}

const put = (box: Box, key: string, value: Json): void => {
  Object.defineProperty(box, key, { value, enumerable: true, configurable: true, writable: true })
}

const apply = (root: { value: Json }, { how, place, value }: Change): void => {
  const places = placesIn(root as unknown as Json)
  const at = places[place % places.length]
  if (at === undefined) return
  const { box, key } = at
  const held = (box as Record<string, Json>)[key]!
  switch (how) {
    case "replace":
      return put(box, key, value)
    case "wrap":
      return put(box, key, [held])
    case "repeat":
      return put(
        box,
        key,
        Array.isArray(held) ? [...(held as ReadonlyArray<Json>), ...(held as ReadonlyArray<Json>)] : [held, held],
      )
    case "drop":
      if (box === (root as unknown)) return put(box, key, null)
      if (Array.isArray(box)) box.splice(Number(key), 1)
      else delete box[key]
      return
    case "rename":
      if (Array.isArray(box) || box === (root as unknown)) return
      delete box[key]
      put(box, typeof value === "string" ? value : "renamed", held)
  }
}

/** A copy of the value with all of the changes in it. */
export const changed = (value: Json, all: ReadonlyArray<Change>): Json => {
  const root = { value: structuredClone(value) as Json }
  for (const one of all) apply(root, one)
  return root.value
}

const parts = fc.double({ min: 0, max: 1, noNaN: true })

/** Changes to bytes: cut off, torn, in another encoding, not what the sender says they are. */
export type Torn =
  | { readonly _tag: "Whole" }
  | { readonly _tag: "Cut"; readonly at: number }
  | { readonly _tag: "Bytes"; readonly at: number; readonly bytes: ReadonlyArray<number> }
  | { readonly _tag: "Encoded"; readonly as: "utf16le" | "latin1" | "bom" }
  | { readonly _tag: "Twice"; readonly key: string }
  | { readonly _tag: "Instead"; readonly text: string }
  | { readonly _tag: "Padded"; readonly kib: number }
export const torn: fc.Arbitrary<Torn> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Torn>({ _tag: "Whole" }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Cut" as const), at: parts }) },
  {
    weight: 1,
    arbitrary: fc.record({
      _tag: fc.constant("Bytes" as const),
      at: parts,
      bytes: fc.array(fc.nat(255), { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      _tag: fc.constant("Encoded" as const),
      as: fc.constantFrom("utf16le" as const, "latin1" as const, "bom" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      _tag: fc.constant("Twice" as const),
      key: fc.constantFrom("id", "__proto__", "results", "values"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      _tag: fc.constant("Instead" as const),
      text: fc.constantFrom(
        "",
        "<!doctype html><h1>Service Unavailable</h1>",
        "null",
        "[]",
        "{}",
        "0",
        '"text"',
        "[".repeat(50_000),
        "nul",
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Padded" as const), kib: fc.constantFrom(1, 600, 6_000) }) },
)

export const tear = (text: string, how: Torn): Buffer => {
  const bytes = Buffer.from(text, "utf8")
  switch (how._tag) {
    case "Whole":
      return bytes
    case "Cut":
      return bytes.subarray(0, Math.floor(bytes.length * how.at))
    case "Bytes": {
      const at = Math.floor(bytes.length * how.at)
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(how.bytes), bytes.subarray(at)])
    }
    case "Encoded":
      return how.as === "bom" ? Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]) : Buffer.from(text, how.as)
    case "Twice":
      return Buffer.from(text.replace("{", `{"${how.key}":{"a":[1]},"${how.key}":null,`), "utf8")
    case "Instead":
      return Buffer.from(how.text, "utf8")
    case "Padded":
      return Buffer.concat([bytes, Buffer.alloc(how.kib * 1024, " ")])
  }
}

/** Too deep to be written as text, or with what JSON has no word for: then nothing is sent. */
export const textOf = (value: Json): string => {
  try {
    return JSON.stringify(value)
  } catch {
    return "[".repeat(5_000)
  }
}
