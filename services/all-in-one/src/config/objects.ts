/** Objects that a mapping names and its provider does not have: nothing of them would ever be read, and nobody would say so. */
import type { Definition } from "@concordat/engine/ports/Provider"
import type { MappingDocument } from "@concordat/rules/mapping/document"
import type { MappingProblem } from "@concordat/rules/mapping/lens"

export const unknownObjects = (
  { objects }: MappingDocument,
  { objects: known, provider }: Definition,
): ReadonlyArray<MappingProblem> => {
  const message = `is no object of ${provider} that is read or written; there are: ${Object.keys(known).join(", ")}`
  return objects.flatMap(({ fields, name, object, where }) => [
    ...(Object.hasOwn(known, object) ? [] : [{ where, field: name, value: object, message }]),
    ...Object.entries(fields).flatMap(([field, spec]) =>
      (spec?.to ?? [])
        .filter((to) => !Object.hasOwn(known, to))
        .map((to) => ({ where: spec?.where ?? where, field: `${name}.${field}.to`, value: to, message })),
    ),
  ])
}
