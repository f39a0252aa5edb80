/** Values, raw records and references from a seed: the same seed gives the same ones on every machine. */
import type { EntityType, Field, GroupValue, Value, ValueKind } from "@concordat/model/canonical/fields"
import { fieldOf, fieldsOf } from "@concordat/model/canonical/types"
import { parseValue } from "@concordat/model/values/parse"
import * as Result from "effect/Result"
import type { References } from "../lens.ts"

export interface Dice {
  /** 0 to n - 1. */
  readonly below: (n: number) => number
  readonly pick: <A>(from: ReadonlyArray<A>) => A
  readonly some: <A>(from: ReadonlyArray<A>) => ReadonlyArray<A>
}

/** Mulberry32: small, and good enough to choose test cases. */
export const dice = (seed: number): Dice => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(next() * n)
  const pick = <A>(from: ReadonlyArray<A>): A => {
    const one = from[below(from.length)]
    if (one === undefined) throw new Error("nothing to pick from")
    return one
  }
  return { below, pick, some: (from) => from.filter(() => below(2) === 0) }
}

export const OWNERS = ["ada@acme.test", "bob@acme.test", "eve@acme.test"]
const EMAILS = ["ada@acme.test", "Ada.Lovelace@ACME.test", "grüße@müller.test", "b+c@d.test"]
const TEXTS = [
  "Berg",
  "  Anna  Maria ",
  "von der Heide",
  "O'Neil",
  "Ünal",
  "Zoe\u0308",
  "x".repeat(300),
  "a\nb\nc",
  "田中",
  "0",
  "false",
]
const HTMLS = ["plain", "<p>a <b>b</b></p>", "a &amp; b", "<div>x<br/>y</div>", "  spaced   out "]
const INSTANTS = [
  "2026-11-20T09:54:41.643Z",
  "2024-02-29T00:00:00.000Z",
  "1999-12-31T23:59:59.999Z",
  "2026-06-01T12:00:00.000Z",
]

const BY_KIND: Readonly<Record<ValueKind, ReadonlyArray<Value>>> = {
  text: TEXTS,
  html: HTMLS,
  email: EMAILS,
  owner: OWNERS,
  phone: ["+4930123456", "030 123456", "(212) 555-0199 ext. 4", "call me", "+1 212 555 0199"],
  domain: ["acme.test", "https://www.Acme.test/x", "müller.de", "shop.acme.co.uk"],
  url: ["https://a.test/x", "http://b.test", "https://A.test/Y?z=1"],
  country: ["DE", "US", "GB", "CH", "JP"],
  currency: ["EUR"],
  enum: [],
  minor: [0, 1, -1, 1250, 100, 9_007_199_254_740_991, 33],
  decimal: ["1.5", "-2", "0.001"],
  integer: [0, 1, -7],
  seconds: [0, 1, 59, 1800, 3601, 0.5],
  boolean: [true, false],
  instant: INSTANTS,
  date: ["2026-11-20", "2024-02-29", "1999-12-31"],
  ref: [],
  refs: [],
  set: [],
}

const members = (d: Dice, type: EntityType): ReadonlyArray<string> => d.some([1, 2, 3, 4].map((n) => `${type}-${n}`))

/** As it would be kept: parsed, or empty one time in five. */
export const valueOf = (d: Dice, field: Field, allowed: ReadonlyArray<string> | undefined): Value => {
  const many = field.kind === "set" || field.kind === "refs"
  if (d.below(5) === 0) return many ? [] : null
  if (field.kind === "refs" && field.to !== undefined) return members(d, field.to)
  if (field.kind === "ref" && field.to !== undefined) return d.pick([1, 2, 3, 4].map((n) => `${field.to}-${n}`))
  const pool: ReadonlyArray<Value> = field.kind === "enum" ? (allowed ?? field.values ?? []) : BY_KIND[field.kind]
  const raw = field.kind === "set" ? d.some(BY_KIND[field.of ?? "text"]).map(String) : d.pick(pool)
  const parsed = parseValue(field.kind, raw, { region: "DE", ...(field.of === undefined ? {} : { of: field.of }) })
  if (Result.isFailure(parsed)) throw new Error(`${field.kind} ${String(raw)} ${parsed.failure}`)
  return parsed.success
}

export const STAGES = ["new", "qualified", "proposal", "negotiation", "won", "lost"]

export const groupValue = (
  d: Dice,
  type: EntityType,
  group: string,
  pools: Readonly<Record<string, ReadonlyArray<string>>>,
): GroupValue => {
  const value = Object.fromEntries(
    fieldsOf(type, group).map((name) => {
      const field = fieldOf(type, name)
      if (field === undefined) throw new Error(name)
      return [name, valueOf(d, field, pools[name])]
    }),
  )
  if (group === "money")
    return value["amount"] === null ? { amount: null, currency: null } : { ...value, currency: "EUR" }
  if (group !== "stage") return value
  // As views leave it: the closed stages and statuses are one.
  const stage = value["stage"] ?? null
  return { ...value, status: stage === "won" || stage === "lost" ? stage : stage === null ? null : "open" }
}

/** Entity `contact-3` is record `object:3` where `objects` names one and 3 is linked; 4 is linked nowhere. */
export const referencesBy = (objects: Readonly<Record<EntityType, string>>): References => ({
  external: (type, entity) => {
    const n = entity.split("-").at(-1) ?? ""
    return n === "4" ? undefined : `${objects[type]}:${type === "company" ? `9${n}` : n}`
  },
  entity: (type, external) => {
    const [object, id = ""] = external.split(":")
    const isCompany = id.startsWith("9")
    const n = isCompany ? id.slice(1) : id
    return object === objects[type] && isCompany === (type === "company") && ["1", "2", "3"].includes(n)
      ? `${type}-${n}`
      : undefined
  },
})
