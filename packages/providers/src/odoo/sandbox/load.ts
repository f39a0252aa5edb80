/** `load`: the importer, the one call that creates or updates by an external id; it answers 200 whatever happens. */
import { type Environment, modelOf } from "./environment.ts"
import { OdooFault } from "./fault.ts"
import { create, insert, write } from "./orm.ts"
import type { Field, Model } from "./schema.ts"
import type { Json, JsonObject } from "./wire.ts"

/** An external id is looked up with its module; without a dot it belongs to no module. */
const qualified = (name: string): string => (name.includes(".") ? name : `.${name}`)

const idOf = (env: Environment, field: Field, path: string, cell: string): number | false => {
  if (cell === "") return false
  if (path.endsWith("/.id")) {
    const id = Number(cell)
    if (Number.isInteger(id) && env.tx.get(field.relation ?? "", id) !== undefined) return id
    throw new OdooFault("ValueError", `No matching record found for database id '${cell}' in field '${field.string}'`)
  }
  const data = env.tx.externalId(qualified(cell))
  if (data === undefined)
    throw new OdooFault("ValueError", `No matching record found for external id '${cell}' in field '${field.string}'`)
  return Number(data["res_id"])
}

const truths: Readonly<Record<string, boolean>> = {
  "1": true,
  true: true,
  yes: true,
  "": false,
  "0": false,
  false: false,
  no: false,
}

/** A cell as the importer reads it: text, with relations by `/id` or `/.id`. */
const cellValue = (env: Environment, field: Field, path: string, cell: Json): Json => {
  const text = cell === null || cell === false ? "" : String(cell)
  if (field.type === "many2one") return idOf(env, field, path, text)
  if (field.type === "many2many")
    return [[6, 0, text === "" ? [] : text.split(",").map((each) => idOf(env, field, path, each.trim()))]]
  if (field.type === "boolean") return truths[text.toLowerCase()] ?? true
  if (text === "") return false
  if (field.type === "selection") {
    const found = field.selection?.find(([key, label]) => key === text || label.toLowerCase() === text.toLowerCase())
    if (found === undefined)
      throw new OdooFault("ValueError", `Value '${text}' not found in selection field '${field.string}'`)
    return found[0]
  }
  return ["integer", "float", "monetary", "many2one_reference"].includes(field.type) ? Number(text) : text
}

/** The importer takes a datetime for the caller's own zone, and only UTC in the context keeps it as it is. */
const zoneShiftMs = (env: Environment): number => {
  const zone = env.context["tz"] ?? env.tx.get("res.users", env.uid)?.["tz"]
  return zone === "UTC" || zone === false || zone === undefined || zone === null ? 0 : 3_600_000
}

const shifted = (text: string, ms: number): string =>
  ms === 0 ? text : new Date(Date.parse(`${text.replace(" ", "T")}Z`) - ms).toISOString().slice(0, 19).replace("T", " ")

const importRow = (
  env: Environment,
  model: Model,
  columns: ReadonlyArray<string>,
  cells: ReadonlyArray<Json>,
): number => {
  const vals: Record<string, Json> = {}
  let external: string | undefined
  let existing: number | undefined
  for (const [index, path] of columns.entries()) {
    const cell = cells[index] ?? ""
    if (path === "id") external = String(cell)
    else if (path === ".id") existing = Number(cell)
    else {
      const name = path.split("/")[0] ?? path
      const field = model.fields.get(name)
      if (field === undefined) throw new OdooFault("ValueError", `Invalid field '${name}' on model '${model.name}'`)
      const value = cellValue(env, field, path, cell)
      vals[name] = field.type === "datetime" && typeof value === "string" ? shifted(value, zoneShiftMs(env)) : value
    }
  }
  const data = external === undefined ? undefined : env.tx.externalId(qualified(external))
  const held = existing ?? (data === undefined ? undefined : Number(data["res_id"]))
  if (held !== undefined && env.tx.get(model.name, held) !== undefined) {
    write(env, model.name, [held], vals as JsonObject)
    return held
  }
  const id = create(env, model.name, vals as JsonObject)
  if (external !== undefined) {
    const [module = "", ...rest] = qualified(external).split(".")
    insert(env, "ir.model.data", { module, name: rest.join("."), model: model.name, res_id: id })
  }
  return id
}

/** Names no rows, and is no error: what comes after it was not tried. */
export const interrupted: JsonObject = {
  type: "warning",
  message:
    "Found more than 10 errors and more than one error per 10 records, interrupted to avoid showing too many errors.",
}

/** `ids` is false when a single row failed, and then nothing at all was written: the caller rolls back. */
export const load = (
  env: Environment,
  name: string,
  columns: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<Json>>,
): JsonObject => {
  const model = modelOf(env, name)
  const ids: Array<number> = []
  const messages: Array<JsonObject> = []
  for (const [index, cells] of rows.entries()) {
    try {
      ids.push(importRow(env, model, columns, cells))
    } catch (fault) {
      if (!(fault instanceof OdooFault)) throw fault
      messages.push({ type: "error", message: fault.message, record: index, rows: { from: index, to: index } })
      if (messages.length < 10 || messages.length < (index + 1) / 10) continue
      messages.push(interrupted)
      break
    }
  }
  return messages.length === 0 ? { ids, messages: [], nextrow: 0 } : { ids: false, messages, nextrow: 0 }
}
