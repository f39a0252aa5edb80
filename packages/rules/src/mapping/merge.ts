/** A tenant's own mapping over the provider's default one. */
import type { MappingDocument, ObjectSpec } from "./document.ts"

const members = [
  "object",
  "type",
  "when",
  "constants",
  "accepts",
  "create",
  "update",
  "lookup",
] as const satisfies ReadonlyArray<keyof ObjectSpec>

const mergeObject = (base: ObjectSpec, over: ObjectSpec, said: ReadonlySet<string>): ObjectSpec => ({
  ...base,
  ...Object.fromEntries(
    members.flatMap((member) => (said.has(`${over.name}.${member}`) ? [[member, over[member]]] : [])),
  ),
  fields: { ...base.fields, ...over.fields },
  nowhere: { ...base.nowhere, ...over.nowhere },
})

/**
 * By object and field: what the override says replaces, field by field and whole; what it leaves open stays, `off` takes
 * a field out, and an object that the base lacks is added.
 */
export const mergeMapping = (base: MappingDocument, override: MappingDocument): MappingDocument => {
  const said = new Set(override.said)
  return {
    name: `${base.name}+${override.name}`,
    empty: said.has("empty") ? override.empty : base.empty,
    strings: said.has("strings") ? override.strings : base.strings,
    objects: [
      ...base.objects.map((object) => {
        const over = override.objects.find((one) => one.name === object.name)
        return over === undefined ? object : mergeObject(object, over, said)
      }),
      ...override.objects.filter((object) => !base.objects.some((one) => one.name === object.name)),
    ],
    said: [...new Set([...base.said, ...override.said])],
  }
}
