/** One field of a mapping document: its short form, its long form, and everything that can be wrong with it. */
import type { EntityType, Field, Value, ValueKind } from "@concordat/model/canonical/fields"
import { canonical, fieldOf, groupOf, isCustom } from "@concordat/model/canonical/types"
import { parseValue } from "@concordat/model/values/parse"
import * as Result from "effect/Result"
import { DIRECTIONS, type Direction, type FieldSpec, type NormaliserSpec, type TransformSpec } from "./document.ts"
import { NORMALISER_NAMES, parseNormaliser } from "./normalise.ts"
import type { Findings, Located } from "./source.ts"
import { TRANSFORMS } from "./transforms/registry.ts"

const MEMBERS = [
  "from",
  "direction",
  "transform",
  "normalise",
  "kind",
  "of",
  "to",
  "single",
  "constant",
  "default",
  "absent",
  "optional",
  "update",
  "with",
]

const CUSTOM_KINDS = [
  "text",
  "html",
  "email",
  "phone",
  "domain",
  "url",
  "country",
  "enum",
  "decimal",
  "integer",
  "seconds",
  "boolean",
  "instant",
  "date",
  "set",
] as const satisfies ReadonlyArray<ValueKind>

/** Transforms that mean something for one field or kind only. */
const ONLY: Readonly<Record<string, (field: string, kind: ValueKind) => boolean>> = {
  minor: (_field, kind) => kind === "minor",
  stage: (field) => field === "stage",
  pipeline: (field) => field === "pipeline",
  owner: (_field, kind) => kind === "owner",
  related: (_field, kind) => kind === "ref" || kind === "refs",
}

const words = (at: Located): ReadonlyArray<Located> => at.items ?? [at]

const transformSpec = (found: Findings, at: Located, field: string): TransformSpec | undefined => {
  const [name, option] = at.entries?.[0] ?? [typeof at.value === "string" ? at.value : "", undefined]
  const definition = TRANSFORMS.get(name)
  if (definition === undefined) {
    found.add(at, field, `is no transform; allowed: ${[...TRANSFORMS.keys()].join(", ")}`)
    return undefined
  }
  let missing: TransformSpec["missing"] = "problem"
  for (const [key, value] of at.entries?.slice(1) ?? []) {
    if (key === "missing") missing = found.oneOf(value, `${field}.missing`, ["problem", "empty"]) ?? "problem"
    else found.add(value, `${field}.${key}`, "is not known here; allowed: missing")
  }
  const given = option?.value ?? null
  const isTable = option?.entries !== undefined
  const fits = {
    none: given === null,
    optional: !isTable,
    text: typeof given === "string" && given !== "",
    table: isTable,
  }[definition.option]
  if (!fits) {
    const wanted = { none: "takes nothing", optional: "takes a word", text: "needs a text", table: "needs a table" }[
      definition.option
    ]
    found.add(option ?? at, field, `the transform ${name} ${wanted}`)
    return undefined
  }
  return { name, option: given, missing, where: found.where(at) }
}

const transforms = (
  found: Findings,
  at: Located | undefined,
  path: string,
  name: string,
  known: Field,
): ReadonlyArray<TransformSpec> => {
  if (at === undefined) return []
  return words(at).flatMap((one) => {
    const spec = transformSpec(found, one, `${path}.transform`)
    if (spec === undefined) return []
    const only = ONLY[spec.name]
    if (only !== undefined && !only(name, known.kind))
      found.add(one, `${path}.transform`, `the transform ${spec.name} does not fit ${name} (${known.kind})`)
    const table = spec.name === "picklist" ? one.entries?.[0]?.[1].entries : undefined
    for (const [key, entry] of table ?? []) {
      const allowed = known.kind === "boolean" ? ["true", "false"] : known.values
      if (allowed !== undefined && !allowed.includes(key))
        found.add(entry, `${path}.transform.picklist.${key}`, `is no value of ${name}; allowed: ${allowed.join(", ")}`)
    }
    return [spec]
  })
}

const normalisers = (found: Findings, at: Located | undefined, path: string): ReadonlyArray<NormaliserSpec> =>
  at === undefined
    ? []
    : words(at).flatMap((one) => {
        const spec = typeof one.value === "string" ? parseNormaliser(one.value) : undefined
        if (spec === undefined)
          found.add(one, `${path}.normalise`, `is no normaliser; allowed: ${NORMALISER_NAMES.join(", ")}`)
        return spec ?? []
      })

/** Which canonical fields a key names: one, a custom one, or first and last name together. */
const namedFields = (found: Findings, at: Located, key: string, type: EntityType, path: string) => {
  const names = key.split("+").map((name) => name.trim())
  const known = names.map(
    (name) => fieldOf(type, name) ?? (isCustom(name) ? ({ kind: "text", group: name } as const) : undefined),
  )
  const [first] = known
  if (known.includes(undefined) || first === undefined) {
    found.add(at, path, `is no field of ${type}; allowed: ${Object.keys(canonical[type]).join(", ")}, custom.<name>`)
    return undefined
  }
  if (names.length > 1 && names.join("+") !== "firstName+lastName") {
    found.add(at, path, "only firstName + lastName can stand in one field")
    return undefined
  }
  return { names, field: first }
}

const sources = (
  found: Findings,
  at: Located | undefined,
  path: string,
): { readonly from: ReadonlyArray<string>; readonly together: boolean } => {
  if (at === undefined) return { from: [], together: false }
  if (at.items !== undefined) {
    const from = at.items.flatMap((one) => found.text(one, `${path}.from`) ?? [])
    if (from.length < 2) found.add(at, `${path}.from`, "a list names two fields or more; alternates are written A|B")
    return { from, together: true }
  }
  const from = (found.text(at, `${path}.from`) ?? "").split("|").map((one) => one.trim())
  if (from.includes("") && typeof at.value === "string") found.add(at, `${path}.from`, "has an empty alternate")
  return { from: from.filter((one) => one !== ""), together: false }
}

