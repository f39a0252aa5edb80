/** From a mapping document and what a connection says of itself to the lenses that the reconciler works with. */
import type { GroupValue, Value } from "@concordat/model/canonical/fields"
import { fieldsOf, groupOf } from "@concordat/model/canonical/types"
import { sha256 } from "@concordat/model/ids"
import { canonicalJson, sameJson, type Json, type JsonObject } from "@concordat/model/json"
import type { Metadata } from "@concordat/model/metadata"
import { same } from "@concordat/model/values/equivalence"
import { compileField, type CompiledField } from "./compile-field.ts"
import * as coherence from "./coherence.ts"
import type { FieldSpec, MappingDocument, MappingSettings, ObjectSpec } from "./document.ts"
import { groupLens, type GroupDirection } from "./group.ts"
import type { GroupLens, Mapping, MappingProblem, ObjectMapping } from "./lens.ts"
import { held, known, type Slot } from "./slot.ts"

export interface Binding {
  readonly metadata: Metadata
  readonly settings: MappingSettings
}

export interface CompiledMapping extends Mapping {
  /** What of the document this connection can't serve; it was left out. */
  readonly problems: ReadonlyArray<MappingProblem>
}

/** A status that follows from the stage, where the provider has no field for it. */
const followingStatus: Slot = {
  name: "status",
  fields: ["status"],
  kind: "enum",
  options: { region: "" },
  sources: [],
  given: true,
  read: () => known(null),
  hold: (value) => held(value["status"] ?? null),
  put: (_value, _from, to) => ({ _tag: "Fields", fields: { status: to }, waiting: [] }),
  write: () => ({}),
  lossy: (value) => value,
}

type Way = Omit<GroupDirection, "signature">

const wayOf = (object: ObjectSpec, fields: ReadonlyArray<CompiledField>): Way => {
  const real = fields.filter((field) => field.spec.constant === undefined)
  const [first] = real
  if (first === undefined)
    return { direction: "in", readOnly: "it is always the same there", onCreate: false, along: null }
  const reason = real.map((field) => field.readOnly).find((one) => one !== null) ?? null
  if (reason !== null) return { direction: "in", readOnly: reason, onCreate: false, along: null }
  const way = first.spec.direction
  if (way === "in") return { direction: "in", readOnly: "the mapping only reads it", onCreate: false, along: null }
  if (!object.update && !real.every((field) => field.spec.update === true))
    return { direction: "both", readOnly: `${object.object} is never edited`, onCreate: true, along: null }
  if (way === "create") {
    const along = first.spec.with === undefined ? null : groupOf(object.type, first.spec.with)
    const readOnly = `it is set when the record is created${along === null ? "" : `, and sent along with ${along}`}`
    return { direction: "both", readOnly, onCreate: true, along }
  }
  return { direction: way, readOnly: null, onCreate: false, along: null }
}

/**
 * Of what gives the group's views their meaning: the fields as this connection has them, and its home currency and
 * region. Not of owners, stages and lists, which say anew what they mean with every reading.
 */
const signatureOf = (
  object: ObjectSpec,
  document: MappingDocument,
  binding: Binding,
  fields: ReadonlyArray<CompiledField>,
) =>
  sha256(
    canonicalJson({
      object: [object.object, object.type, object.update],
      document: [document.empty, document.strings],
      region: binding.settings.region,
      fields: fields.map(({ spec }) => ({
        ...spec,
        where: "",
        transforms: spec.transforms.map((transform) => ({ ...transform, where: "" })),
      })),
    }),
  ).slice(0, 16)

const lensOf = (
  object: ObjectSpec,
  document: MappingDocument,
  binding: Binding,
  group: string,
  fields: ReadonlyArray<CompiledField>,
): GroupLens => {
  const slots = fields.map((field) => field.slot)
  const has = (name: string): boolean => slots.some((slot) => slot.name === name)
  const made = (slots: ReadonlyArray<Slot>, rule: coherence.Coherence, way: Way): GroupLens =>
    groupLens(group, slots, rule, { ...way, signature: signatureOf(object, document, binding, fields) })
  const way = wayOf(object, fields)
  if (object.type === "deal" && group === "money" && has("amount")) return made(slots, coherence.money, way)
  if (object.type === "deal" && group === "stage") {
    if (!has("stage")) {
      const readOnly = "a status can't be written without its stage"
      return made(slots, coherence.plain, { direction: "in", readOnly, onCreate: false, along: null })
    }
    const statusStands = has("status")
    return made(statusStands ? slots : [...slots, followingStatus], coherence.stage(statusStands), way)
  }
  return made(slots, coherence.plain, way)
}

