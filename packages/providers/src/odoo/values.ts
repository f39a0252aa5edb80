/** Wanted values in the forms that Odoo takes: `vals` of a write, and cells of an import. */
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "@concordat/model/json"
import type { Columns } from "./catalog.ts"
import { objects } from "./objects.ts"

/** Ids of a wanted association list; what is no record id of Odoo is no id. */
export const idsOf = (value: Json): ReadonlyArray<number> =>
  (Array.isArray(value) ? value : []).flatMap((each) => {
    const id = isJsonObject(each) ? Number(each["id"]) : Number.NaN
    return Number.isInteger(id) && id > 0 ? [id] : []
  })

export interface Wanted {
  /** Columns and values of a `write`. */
  readonly vals: JsonObject
  /** Derived values, which are verbs. */
  readonly verbs: JsonObject
  /** The record that a new activity or message hangs on. */
  readonly record: { readonly model: string; readonly id: number } | undefined
  /** Names that can't be written: not there, or the server's own. */
  readonly refused: ReadonlyArray<{ readonly key: string; readonly code: "validation"; readonly message: string }>
  /** What is known to be held in place of what was sent. */
  readonly held?: JsonObject
}

const recordOf = (value: Json): Wanted["record"] => {
  const first = Array.isArray(value) ? value[0] : undefined
  const [id] = idsOf(value)
  return isJsonObject(first) && typeof first["object"] === "string" && id !== undefined
    ? { model: first["object"], id }
    : undefined
}

const bareId = (value: Json): Json => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value)

/** `null` empties like `false`; relations come as associations, or as bare ids that may be text. */
const columnValue = (type: string, value: Json, association: boolean): Json => {
  if (type === "many2many" || type === "one2many") {
    const ids = association ? idsOf(value) : Array.isArray(value) ? value.map(bareId) : []
    return [[6, 0, [...ids]]]
  }
  if (association) return idsOf(value)[0] ?? false
  if (value === null) return false
  return type === "many2one" ? (value === "" ? false : bareId(value)) : value
}

/** Guests are the attendees that are no users of the house. */
export const columnOf = (name: string): string =>
  name === "@guests" ? "partner_ids" : name.startsWith("@") ? name.slice(1) : name

export const wantedOf = (object: string, values: JsonObject, columns: Columns): Wanted => {
  const vals: Record<string, Json> = {}
  const verbs: Record<string, Json> = {}
  const refused: Array<Wanted["refused"][number]> = []
  const [modelColumn, idColumn] = objects[object]?.record ?? []
  let record: Wanted["record"]
  if (modelColumn !== undefined && idColumn !== undefined) {
    const [model, id] = [values[modelColumn], Number(values[idColumn])]
    if (typeof model === "string" && Number.isInteger(id) && id > 0) record = { model, id }
  }
  for (const [name, value] of Object.entries(values)) {
    if (name === "@record") record = recordOf(value)
    else if (name.startsWith("$")) verbs[name] = value
    // What an activity or message hangs on is set once, when it is created.
    else if (name === modelColumn || name === idColumn) continue
    else {
      const association = name.startsWith("@")
      const key = columnOf(name)
      const column = columns.get(key)
      if (column === undefined || column.readonly) {
        const message = column === undefined ? `${object} has no field ${key}` : `${key} is read-only`
        refused.push({ key: name, code: "validation", message })
      } else vals[key] = columnValue(column.type, value, association)
    }
  }
  return { vals, verbs, record, refused }
}

const text = (value: Json): string =>
  value === false || value === null ? "" : value === true ? "1" : typeof value === "string" ? value : String(value)

/** A column of an import and its cell: text, relations by database id, empty for false. */
export const cellOf = (name: string, value: Json, columns: Columns): readonly [column: string, cell: string] => {
  const type = columns.get(name)?.type
  if (type === "many2one") return [`${name}/.id`, text(value)]
  if (type === "many2many") {
    const ids = Array.isArray(value) && Array.isArray(value[0]) ? value[0][2] : value
    return [`${name}/.id`, Array.isArray(ids) ? ids.join(",") : ""]
  }
  // A cell that is false is an empty one; the importer wants the word.
  return [name, type === "boolean" ? (value === true ? "1" : "0") : text(value)]
}

/** Rows that can share a call: the same key, in the order in which each first came. */
export const grouped = <A>(items: ReadonlyArray<A>, key: (item: A) => unknown): ReadonlyArray<ReadonlyArray<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const item of items) {
    const name = canonicalJson(key(item))
    groups.set(name, [...(groups.get(name) ?? []), item])
  }
  return [...groups.values()]
}
