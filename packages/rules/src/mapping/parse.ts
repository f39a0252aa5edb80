/** From YAML to a mapping document, or to all that is wrong with it at once. */
import { ENTITY_TYPES, type EntityType, type Value } from "@concordat/model/canonical/fields"
import { canonical, fieldOf, groupOf, isCustom } from "@concordat/model/canonical/types"
import { isJsonObject, type JsonObject } from "@concordat/model/json"
import { parseValue } from "@concordat/model/values/parse"
import * as Result from "effect/Result"
import type { Acceptance, FieldSpec, MappingDocument, ObjectSpec } from "./document.ts"
import type { MappingProblem } from "./lens.ts"
import { parseField } from "./parse-field.ts"
import { Findings, parseSource, shown, type Located } from "./source.ts"

const OBJECT_MEMBERS = [
  "object",
  "type",
  "when",
  "constants",
  "accepts",
  "create",
  "update",
  "lookup",
  "fields",
  "nowhere",
]

const MEMBERS = ["empty", "strings", "objects"]

const namesOf = (document: MappingDocument): string => document.objects.map(({ name }) => name).join(", ")

const raw = (found: Findings, at: Located | undefined, path: string): JsonObject => {
  if (at === undefined) return {}
  if (isJsonObject(at.value)) return at.value
  found.add(at, path, "has to be a map of the provider's fields to values")
  return {}
}

const accepts = (found: Findings, at: Located | undefined, type: EntityType, path: string): Acceptance => {
  if (at === undefined) return []
  return (at.items ?? [at]).map((alternative) => {
    const wanted: Record<string, ReadonlyArray<Value>> = {}
    if (alternative.entries === undefined)
      found.add(alternative, path, `has to be a map with some of: ${Object.keys(canonical[type]).join(", ")}`)
    for (const [name, values] of alternative.entries ?? []) {
      const field = fieldOf(type, name)
      if (field === undefined) {
        found.add(
          values,
          `${path}.${name}`,
          `is no field of ${type}; allowed: ${Object.keys(canonical[type]).join(", ")}`,
        )
        continue
      }
      wanted[name] = (values.items ?? [values]).flatMap((one) => {
        const parsed = parseValue(field.kind, one.value)
        const value = Result.isSuccess(parsed) ? parsed.success : undefined
        if (
          value === undefined ||
          (typeof value === "string" && field.values !== undefined && !field.values.includes(value))
        ) {
          found.add(
            one,
            `${path}.${name}`,
            `is no value of ${name}${field.values === undefined ? "" : `; allowed: ${field.values.join(", ")}`}`,
          )
          return []
        }
        return [value]
      })
    }
    return wanted
  })
}

/** A provider's field is written by one group; a group's fields go the same way. */
const conflicts = (
  found: Findings,
  at: Located,
  name: string,
  type: EntityType,
  fields: ReadonlyArray<FieldSpec>,
): void => {
  const writers = new Map<string, string>()
  const directions = new Map<string, FieldSpec>()
  for (const field of fields) {
    const key = field.fields.join(" + ")
    const group = groupOf(type, field.fields[0] ?? "")
    const entry =
      at.entries?.find(([entryKey]) => entryKey.replaceAll(/\s+/g, "") === field.fields.join("+"))?.[1] ?? at
    if (field.constant === undefined) {
      const other = directions.get(group)
      if (other !== undefined && other.direction !== field.direction) {
        found.add(
          entry,
          `${name}.${key}.direction`,
          `fields that are decided together go the same way: ${other.fields.join(" + ")} is ${other.direction}, this is ${field.direction}`,
        )
      }
      directions.set(group, other ?? field)
    }
    if (field.direction === "in" || field.direction === "create") continue
    for (const source of field.from) {
      const writer = writers.get(source)
      if (writer !== undefined)
        found.add(
          entry,
          `${name}.${key}`,
          `writes ${source}, which ${writer} writes already; make one of them \`direction: in\``,
        )
      writers.set(source, writer ?? key)
    }
  }
}

/** Canonical fields to look a record up by. */
const lookups = (found: Findings, at: Located | undefined, type: EntityType, path: string): ReadonlyArray<string> => {
  if (at === undefined) return []
  const allowed = Object.keys(canonical[type]).join(", ")
  if (at.items === undefined) {
    found.add(at, path, `has to be a list of fields of ${type}; allowed: ${allowed}`)
    return []
  }
  return at.items.flatMap((one) => {
    const field = found.text(one, path)
    if (field !== undefined && fieldOf(type, field) === undefined && !isCustom(field))
      found.add(one, path, `is no field of ${type}; allowed: ${allowed}`)
    return field ?? []
  })
}

/** Fields without a place there, each with a reason for people. */
const places = (
  found: Findings,
  at: Located | undefined,
  type: EntityType,
  name: string,
  fields: ObjectSpec["fields"],
): Readonly<Record<string, string>> => {
  const reasons: Record<string, string> = {}
  const path = `${name}.nowhere`
  if (at !== undefined && at.entries === undefined) found.add(at, path, "has to be a map of our fields to reasons")
  const mapped = new Set(Object.values(fields).flatMap((field) => field?.fields ?? []))
  for (const [field, reason] of at?.entries ?? []) {
    if (fieldOf(type, field) === undefined)
      found.add(
        reason,
        `${path}.${field}`,
        `is no field of ${type}; allowed: ${Object.keys(canonical[type]).join(", ")}`,
      )
    else if (mapped.has(field)) found.add(reason, `${path}.${field}`, `is mapped above; take it out of one of the two`)
    const text = found.text(reason, `${path}.${field}`)
    if (text !== undefined) reasons[field] = text
  }
  return reasons
}

