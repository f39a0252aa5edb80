/** Slots of plain values: constants, fields through their transforms, names that stand in one piece. */
import { isEmpty } from "@concordat/model/canonical/types"
import type { GroupValue, Value } from "@concordat/model/canonical/fields"
import type { Json, JsonObject } from "@concordat/model/json"
import { same, type ValueOptions } from "@concordat/model/values/equivalence"
import { parseValue } from "@concordat/model/values/parse"
import { memberKey } from "@concordat/model/values/equivalence"
import { memoised } from "@concordat/model/values/memo"
import * as Result from "effect/Result"
import type { FieldSpec, MappingDocument } from "./document.ts"
import { ASIDE, type Problem, type View } from "./lens.ts"
import { lossyValue } from "./normalise.ts"
import { chooseAlternate, held, isNothing, known, unknown, type Slot, type SlotHeld, type SlotPut } from "./slot.ts"
import { shown } from "./source.ts"
import { joinName, splitName, type NameParts } from "./transforms/names.ts"
import { problem, type Context, type Step, type Transform } from "./transforms/transform.ts"

/** Values of a field whose view is remembered: stages, owners, countries and the like recur. */
const HELD_VALUES = 500
const HELD_CHARACTERS = 64
const isShort = (value: Value): boolean =>
  typeof value === "string" ? value.length <= HELD_CHARACTERS : typeof value !== "object" || value === null
/** Without slots before it, what a slot holds follows from its value alone. */
const isBare = (view: View): boolean => {
  for (const _ in view) return false
  return true
}

const fields = (given: GroupValue): SlotPut => ({ _tag: "Fields", fields: given, waiting: [] })

export const constantSlot = (spec: FieldSpec, value: Value, options: ValueOptions): Slot => {
  const name = spec.fields[0] ?? ""
  const code: Problem["code"] =
    spec.kind === "currency" ? "currency" : name === "pipeline" || name === "stage" ? "stage" : "unmapped"
  return {
    name,
    fields: spec.fields,
    kind: spec.kind,
    options,
    sources: [],
    given: true,
    read: () => known(value),
    hold: (wanted) => {
      const asked = wanted[name] ?? null
      if (isEmpty(asked) || spec.direction === "in" || same(spec.kind, asked, value, options)) return held(value)
      return {
        _tag: "Problem",
        problem: { code, field: name, value: shown(asked), message: `only ${shown(value)} can be held there` },
      }
    },
    put: (_value, _from, to) => fields({ [name]: to }),
    write: () => ({}),
    lossy: (kept) => kept,
  }
}

/** Members of `value` after the edit that led from `from` to `to`. */
const setAfter = (
  spec: FieldSpec,
  options: ValueOptions,
  value: Value,
  from: Value,
  to: Value,
): ReadonlyArray<string> => {
  const key = (member: string): string => memberKey(spec.kind, member, options)
  const list = (given: Value): ReadonlyArray<string> => (typeof given === "object" && given !== null ? given : [])
  const now = new Set(list(to).map(key))
  const removed = new Set(
    list(from)
      .map(key)
      .filter((member) => !now.has(member)),
  )
  const kept = list(value).filter((member) => !removed.has(key(member)))
  const present = new Set(kept.map(key))
  return [...kept, ...list(to).filter((member) => !present.has(key(member)))]
}

/** Transforms whose results other metadata vouches for; all others have to name one of the field's own options. */
const RESOLVED: ReadonlySet<string> = new Set(["owner", "stage", "pipeline", "lookup", "many2one", "label", "list"])

