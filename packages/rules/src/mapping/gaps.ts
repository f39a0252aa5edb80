/** What of a canonical type has no place in a mapping, or on a connection: told to people, and no fault of the mapping. */
import type { FieldSpec, MappingDocument, ObjectSpec } from "./document.ts"
import { canonical } from "@concordat/model/canonical/types"
import type { Metadata } from "@concordat/model/metadata"
import { isDerived } from "./compile-field.ts"

/** A field whose value is kept, and neither read from nor written to the object's records. */
export interface MappingGap {
  /** `odoo/mapping.yaml:18`: the field, or else its object. */
  readonly where: string
  /** The mapping's name of the object: `res.partner.person`. */
  readonly object: string
  /** Type and field: `contact.lifecycle`. */
  readonly field: string
  readonly reason: string
}

/** Why an optional field is not there on this connection; null: it is, or nobody knows. */
const lacking = (spec: FieldSpec, object: ObjectSpec, metadata: Metadata | null): string | null => {
  const fields = metadata?.fields[object.object]
  if (fields === undefined || !spec.optional || spec.constant !== undefined) return null
  const missing = spec.from.filter((source) => !isDerived(source) && fields[source] === undefined)
  const isThere = spec.together ? missing.length === 0 : missing.length < spec.from.length
  if (isThere) return null
  return `${object.object} has no field ${missing.join(" or ")} there; it is used as soon as there is one`
}

const gapsOf = (object: ObjectSpec, metadata: Metadata | null): ReadonlyArray<MappingGap> => {
  const specs = Object.values(object.fields).filter((field): field is FieldSpec => field !== null)
  const isMapped = (name: string): boolean => specs.some(({ fields }) => fields.includes(name))
  return Object.keys(canonical[object.type]).flatMap((name): ReadonlyArray<MappingGap> => {
    // The status of a deal follows from its stage.
    if (object.type === "deal" && name === "status" && isMapped("stage")) return []
    const spec = specs.find(({ fields }) => fields.includes(name))
    const reason =
      spec === undefined ? (object.nowhere?.[name] ?? "the mapping does not name it") : lacking(spec, object, metadata)
    if (reason === null) return []
    return [{ where: spec?.where ?? object.where, object: object.name, field: `${object.type}.${name}`, reason }]
  })
}

/** In the order of the objects and of the type's fields. Without metadata what is optional counts as there. */
export const mappingGaps = (document: MappingDocument, metadata: Metadata | null): ReadonlyArray<MappingGap> =>
  document.objects.flatMap((object) => gapsOf(object, metadata))

/** For people: `res.partner.person has no place for contact.lifecycle: …`. */
export const showGap = ({ field, object, reason }: MappingGap): string =>
  `${object} has no place for ${field}: ${reason}`
