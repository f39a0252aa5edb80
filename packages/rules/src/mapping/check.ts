/** What a person should know before a mapping is used on a connection: fields, types and options that do not fit. */
import type { ValueKind } from "@concordat/model/canonical/fields"
import type { Metadata } from "@concordat/model/metadata"
import { compileMapping } from "./compile.ts"
import { contextOf, isDerived } from "./compile-field.ts"
import type { FieldSpec, MappingDocument, ObjectSpec } from "./document.ts"
import type { MappingProblem } from "./lens.ts"
import { TRANSFORMS } from "./transforms/registry.ts"
import type { Family } from "./transforms/transform.ts"

/** What providers call their types, in a few words. One that is not here is not judged. */
const FAMILIES: Readonly<Record<string, Family>> = {
  ...Object.fromEntries(
    "string char text varchar html phone_number phone email url textarea website"
      .split(" ")
      .map((type) => [type, "text"]),
  ),
  ...Object.fromEntries(
    "number integer float monetary double decimal int long".split(" ").map((type) => [type, "number"]),
  ),
  ...Object.fromEntries("bool boolean".split(" ").map((type) => [type, "boolean"])),
  ...Object.fromEntries("enumeration selection picklist select radio".split(" ").map((type) => [type, "choice"])),
  ...Object.fromEntries("many2one many2one_reference reference lookup".split(" ").map((type) => [type, "reference"])),
  ...Object.fromEntries("many2many one2many multiselect".split(" ").map((type) => [type, "list"])),
  ...Object.fromEntries("json object properties binary file".split(" ").map((type) => [type, "other"])),
  date: "date",
  datetime: "datetime",
}

/** Families that a kind takes without a transform. */
const TAKES: Readonly<Record<ValueKind, ReadonlyArray<Family>>> = {
  text: ["text", "choice", "number"],
  html: ["text"],
  email: ["text"],
  phone: ["text"],
  domain: ["text"],
  url: ["text"],
  country: ["text", "choice"],
  currency: ["text", "choice"],
  enum: ["text", "choice"],
  owner: ["text"],
  minor: ["number"],
  decimal: ["number", "text"],
  integer: ["number", "text"],
  seconds: ["number", "text"],
  boolean: ["boolean", "choice"],
  instant: ["datetime", "date"],
  date: ["date", "datetime"],
  ref: ["text", "number"],
  refs: ["list"],
  set: ["list", "choice", "text"],
}

const checkField = (spec: FieldSpec, object: ObjectSpec, metadata: Metadata): ReadonlyArray<MappingProblem> => {
  const at = (value: string, message: string): MappingProblem => ({
    where: spec.where,
    field: `${object.name}.${spec.fields.join(" + ")}`,
    value,
    message,
  })
  const fields = metadata.fields[object.object]
  const problems: Array<MappingProblem> = []
  const [first] = spec.transforms
  const takes = first === undefined ? TAKES[spec.kind] : TRANSFORMS.get(first.name)?.takes
  for (const source of spec.from) {
    const field = fields?.[source]
    if (isDerived(source) || field === undefined) continue
    const family = FAMILIES[field.type]
    if (takes !== undefined && family !== undefined && !takes.includes(family)) {
      problems.push(
        at(
          source,
          `is ${field.type} there; ${first === undefined ? spec.kind : `the transform ${first.name}`} takes: ${takes.join(", ")}`,
        ),
      )
    }
    if (field.readOnly === true && spec.direction !== "in" && first?.name !== "related")
      problems.push(at(source, "can't be written at the provider: it is read only"))
  }
  const context = contextOf(spec, object, { metadata, settings: { region: "", currency: null } }, () => undefined)
  for (const one of spec.transforms) {
    for (const { value, message } of TRANSFORMS.get(one.name)?.check?.(one, context) ?? [])
      problems.push(at(value, message))
  }
  return problems
}

/**
 * Fields that the connection lacks, fields that are read only there but written here, types that do not fit, options,
 * pipelines and stages without counterpart. An empty list means that everything in the document has its place.
 */
export const checkMapping = (document: MappingDocument, metadata: Metadata): ReadonlyArray<MappingProblem> => [
  ...compileMapping(document, { metadata, settings: { region: "", currency: null } }).problems,
  ...document.objects.flatMap((object) =>
    Object.values(object.fields).flatMap((field) => (field === null ? [] : checkField(field, object, metadata))),
  ),
]