const value = (found: Findings, at: Located | undefined, path: string, kind: ValueKind): Value | undefined => {
  if (at === undefined) return undefined
  if (at.value === "$currency" && kind === "currency") return "$currency"
  const parsed = parseValue(kind, at.value)
  if (Result.isSuccess(parsed)) return parsed.success
  found.add(at, path, `${parsed.failure} (${kind})`)
  return undefined
}

/** Undefined where it could not be understood; what is wrong was added to the findings. */
export const parseField = (
  found: Findings,
  key: string,
  at: Located,
  type: EntityType,
  object: string,
): FieldSpec | undefined => {
  const path = `${object}.${key}`
  const named = namedFields(found, at, key, type, path)
  if (named === undefined) return undefined
  const { names, field } = named
  const name = names[0] ?? key
  const long = (at.entries === undefined ? undefined : found.members(at, path, MEMBERS)) ?? new Map([["from", at]])
  const { from, together } = sources(found, long.get("from"), path)

  const kindAt = long.get("kind")
  if (kindAt !== undefined && !isCustom(name))
    found.add(kindAt, `${path}.kind`, `only custom fields are typed here; ${name} is ${field.kind}`)
  const kind =
    (kindAt === undefined || !isCustom(name) ? undefined : found.oneOf(kindAt, `${path}.kind`, CUSTOM_KINDS)) ??
    field.kind
  const ofAt = long.get("of")
  const of = field.of ?? (ofAt === undefined ? undefined : found.oneOf(ofAt, `${path}.of`, CUSTOM_KINDS))

  const isReference = kind === "ref" || kind === "refs"
  const toAt = long.get("to")
  if (toAt !== undefined && !isReference) found.add(toAt, `${path}.to`, "only references name objects")
  const association = from[0]?.startsWith("@") === true
  const to =
    toAt === undefined
      ? association
        ? [(from[0] ?? "").slice(1)]
        : []
      : words(toAt).flatMap((one) => found.text(one, `${path}.to`) ?? [])
  const specs = transforms(found, long.get("transform"), path, name, { ...field, kind })

  const directionAt = long.get("direction")
  const direction: Direction =
    (directionAt === undefined ? undefined : found.oneOf(directionAt, `${path}.direction`, DIRECTIONS)) ?? "both"
  const oneWay = specs.find(
    (spec) => TRANSFORMS.get(spec.name)?.readOnly !== undefined || (spec.name === "many2one" && spec.option === "name"),
  )
  if (oneWay !== undefined && directionAt !== undefined && direction !== "in") {
    found.add(directionAt, `${path}.direction`, `nothing can be written through ${oneWay.name}; allowed: in`)
  }

  const constant = value(found, long.get("constant"), `${path}.constant`, kind)
  if (constant === undefined && from.length === 0) found.add(at, path, "needs `from` or `constant`")
  if (constant !== undefined && from.length > 0) found.add(at, path, "has both `from` and `constant`")
  if (isReference && constant === undefined && to.length === 0)
    found.add(at, `${path}.to`, "a reference names the object it leads to")
  if (association && !isReference) found.add(at, `${path}.from`, `an association can't hold ${name} (${kind})`)
  if (association && from.length > 1) found.add(at, `${path}.from`, "associations have no alternates")
  const needsList = specs.some((spec) => TRANSFORMS.get(spec.name)?.together === true)
  if (needsList !== together)
    found.add(
      at,
      `${path}.from`,
      needsList
        ? "the transform reads a list of fields"
        : "a list of fields needs a transform that reads them together",
    )

  const defaultValue = value(found, long.get("default"), `${path}.default`, kind)
  const absent = value(found, long.get("absent"), `${path}.absent`, kind)
  const optionalAt = long.get("optional")
  const withAt = long.get("with")
  if (withAt !== undefined) {
    const allowed = Object.keys(canonical[type]).filter((one) => groupOf(type, one) !== groupOf(type, name))
    found.oneOf(withAt, `${path}.with`, allowed)
    if (direction !== "create")
      found.add(withAt, `${path}.with`, "is for what can't be written by itself: it needs `direction: create`")
  }
  const updateAt = long.get("update")
  const updates = (updateAt === undefined ? undefined : found.boolean(updateAt, `${path}.update`)) ?? false
  if (updates && updateAt !== undefined && direction !== "both" && direction !== "out")
    found.add(updateAt, `${path}.update`, "is for what is edited: it needs `direction: both` or `direction: out`")
  const singleAt = long.get("single")
  if (singleAt !== undefined && !isReference)
    found.add(singleAt, `${path}.single`, "only references have room for one or more")
  return {
    fields: names,
    from,
    together,
    direction: oneWay === undefined ? direction : "in",
    transforms: specs,
    normalise: normalisers(found, long.get("normalise"), path),
    kind,
    ...(of === undefined ? {} : { of }),
    ...(field.to === undefined ? {} : { refersTo: field.to }),
    to,
    single: (singleAt === undefined ? undefined : found.boolean(singleAt, `${path}.single`)) ?? false,
    ...(constant === undefined ? {} : { constant }),
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
    ...(absent === undefined ? {} : { absent }),
    ...(typeof withAt?.value === "string" ? { with: withAt.value } : {}),
    ...(updates ? { update: true } : {}),
    optional: (optionalAt === undefined ? undefined : found.boolean(optionalAt, `${path}.optional`)) ?? false,
    where: found.where(at),
  }
}
