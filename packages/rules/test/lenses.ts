/** Mappings for tests of the core: one lens per group, with the normaliser, direction and spelling a test asks for. */
import type { EntityType, GroupValue, Value } from "@concordat/model/canonical/fields"
import { fieldOf, fieldsOf, isEmpty } from "@concordat/model/canonical/types"
import { sha256 } from "@concordat/model/ids"
import { canonicalJson, type JsonObject } from "@concordat/model/json"
import { same } from "@concordat/model/values/equivalence"
import type { GroupLens, Mapping, ObjectMapping, References, View } from "../src/mapping/lens.ts"

export interface LensOptions {
  /** What the provider does to values of it, declared or not. */
  readonly lossy?: (value: Value) => Value
  readonly direction?: "both" | "in" | "out"
  /** Fields of the group that this connection has; all where absent. */
  readonly fields?: ReadonlyArray<string>
  /** Changes the lens's signature. */
  readonly version?: string
}

const members = (value: Value | undefined): ReadonlyArray<string> =>
  Array.isArray(value) ? (value as ReadonlyArray<string>) : []

const external = (references: References, type: EntityType, ids: ReadonlyArray<string>) => {
  const known: Array<string> = []
  const waiting: Array<string> = []
  for (const id of ids) {
    const found = references.external(type, id)
    if (found === undefined) waiting.push(id)
    else known.push(found)
  }
  return { known, waiting }
}

export const lens = (type: EntityType, group: string, options: LensOptions = {}): GroupLens => {
  const fields = options.fields ?? fieldsOf(type, group)
  const lossy = options.lossy ?? ((value: Value) => value)
  const kindOf = (field: string) => fieldOf(type, field)?.kind ?? "text"
  const to = fields.map((field) => fieldOf(type, field)?.to).find((one) => one !== undefined)
  const pick = (value: GroupValue): View =>
    Object.fromEntries(
      fields.map((field) => [field, value[field] ?? (kindOf(field) === "set" || kindOf(field) === "refs" ? [] : null)]),
    )
  const sameView = (a: View, b: View) =>
    fields.every((field) => same(kindOf(field), a[field], b[field], { region: "DE", of: "text" }))
  return {
    group,
    signature: sha256(canonicalJson([type, group, fields, options.direction ?? "both", options.version ?? ""])).slice(
      0,
      8,
    ),
    fields,
    sources: fields,
    direction: options.direction ?? "both",
    readOnly: null,
    onCreate: false,
    along: null,
    read: (raw: JsonObject, before) => {
      const present = fields.filter((field) => raw[field] !== undefined)
      if (present.length === 0) return { _tag: "Unknown" }
      if (present.length < fields.length && before === undefined) return { _tag: "Unknown" }
      return {
        _tag: "Known",
        view: Object.fromEntries(
          fields.map((field) => [field, (raw[field] === undefined ? (before?.[field] ?? null) : raw[field]) as Value]),
        ),
      }
    },
    get: (value, references) => {
      if (to === undefined) return { _tag: "View", view: pick(value), waiting: [] }
      const [field] = fields as [string]
      if (kindOf(field) === "ref") {
        const id = value[field]
        if (typeof id !== "string") return { _tag: "View", view: { [field]: null }, waiting: [] }
        const found = references.external(to, id)
        return found === undefined
          ? { _tag: "Waiting", waiting: [id] }
          : { _tag: "View", view: { [field]: found }, waiting: [] }
      }
      const { known, waiting } = external(references, to, members(value[field]))
      return { _tag: "View", view: { [field]: known }, waiting }
    },
    put: (value, before, view, references) => {
      const [field] = fields as [string]
      const kind = kindOf(field)
      if (to !== undefined && kind === "ref") {
        const held = view[field]
        if (typeof held !== "string") return { _tag: "Value", value: { ...value, [field]: null }, waiting: [] }
        const id = references.entity(to, held)
        return id === undefined
          ? { _tag: "Waiting", waiting: [held] }
          : { _tag: "Value", value: { ...value, [field]: id }, waiting: [] }
      }
      if (kind === "set" || kind === "refs") {
        const waiting: Array<string> = []
        const translate = (list: ReadonlyArray<string>) =>
          list.flatMap((one) => {
            if (to === undefined) return [one]
            const id = references.entity(to, one)
            if (id === undefined) waiting.push(one)
            return id === undefined ? [] : [id]
          })
        const now = members(view[field])
        const was = members(before?.[field])
        const added = translate(now.filter((one) => !was.includes(one)))
        const removed = translate(was.filter((one) => !now.includes(one)))
        const next = [
          ...new Set([...members(value[field]).filter((one) => !removed.includes(one)), ...added]),
        ].toSorted()
        return { _tag: "Value", value: { ...value, [field]: next }, waiting }
      }
      return { _tag: "Value", value: { ...value, ...view }, waiting: [] }
    },
    write: (view) => view as JsonObject,
    same: sameView,
    lossy: (view) => Object.fromEntries(fields.map((field) => [field, lossy(view[field] ?? null)])),
    empty: (view) => fields.every((field) => isEmpty(view[field])),
  }
}

export const objectMapping = (object: string, type: EntityType, groups: ReadonlyArray<GroupLens>): ObjectMapping => ({
  object,
  type,
  groups,
  sources: groups.flatMap((one) => one.sources).toSorted(),
  constants: {},
  canCreate: true,
  needs: [],
  matches: () => true,
  accepts: () => true,
  lookup: () => ({}),
})

export const mapping = (...objects: ReadonlyArray<ObjectMapping>): Mapping => ({
  hash: sha256(canonicalJson(objects.map((one) => [one.object, one.groups.map((group) => group.signature)]))),
  objects,
})
