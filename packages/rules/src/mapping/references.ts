/** Slots that refer to other records: association lists, ids in a field, the one record that an activity belongs to. */
import { ENTITY_TYPES, type EntityType, type GroupValue, type Value } from "@concordat/model/canonical/fields"
import type { Json, JsonObject } from "@concordat/model/json"
import { isJsonObject } from "@concordat/model/json"
import type { ValueOptions } from "@concordat/model/values/equivalence"
import * as Result from "effect/Result"
import type { FieldSpec, MappingDocument } from "./document.ts"
import { ASIDE, type References, type View } from "./lens.ts"
import { held, isNothing, known, unknown, type Slot, type SlotHeld, type SlotPut, type SlotRead } from "./slot.ts"
import { shown } from "./source.ts"
import type { Transform } from "./transforms/transform.ts"

const list = (value: Value | undefined): ReadonlyArray<string> =>
  typeof value === "object" && value !== null ? value : typeof value === "string" && value !== "" ? [value] : []

const cut = (external: string): readonly [object: string, id: string] => {
  const at = external.indexOf(":")
  return [external.slice(0, at), external.slice(at + 1)]
}

export interface ReferenceShape {
  /** A single reference, or a list. */
  readonly many: boolean
  /** The provider's place for it holds one record only. */
  readonly single: boolean
  /** The transform gives `object:id` itself. */
  readonly whole: boolean
}