/** Raw to value and back through the transforms, with the provider's way of writing nothing and numbers. */
const pipe = (
  spec: FieldSpec,
  transforms: ReadonlyArray<Transform>,
  context: Context,
  options: ValueOptions,
  document: MappingDocument,
) => {
  const many = spec.kind === "set"
  const resolved = spec.transforms.some((one) => RESOLVED.has(one.name))
  const offered = resolved ? [] : (context.metadata.fields[context.object]?.[context.source]?.options ?? [])
  const through = (way: "read" | "write", value: Json, steps: ReadonlyArray<Transform>, view: View): Step => {
    let made: Step = Result.succeed(value)
    for (const transform of steps) {
      if (Result.isFailure(made)) return made
      if (made.success !== null || transform.handlesNull === true) made = transform[way](made.success, view)
    }
    return made
  }
  const backwards = transforms.toReversed()
  const provider = (value: Json): Json => {
    if (value === null) return document.empty
    if (document.strings && (typeof value === "number" || typeof value === "boolean")) return String(value)
    return value
  }
  return {
    read: (raw: Json, view: View): Result.Result<Value, Problem> => {
      const made = through("read", raw, transforms, view)
      if (Result.isFailure(made)) return Result.fail(made.failure)
      const parsed = parseValue(spec.kind, made.success, options)
      if (Result.isFailure(parsed))
        return Result.fail({ code: "type", field: context.source, value: shown(raw), message: parsed.failure })
      if (!isEmpty(parsed.success)) return Result.succeed(parsed.success)
      return Result.succeed(spec.absent ?? spec.default ?? (many ? [] : null))
    },
    write: (value: Value, view: View): Step => {
      const nothing = isEmpty(value) || (spec.absent !== undefined && same(spec.kind, value, spec.absent, options))
      const start: Json = nothing ? null : value
      const written = through("write", start, backwards, view)
      if (Result.isFailure(written)) return written
      const made = written.success
      const code = spec.kind === "currency" ? "currency" : "lookup"
      return typeof made === "string" && !many && offered.length > 0 && !offered.some((option) => option.value === made)
        ? problem(context, code, made, "is none of the provider's options")
        : Result.succeed(Array.isArray(made) ? made.map(provider) : provider(made))
    },
  }
}