/** `below`: the document that this one is merged over. */
const parseObject = (
  found: Findings,
  name: string,
  at: Located,
  below: MappingDocument | undefined,
): { readonly spec: ObjectSpec; readonly said: ReadonlyArray<string> } | undefined => {
  const base = below?.objects.find((one) => one.name === name)
  const members = found.members(at, name, OBJECT_MEMBERS)
  if (members === undefined) return undefined
  const typeAt = members.get("type")
  if (typeAt === undefined && base === undefined) {
    const others = below === undefined ? "" : `; ${below.name} has no ${name}, it has: ${namesOf(below)}`
    found.missing(at, `${name}.type`, `one of: ${ENTITY_TYPES.join(", ")}${others}`)
  }
  const type = typeAt === undefined ? base?.type : found.oneOf(typeAt, `${name}.type`, ENTITY_TYPES)
  if (type === undefined) return undefined
  const objectAt = members.get("object")
  const createAt = members.get("create")
  const updateAt = members.get("update")
  const lookup = lookups(found, members.get("lookup"), type, `${name}.lookup`)
  const fieldsAt = members.get("fields")
  if (fieldsAt !== undefined && fieldsAt.entries === undefined)
    found.add(fieldsAt, `${name}.fields`, "has to be a map of our fields to the provider's")
  const fields: Record<string, FieldSpec | null> = {}
  for (const [key, field] of fieldsAt?.entries ?? []) {
    const plain = key.replaceAll(/\s+/g, "")
    if (field.value === "off" || field.value === null) fields[plain] = null
    else {
      const spec = parseField(found, key, field, type, name)
      if (spec !== undefined) fields[plain] = spec
    }
  }
  const nowhere = places(found, members.get("nowhere"), type, name, fields)
  // What is written once, when the record is created, may take turns: the later field has the last word.
  if (fieldsAt !== undefined && updateAt?.value !== false)
    conflicts(
      found,
      fieldsAt,
      name,
      type,
      Object.values(fields).filter((field) => field !== null),
    )
  return {
    spec: {
      name,
      object: (objectAt === undefined ? undefined : found.text(objectAt, `${name}.object`)) ?? base?.object ?? name,
      type,
      when: raw(found, members.get("when"), `${name}.when`),
      constants: raw(found, members.get("constants"), `${name}.constants`),
      accepts: accepts(found, members.get("accepts"), type, `${name}.accepts`),
      create: (createAt === undefined ? undefined : found.boolean(createAt, `${name}.create`)) ?? true,
      update: (updateAt === undefined ? undefined : found.boolean(updateAt, `${name}.update`)) ?? true,
      lookup,
      fields,
      nowhere,
      where: found.where(at),
    },
    said: [...members.keys()].map((member) => `${name}.${member}`),
  }
}

export interface ReadMapping {
  /** As much of it as could be read; null: it is no mapping at all. */
  readonly document: MappingDocument | null
  readonly problems: ReadonlyArray<MappingProblem>
}

/**
 * Reads a mapping. `name` stands before the line in messages. `base`: the document that this one will be merged over;
 * what an object leaves open (its `type`) is taken from there. Everything wrong is reported at once.
 */
export const readMapping = (text: string, name: string, base?: MappingDocument): ReadMapping => {
  const { file, problems } = parseSource(text, name)
  if (problems.length > 0) return { document: null, problems }
  const found = new Findings(file)
  const names = base?.objects.map((one) => one.name) ?? []
  const members = found.members(file.root, "", MEMBERS, { objects: names })
  if (members === undefined) return { document: null, problems: found.problems }
  const emptyAt = members.get("empty")
  if (emptyAt !== undefined && emptyAt.value !== null && emptyAt.value !== false && emptyAt.value !== "") {
    found.add(emptyAt, "empty", 'has to be one of: null, false, ""')
  }
  const empty = emptyAt?.value === false || emptyAt?.value === "" ? emptyAt.value : null
  const stringsAt = members.get("strings")
  const strings = (stringsAt === undefined ? undefined : found.boolean(stringsAt, "strings")) ?? false
  const objectsAt = members.get("objects")
  const wanted = `a map of the provider's objects${base === undefined ? "" : `; ${base.name} has: ${namesOf(base)}`}`
  if (objectsAt === undefined) found.missing(file.root, "objects", wanted)
  else if (objectsAt.entries === undefined) found.add(objectsAt, "objects", `has to be ${wanted}`)
  const objects = (objectsAt?.entries ?? []).flatMap(([key, at]) => parseObject(found, key, at, base) ?? [])
  const document: MappingDocument = {
    name,
    empty,
    strings,
    objects: objects.map((one) => one.spec),
    said: [...members.keys(), ...objects.flatMap((one) => one.said)],
  }
  return { document, problems: found.problems }
}

/** The same where only the whole of it is of use. */
export const parseMapping = (
  text: string,
  name: string,
  base?: MappingDocument,
): Result.Result<MappingDocument, ReadonlyArray<MappingProblem>> => {
  const { document, problems } = readMapping(text, name, base)
  return document === null || problems.length > 0 ? Result.fail(problems) : Result.succeed(document)
}

/** Maps, lists and nothing at all stand there as JSON already. */
const quoted = (value: string): string => (value === "" || /^(null$|[[{])/.test(value) ? value : JSON.stringify(value))

/** For people: `hubspot.yaml:12 deals.stage "x" …`. */
export const showProblem = ({ where, field, value, message }: MappingProblem): string =>
  [where, field, quoted(shown(value)), message].filter((part) => part !== "").join(" ")