export const referenceSlot = (
  spec: FieldSpec,
  type: EntityType,
  shape: ReferenceShape,
  transforms: ReadonlyArray<Transform>,
  options: ValueOptions,
  document: MappingDocument,
): Slot => {
  const name = spec.fields[0] ?? ""
  const aside = ASIDE + name
  const source = spec.from[0] ?? ""
  const association = source.startsWith("@")
  const view = (externals: ReadonlyArray<string>): Value =>
    shape.many ? [...new Set(externals)] : (externals[0] ?? null)

  const through = (raw: Json): Result.Result<Json, ReadonlyArray<string>> => {
    let made: Json = raw
    for (const transform of transforms) {
      const step = transform.read(made, {})
      if (Result.isFailure(step)) return Result.fail([step.failure.message])
      made = step.success
      if (made === null) break
    }
    return Result.succeed(made)
  }

  /** `object:id` of everything named, in the provider's order; undefined where it is none of it. */
  const externals = (raw: Json): ReadonlyArray<string> | undefined => {
    if (association) {
      if (!Array.isArray(raw)) return undefined
      return raw.flatMap((one: Json) => {
        if (!isJsonObject(one)) return []
        const { object, id } = one
        return typeof object === "string" &&
          spec.to.includes(object) &&
          (typeof id === "string" || typeof id === "number")
          ? [`${object}:${id}`]
          : []
      })
    }
    const made = through(raw)
    if (Result.isFailure(made)) return undefined
    const ids = Array.isArray(made.success) ? made.success : [made.success]
    if (shape.whole) return ids.map(String).filter((one) => spec.to.includes(cut(one)[0]))
    const object = spec.to[0] ?? ""
    return ids.every((id) => typeof id === "string" || typeof id === "number")
      ? ids.map((id) => `${object}:${String(id)}`)
      : undefined
  }

  const rawOf = (external: string): Json => {
    const [object, id] = cut(external)
    if (association) return { object, id }
    const start: Json = shape.whole ? external : id
    return transforms.toReversed().reduce<Json>((made, transform) => {
      const step = transform.write(made, {})
      return Result.isSuccess(step) ? step.success : made
    }, start)
  }

  const readTogether = (raw: JsonObject): SlotRead => {
    const values = spec.from.map((one) => raw[one])
    if (values.includes(undefined)) return unknown
    const found = externals(values.map((value) => (isNothing(value, true) ? null : (value ?? null))))
    // A record of another kind stands there: that says nothing of this one.
    return found === undefined || found.length === 0 ? unknown : known(view(found))
  }

  /** The one marked as primary, else the one that was first before, else the first. */
  const firstOf = (raw: Json, found: ReadonlyArray<string>, before: Value | undefined): string | undefined => {
    const primary = Array.isArray(raw)
      ? raw.find((one: Json) => isJsonObject(one) && one["primary"] === true)
      : undefined
    const marked = primary === undefined ? [] : (externals([primary]) ?? [])
    return marked[0] ?? found.find((one) => one === before) ?? found[0]
  }

  const readOne = (raw: JsonObject, before: View | undefined): SlotRead => {
    const value = raw[source]
    if (value === undefined) return unknown
    if (isNothing(value, true)) return known(view([]))
    const found = externals(value)
    if (found === undefined) {
      return {
        _tag: "Invalid",
        problem: { code: "type", field: source, value: shown(value), message: "is no reference" },
      }
    }
    // A record of another kind stands there: that says nothing of this one.
    if (found.length === 0 && Array.isArray(value) && value.length > 0) return unknown
    if (!association || shape.many || found.length < 2) return known(view(found))
    const first = firstOf(value, found, before?.[name])
    return first === undefined ? known(null) : known(first, [first, ...found.filter((one) => one !== first)])
  }

  const hold = (value: GroupValue, _view: View, references: References): SlotHeld => {
    const wanted = list(value[name])
    const there = wanted.map((entity) => ({ entity, external: references.external(type, entity) }))
    const waiting = there.flatMap(({ entity, external }) => (external === undefined ? [entity] : []))
    const found = there.flatMap(({ external }) =>
      external !== undefined && spec.to.includes(cut(external)[0]) ? [external] : [],
    )
    if (shape.many) return held(view(shape.single ? found.slice(0, 1) : found), waiting)
    if (waiting.length > 0) return { _tag: "Waiting", waiting }
    const external = there[0]?.external
    return external === undefined || found.length > 0
      ? held(found[0] ?? null)
      : {
          _tag: "Problem",
          problem: {
            code: "unmapped",
            field: source,
            value: external,
            message: `only ${spec.to.join(", ")} can stand there`,
          },
        }
  }

  /** The entity behind an external id; `other` where a record of another type is known by it. */
  const entityOf = (external: string, references: References) => {
    const entity = references.entity(type, external)
    const other =
      entity === undefined && ENTITY_TYPES.some((one) => one !== type && references.entity(one, external) !== undefined)
    return { entity, other }
  }

  const putOne = (to: Value, references: References): SlotPut => {
    const external = list(to)[0]
    if (external === undefined) return { _tag: "Fields", fields: { [name]: null }, waiting: [] }
    const { entity, other } = entityOf(external, references)
    if (entity !== undefined) return { _tag: "Fields", fields: { [name]: entity }, waiting: [] }
    return other ? { _tag: "Fields", fields: {}, waiting: [] } : { _tag: "Waiting", waiting: [external] }
  }

  const putMany = (value: GroupValue, from: Value | undefined, to: Value, references: References): SlotPut => {
    const now = list(to)
    const waiting: Array<string> = []
    const present: Array<string> = []
    for (const external of now) {
      const { entity, other } = entityOf(external, references)
      if (entity !== undefined) present.push(entity)
      else if (!other) waiting.push(external)
    }
    const removed = new Set(
      list(from).flatMap((external) => (now.includes(external) ? [] : (references.entity(type, external) ?? []))),
    )
    const kept = list(value[name]).filter(
      (entity) => !removed.has(entity) && !(shape.single && present.includes(entity)),
    )
    const added = present.filter((entity) => !kept.includes(entity))
    // Where there is room for one, the one that was chosen there comes first, since the first is what is held there.
    return {
      _tag: "Fields",
      fields: { [name]: [...new Set(shape.single ? [...added, ...kept] : [...kept, ...added])] },
      waiting,
    }
  }

  return {
    name,
    fields: spec.fields,
    kind: spec.kind,
    options,
    sources: spec.from,
    given: false,
    read: (raw, _view, before) => (spec.together ? readTogether(raw) : readOne(raw, before)),
    hold,
    put: (value, from, to, references) => (shape.many ? putMany(value, from, to, references) : putOne(to, references)),
    write: (given, before) => {
      const wanted = list(given[name])
      if (association) {
        // The first is ours to say; the others stay, unless there is to be none at all.
        const stand = given[aside] === undefined ? before : given
        const others =
          shape.many || wanted.length === 0 ? [] : list(stand?.[aside]).filter((one) => one !== stand?.[name])
        const all = [...new Set([...wanted, ...others])]
        return { [source]: (shape.single ? all.slice(0, 1) : all).map(rawOf) }
      }
      const first = wanted[0]
      if (spec.together) {
        const parts = first === undefined ? [] : rawOf(first)
        return Object.fromEntries(
          spec.from.flatMap((one, index) =>
            Array.isArray(parts) && parts[index] !== undefined ? [[one, parts[index]]] : [],
          ),
        )
      }
      if (shape.many && !shape.single) return { [source]: wanted.map(rawOf) }
      return { [source]: first === undefined ? document.empty : rawOf(first) }
    },
    lossy: (value) => value,
  }
}
