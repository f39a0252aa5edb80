/** One field of a document, bound to a connection: its slot, or why it had to be left out. */
import type { Json } from "@concordat/model/json"
import type { ValueOptions } from "@concordat/model/values/equivalence"
import * as Result from "effect/Result"
import type { Binding } from "./compile.ts"
import type { FieldSpec, MappingDocument, ObjectSpec } from "./document.ts"
import type { MappingProblem } from "./lens.ts"
import { referenceSlot } from "./references.ts"
import { constantSlot, fieldSlot, nameSlot } from "./scalar.ts"
import type { Slot } from "./slot.ts"
import { TRANSFORMS } from "./transforms/registry.ts"
import type { Context, Transform } from "./transforms/transform.ts"

export interface CompiledField {
  readonly spec: FieldSpec
  readonly slot: Slot
  readonly readOnly: string | null
  /** What a value of its own is written as; undefined where it can't be. */
  readonly write: (value: Json) => Json | undefined
}

/** Derived fields and associations are the connector's own; no metadata lists them. */
export const isDerived = (source: string): boolean => source.startsWith("@") || source.startsWith("$")

export const contextOf = (
  spec: FieldSpec,
  object: ObjectSpec,
  { metadata, settings }: Binding,
  sibling: Context["sibling"],
): Context => ({
  metadata,
  settings,
  object: object.object,
  source: spec.from[0] ?? "",
  kind: spec.kind,
  rounds: spec.normalise.some((one) => one.name === "round"),
  sibling,
})

const makeTransforms = (spec: FieldSpec, context: Context): Result.Result<ReadonlyArray<Transform>, string> => {
  const made: Array<Transform> = []
  for (const one of spec.transforms) {
    const transform = TRANSFORMS.get(one.name)?.make(one, context)
    if (transform === undefined) return Result.fail(`there is no transform ${one.name}`)
    if (Result.isFailure(transform)) return Result.fail(transform.failure)
    made.push(transform.success)
  }
  return Result.succeed(made)
}

/** The home currency for `$currency`; undefined where the connection has none. */
const resolved = (spec: FieldSpec, { metadata, settings }: Binding): FieldSpec => {
  const home = metadata.currency ?? settings.currency
  const real = (value: FieldSpec["constant"]) => (value === "$currency" ? home : value)
  const constant = real(spec.constant)
  const fallback = real(spec.default)
  return {
    ...spec,
    ...(constant === undefined ? {} : { constant }),
    ...(fallback === undefined ? {} : { default: fallback }),
  }
}

export const compileField = (
  given: FieldSpec,
  object: ObjectSpec,
  document: MappingDocument,
  binding: Binding,
  sibling: Context["sibling"],
): CompiledField | MappingProblem => {
  const leftOut = (value: string, message: string): MappingProblem => ({
    where: given.where,
    field: `${object.name}.${given.fields.join(" + ")}`,
    value,
    message: `left out: ${message}`,
  })
  const options: ValueOptions = { region: binding.settings.region, ...(given.of === undefined ? {} : { of: given.of }) }
  const resolvedSpec = resolved(given, binding)
  if (resolvedSpec.constant !== undefined) {
    const slot = constantSlot(resolvedSpec, resolvedSpec.constant, options)
    return { spec: resolvedSpec, slot, readOnly: null, write: () => undefined }
  }

  const fields = binding.metadata.fields[object.object]
  const lacking =
    fields === undefined ? [] : given.from.filter((source) => !isDerived(source) && fields[source] === undefined)
  if (lacking.length > 0 && (given.together || lacking.length === given.from.length)) {
    return leftOut(lacking.join(", "), `${object.object} has no such field on this connection`)
  }
  const spec: FieldSpec = { ...resolvedSpec, from: given.from.filter((source) => !lacking.includes(source)) }
  const context = contextOf(spec, object, binding, sibling)
  const transforms = makeTransforms(spec, context)
  if (Result.isFailure(transforms)) return leftOut(spec.from.join(", "), transforms.failure)

  const definitions = spec.transforms.map((one) => TRANSFORMS.get(one.name))
  const oneWay = definitions.map((definition) => definition?.readOnly).find((reason) => reason !== undefined)
  const named = spec.transforms.some((one) => one.name === "related")
  // A model and its id are the connector's to write, in whatever field takes them.
  const locked = named ? undefined : spec.from.find((source) => fields?.[source]?.readOnly === true)
  const readOnly =
    oneWay ?? (locked !== undefined && spec.direction !== "in" ? `${locked} can't be written at the provider` : null)
  const isReference = spec.kind === "ref" || spec.kind === "refs"
  const slot =
    spec.fields.length > 1
      ? nameSlot(spec, options, document)
      : isReference && spec.refersTo !== undefined
        ? referenceSlot(
            spec,
            spec.refersTo,
            {
              many: spec.kind === "refs",
              single: spec.single || definitions.some((definition) => definition?.single === true),
              whole: named,
            },
            transforms.success,
            options,
            document,
          )
        : fieldSlot(spec, transforms.success, context, options, document)
  const write = (value: Json): Json | undefined =>
    typeof value === "string" || value === null
      ? slot.write({ [slot.name]: value }, undefined)[spec.from[0] ?? ""]
      : undefined
  return { spec, slot, readOnly, write }
}