export const fieldSlot = (
  spec: FieldSpec,
  transforms: ReadonlyArray<Transform>,
  context: Context,
  options: ValueOptions,
  document: MappingDocument,
): Slot => {
  const name = spec.fields[0] ?? ""
  const aside = ASIDE + name
  const { read, write } = pipe(spec, transforms, context, options, document)
  const manyToOne = transforms.some((transform) => transform.manyToOne === true)
  const falseIsNothing = spec.kind !== "boolean" || transforms.length > 0
  // Nothing is lost on the way there: what it holds is the value itself.
  const plain =
    transforms.length === 0 &&
    spec.absent === undefined &&
    spec.default === undefined &&
    context.metadata.fields[context.object]?.[context.source]?.options === undefined &&
    !(spec.kind === "boolean" && document.empty === false)

  const readTogether = (raw: JsonObject, view: View) => {
    const values = spec.from.map((source) => raw[source])
    if (values.includes(undefined)) return unknown
    const parts = values.map((value) => (isNothing(value, true) ? null : (value ?? null)))
    const made = read(parts.every((part) => part === null) ? null : parts, view)
    return Result.isFailure(made) ? ({ _tag: "Invalid", problem: made.failure } as const) : known(made.success)
  }

  const readOne = (raw: JsonObject, view: View, before: View | undefined) => {
    const beside = before?.[aside]
    const readBefore = typeof beside === "string" ? spec.from.find((source) => source === beside) : undefined
    const chosen = chooseAlternate(spec.from, raw, readBefore, falseIsNothing)
    if (chosen._tag === "Unknown") return unknown
    const made = read(isNothing(chosen.raw, falseIsNothing) ? null : chosen.raw, view)
    if (Result.isFailure(made)) return { _tag: "Invalid", problem: made.failure } as const
    if (chosen.source !== spec.from[0]) return known(made.success, chosen.source)
    if (!manyToOne || made.success === null) return known(made.success)
    const back = write(made.success, view)
    const stands = Array.isArray(chosen.raw) ? chosen.raw[0] : chosen.raw
    const moves = Result.isSuccess(back) && String(back.success) !== String(stands)
    return moves || Result.isFailure(back) ? known(made.success, String(stands)) : known(made.success)
  }

  /** What it can hold of a value is what it would give back for it. */
  const holding = (value: Value, view: View): SlotHeld => {
    const made = Result.flatMap(write(value, view), (raw) => read(isNothing(raw, falseIsNothing) ? null : raw, view))
    return Result.isFailure(made) ? { _tag: "Problem", problem: made.failure } : held(made.success)
  }
  const remembered = memoised(HELD_VALUES, (text) => holding(JSON.parse(text) as Value, {}))

  return {
    name,
    fields: spec.fields,
    kind: spec.kind,
    options,
    sources: spec.from,
    given: false,
    ...(spec.default === undefined ? {} : { fallback: spec.default }),
    read: (raw, view, before) => (spec.together ? readTogether(raw, view) : readOne(raw, view, before)),
    hold: (wanted, view): SlotHeld => {
      const value = wanted[name] ?? (spec.kind === "set" ? [] : null)
      if (plain) return held(value)
      return isShort(value) && isBare(view) ? remembered(JSON.stringify(value)) : holding(value, view)
    },
    put: (value, from, to) =>
      fields({ [name]: spec.kind === "set" ? setAfter(spec, options, value[name] ?? null, from ?? null, to) : to }),
    write: (view, before) => {
      const value = view[name] ?? null
      // How it stood when this view was read, else when the shadow was.
      const stand = view[aside] === undefined ? before : view
      const beside = stand?.[aside]
      const remembered = typeof beside === "string" ? beside : undefined
      const source = spec.from.find((one) => one === remembered) ?? spec.from[0] ?? ""
      if (
        manyToOne &&
        remembered !== undefined &&
        source !== remembered &&
        same(spec.kind, value, stand?.[name], options)
      ) {
        return { [source]: /^\d{1,15}$/.test(remembered) && !document.strings ? Number(remembered) : remembered }
      }
      const made = write(value, view)
      if (Result.isFailure(made)) return {}
      // Empty is it only when no alternate holds anything.
      if (isNothing(made.success, falseIsNothing) && spec.from.length > 1 && !spec.together) {
        return Object.fromEntries(spec.from.map((one) => [one, document.empty]))
      }
      if (!spec.together) return { [source]: made.success }
      const parts = Array.isArray(made.success) ? made.success : []
      return Object.fromEntries(
        spec.from.map((one, index) => [one, isNothing(parts[index], true) ? document.empty : (parts[index] ?? null)]),
      )
    },
    lossy: (value) => lossyValue(spec.normalise, spec.kind, value),
  }
}

/** First and last name in one field. Inner runs of blanks count as one here: where the seam was nobody can tell. */
export const nameSlot = (spec: FieldSpec, options: ValueOptions, document: MappingDocument): Slot => {
  const name = spec.fields.join("+")
  const source = spec.from[0] ?? ""
  const [first = "", last = ""] = spec.fields
  const text = (value: Value | undefined): string | null => (typeof value === "string" ? value : null)
  const parts = (value: GroupValue): NameParts => ({ first: text(value[first]), last: text(value[last]) })
  return {
    name,
    fields: spec.fields,
    kind: "text",
    options,
    sources: [source],
    given: false,
    read: (raw) => {
      const value = raw[source]
      if (value === undefined) return unknown
      if (isNothing(value, true)) return known(null)
      if (typeof value === "string") return known(joinName({ first: value, last: null }))
      return { _tag: "Invalid", problem: { code: "type", field: source, value: shown(value), message: "is no text" } }
    },
    hold: (value) => held(joinName(parts(value))),
    put: (value, _from, to) => {
      const made = typeof to === "string" ? splitName(to, parts(value)) : { first: null, last: null }
      return fields({ [first]: made.first, [last]: made.last })
    },
    write: (view) => ({ [source]: view[name] ?? document.empty }),
    lossy: (value) => lossyValue(spec.normalise, "text", value),
  }
}
