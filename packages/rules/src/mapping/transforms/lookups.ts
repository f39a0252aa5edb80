/** Transforms by table: picklists, the provider's own lists, owners, and ids that come with a name. */
import type { Json } from "@concordat/model/json"
import { foldName } from "@concordat/model/values/text"
import { tidyEmail } from "@concordat/model/values/contact-points"
import * as Result from "effect/Result"
import type { TransformSpec } from "../document.ts"
import type { Problem } from "../lens.ts"
import { ok, problem, type Context, type Step, type Transform, type TransformDefinition } from "./transform.ts"

/** `"a|b"` or `[a, b]`: what a table's entry stands for at the provider, the first to be written. */
export const alternatives = (entry: Json): ReadonlyArray<string> =>
  (Array.isArray(entry) ? entry.map(String) : String(entry ?? "").split("|"))
    .map((one) => one.trim())
    .filter((one) => one !== "")

export const table = (option: Json): ReadonlyArray<readonly [string, ReadonlyArray<string>]> =>
  typeof option === "object" && option !== null && !Array.isArray(option)
    ? Object.entries(option).map(([key, entry]) => [key, alternatives(entry)])
    : []

/**
 * Which entry stands for a provider's value. Where several name it, the one that names it first in its own list: for the
 * others it is only what they are written as in want of better (`negotiation: Negotiation|Proposition`).
 */
export const standsFor = (
  entries: ReadonlyArray<readonly [string, ReadonlyArray<string>]>,
  matches: (value: string) => boolean,
): string | undefined => {
  const found = entries.flatMap(([canonical, values]) => {
    const at = values.findIndex(matches)
    return at < 0 ? [] : [{ canonical, at }]
  })
  return found.toSorted((a, b) => a.at - b.at)[0]?.canonical
}

/** Two maps, and what to say or do where they have nothing. */
const byMaps = (
  spec: TransformSpec,
  context: Context,
  code: Problem["code"],
  what: string,
  ours: ReadonlyMap<string, string>,
  theirs: ReadonlyMap<string, Json>,
  fold: (value: Json) => string,
): Transform => {
  const find = (value: Json, found: Json | undefined, message: string): Step => {
    if (found !== undefined) return ok(found)
    return spec.missing === "empty" ? ok(null) : problem(context, code, value, message)
  }
  return {
    read: (raw) => find(raw, ours.get(String(raw)), `has no counterpart among ${what}`),
    write: (value) => find(value, theirs.get(fold(value)), `has no counterpart among the provider's ${what}`),
    manyToOne: ours.size > theirs.size,
  }
}

const options = (context: Context) => context.metadata.fields[context.object]?.[context.source]?.options ?? []

const picklist: TransformDefinition = {
  option: "table",
  takes: ["choice", "text", "boolean"],
  make: (spec, context) => {
    const ours = new Map<string, string>()
    const theirs = new Map<string, string>()
    const offered = options(context)
    const all = table(spec.option)
    for (const [canonical, entries] of all) {
      for (const entry of entries) ours.set(entry, standsFor(all, (value) => value === entry) ?? canonical)
      // Where the provider says what it offers, only that is written.
      const written = entries.find((entry) => offered.length === 0 || offered.some((option) => option.value === entry))
      if (written !== undefined) theirs.set(canonical, written)
    }
    return Result.succeed(byMaps(spec, context, "lookup", "values", ours, theirs, String))
  },
  check: (spec, context) => {
    const entries = table(spec.option)
    const named = new Set(entries.flatMap(([, values]) => values))
    const offered = options(context)
    return offered.length === 0
      ? []
      : [
          ...offered
            .filter((option) => !named.has(option.value))
            .map((option) => ({ value: option.value, message: `the option "${option.label}" has no counterpart` })),
          ...entries
            .filter(([, values]) => !values.some((value) => offered.some((option) => option.value === value)))
            .map(([canonical]) => ({ value: canonical, message: "the provider offers none of its counterparts" })),
        ]
  },
}

/** The provider's option is known here by its label. */
const label: TransformDefinition = {
  option: "none",
  takes: ["choice", "text"],
  make: (spec, context) => {
    const offered = options(context)
    // Without options there are no labels either: what stands there is what it is called.
    if (offered.length === 0) return Result.succeed({ read: ok, write: ok })
    const ours = new Map(offered.map((option) => [option.value, option.label]))
    const theirs = new Map(offered.toReversed().map((option) => [foldName(option.label), option.value]))
    return Result.succeed(byMaps(spec, context, "lookup", "options", ours, theirs, (value) => foldName(String(value))))
  },
}

/** By a list that the provider keeps as records: id there, code here. */
const lookup: TransformDefinition = {
  option: "text",
  make: (spec, context) => {
    const entries = Object.entries(context.metadata.lookups[String(spec.option)] ?? {})
    if (entries.length === 0) return Result.fail(`the connection has no list of ${String(spec.option)}`)
    const code = spec.option === "countries" ? "country" : "lookup"
    // The first of several ids with one code is written: the oldest, as ids count.
    const theirs = new Map(entries.toReversed().map(([id, value]) => [foldName(value), id]))
    return Result.succeed(
      byMaps(spec, context, code, String(spec.option), new Map(entries), theirs, (value) => foldName(String(value))),
    )
  },
}

/** Owners are known to each other by their e-mail. */
const owner: TransformDefinition = {
  option: "none",
  make: (spec, context) => {
    const known = context.metadata.owners.flatMap(({ id, email, active }) =>
      email === null ? [] : [{ id, email: tidyEmail(email), active }],
    )
    const ours = new Map(known.map(({ id, email }) => [id, email]))
    // Of two with one e-mail the active one is written.
    const theirs = new Map(
      known.toSorted((a, b) => Number(a.active) - Number(b.active)).map(({ id, email }) => [email, id]),
    )
    return Result.succeed(byMaps(spec, context, "owner", "owners", ours, theirs, (value) => tidyEmail(String(value))))
  },
}

const id = (raw: Json): string | undefined => {
  const bare = Array.isArray(raw) ? raw[0] : raw
  return (typeof bare === "number" && bare > 0) || (typeof bare === "string" && bare !== "") ? String(bare) : undefined
}

/** `[7, "Ada"]`, `7` or nothing: the id. With `name` the name that comes along, which can't be written. */
const many2one: TransformDefinition = {
  option: "optional",
  takes: ["reference", "number"],
  single: true,
  make: (spec, context) => {
    if (spec.option !== null && spec.option !== "name")
      return Result.fail("many2one gives the id, or with `name` the name")
    const named = spec.option === "name"
    return Result.succeed({
      read: (raw) => {
        const found = named ? (Array.isArray(raw) && typeof raw[1] === "string" ? raw[1] : undefined) : id(raw)
        return found === undefined ? problem(context, "type", raw, "is no reference") : ok(found)
      },
      write: (value) =>
        /^\d{1,15}$/.test(String(value)) ? ok(Number(value)) : problem(context, "type", value, "is no id"),
    })
  },
}

export const lookupTransforms: Readonly<Record<string, TransformDefinition>> = {
  picklist,
  label,
  lookup,
  owner,
  many2one,
}