const sameRaw = (a: Json, b: Json): boolean =>
  sameJson(a, b) || (typeof a !== "object" && typeof b !== "object" && String(a) === String(b))

const objectMapping = (
  object: ObjectSpec,
  document: MappingDocument,
  binding: Binding,
  problems: Array<MappingProblem>,
): ObjectMapping => {
  const specs = Object.values(object.fields).filter((field): field is FieldSpec => field !== null)
  const written = new Map<string, CompiledField>()
  const sibling = (field: string, value: Json): Json | undefined => written.get(field)?.write(value)
  const compiled: Array<CompiledField> = []
  for (const spec of specs) {
    const made = compileField(spec, object, document, binding, sibling)
    if ("slot" in made) {
      compiled.push(made)
      written.set(spec.fields[0] ?? "", made)
    } else if (!spec.optional) problems.push(made)
  }
  const groups = [...new Set(compiled.map((field) => groupOf(object.type, field.spec.fields[0] ?? "")))].map(
    (group) => {
      const members = new Set(fieldsOf(object.type, group))
      return lensOf(
        object,
        document,
        binding,
        group,
        compiled.filter((field) => members.has(field.spec.fields[0] ?? "")),
      )
    },
  )
  const wanted = Object.entries(object.when)
  const lookups = object.lookup.flatMap((name) => compiled.find((field) => field.spec.fields.includes(name)) ?? [])
  const constants: JsonObject = { ...object.when, ...object.constants }
  return {
    object: object.object,
    type: object.type,
    groups,
    sources: [...new Set([...groups.flatMap((lens) => lens.sources), ...Object.keys(object.when)])].sort(),
    constants,
    canCreate: object.create,
    needs: [...new Set(groups.flatMap((lens) => lens.sources))].filter(
      (source) => source.startsWith("@") && binding.metadata.fields[object.object]?.[source]?.required === true,
    ),
    matches: (raw) => {
      if (wanted.some(([source, value]) => raw[source] !== undefined && !sameRaw(raw[source], value))) return false
      return wanted.every(([source]) => raw[source] !== undefined) ? true : null
    },
    accepts: (values) =>
      object.accepts.length === 0 ||
      object.accepts.some((alternative) =>
        Object.entries(alternative).every(([name, allowed]) => {
          const value = values[groupOf(object.type, name)]?.[name] ?? null
          return allowed.some((one) => same("text", textOf(one), textOf(value)))
        }),
      ),
    lookup: (values) => Object.fromEntries(lookups.flatMap((field) => lookupOf(object, field, values))),
  }
}

/** For `accepts`: true and "true" are one, false and nothing are one (a box that nobody ticked). */
const textOf = (value: Value): Value => (value === null || value === false ? null : String(value))

const lookupOf = (
  object: ObjectSpec,
  field: CompiledField,
  values: Readonly<Record<string, GroupValue>>,
): ReadonlyArray<readonly [string, string]> => {
  const name = field.spec.fields[0] ?? ""
  const value = values[groupOf(object.type, name)]?.[name]
  const source = field.spec.from[0]
  return typeof value === "string" &&
    value !== "" &&
    source !== undefined &&
    !source.startsWith("@") &&
    !source.startsWith("$")
    ? [[source, value]]
    : []
}

/**
 * Binds a document to a connection. Never throws: a field that the connection's metadata lacks, or whose list it lacks,
 * is left out and reported. Without metadata of an object its fields are taken as they are written.
 */
export const compileMapping = (document: MappingDocument, binding: Binding): CompiledMapping => {
  const problems: Array<MappingProblem> = []
  const objects = document.objects.map((object) => objectMapping(object, document, binding, problems))
  return { hash: sha256(canonicalJson({ document, binding })), objects, problems }
}
