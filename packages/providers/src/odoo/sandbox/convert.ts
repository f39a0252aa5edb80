/** Values from the wire to the column, with the refusals of the real converters. */
import { type Environment, fieldOf } from "./environment.ts"
import { OdooFault } from "./fault.ts"
import { sanitizeHtml } from "./html.ts"
import type { Field, Model } from "./schema.ts"
import { dateValue, datetimeValue } from "./time.ts"
import type { Json, JsonObject, Value } from "./wire.ts"

const numeric = (value: Json, python: "int" | "float"): number => {
  const number =
    typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : Number.NaN
  if (Number.isNaN(number))
    throw new OdooFault(
      "ValueError",
      python === "int"
        ? `invalid literal for int() with base 10: '${String(value)}'`
        : `could not convert string to float: '${String(value)}'`,
    )
  return number
}

const reference = (env: Environment, field: Field, id: number): number => {
  if (field.relation === undefined || env.tx.get(field.relation, id) !== undefined) return id
  throw new OdooFault(
    "ValidationError",
    `The operation cannot be completed: another model requires the record being deleted, or a record does not exist: ${field.relation}(${id},)`,
  )
}

/** `[6,0,ids]`, `[5]`, `[4,id]`, `[3,id]`, or bare ids. Commands that make rows are not offered here. */
const commands = (env: Environment, field: Field, given: Json, held: ReadonlyArray<number>): ReadonlyArray<number> => {
  if (given === false || given === null) return []
  if (!Array.isArray(given))
    throw new OdooFault("ValueError", `Wrong value for ${field.string}: ${JSON.stringify(given)}`)
  const ids = new Set(given.some(Array.isArray) ? held : [])
  for (const command of given as ReadonlyArray<Json>) {
    if (typeof command === "number") ids.add(command)
    else if (Array.isArray(command)) {
      const [code, id, list] = command as ReadonlyArray<Json>
      if (code === 5 || code === 6) ids.clear()
      if (code === 6) for (const each of list as ReadonlyArray<number>) ids.add(each)
      else if (code === 4) ids.add(Number(id))
      else if (code === 3 || code === 2) ids.delete(Number(id))
      else if (code !== 5) throw new OdooFault("ValueError", `Unsupported x2many command ${String(code)}`)
    } else throw new OdooFault("ValueError", `Wrong value for ${field.string}: ${JSON.stringify(given)}`)
  }
  for (const id of ids) reference(env, field, id)
  return [...ids].sort((a, b) => a - b)
}

const convertOne = (
  env: Environment,
  model: Model,
  name: string,
  field: Field,
  value: Json,
  held: Value | undefined,
): Value => {
  switch (field.type) {
    case "many2many":
      return commands(env, field, value, Array.isArray(held) ? held : [])
    case "one2many":
      throw new OdooFault("ValueError", `Write ${model.name}.${name} from the other side`)
    case "boolean":
      return value !== false && value !== null && value !== 0 && value !== ""
    case "integer":
    case "many2one_reference":
      return value === false || value === null ? 0 : Math.trunc(numeric(value, "int"))
    case "float":
      return value === false || value === null ? 0 : numeric(value, "float")
    case "monetary":
      // Rounded to the currency of the company, two digits here.
      return value === false || value === null ? 0 : Math.round(numeric(value, "float") * 100) / 100
    case "many2one": {
      if (value === false || value === null || value === "") return false
      const id = Array.isArray(value) ? value[0] : value
      if (typeof id !== "number")
        throw new OdooFault("ValueError", `Wrong value for ${model.name}.${name}: '${String(value)}'`)
      return reference(env, field, id)
    }
    case "selection": {
      if (value === false || value === null || value === "") return false
      const key = String(value)
      if (field.selection?.some(([each]) => each === key) !== true)
        throw new OdooFault("ValueError", `Wrong value for ${model.name}.${name}: '${key}'`)
      return key
    }
    case "date":
      return value === false || value === null || value === "" ? false : dateValue(String(value))
    case "datetime":
      return value === false || value === null || value === "" ? false : datetimeValue(String(value))
    case "html":
      return value === false || value === null ? false : sanitizeHtml(String(value)) || false
    case "char":
      // A trimmed empty text is an empty field.
      return value === false || value === null ? false : String(value) || false
    case "text":
    case "binary":
      return value === false || value === null ? false : String(value) || false
  }
}

/** Set by the server alone; what a caller sends for them is ignored without a word. */
const magic = new Set(["id", "create_date", "create_uid", "write_date", "write_uid"])

/** Columns and values of a `vals`; unknown fields refuse the call, read-only ones are dropped. */
export const convertValues = (
  env: Environment,
  model: Model,
  vals: JsonObject,
  held: Readonly<Record<string, Value>> = {},
): Record<string, Value> => {
  const converted: Record<string, Value> = {}
  for (const [name, value] of Object.entries(vals)) {
    const field = fieldOf(model, name)
    if (magic.has(name)) continue
    if (model.name === "res.partner" && name === "company_type") {
      converted["is_company"] = value === "company"
      continue
    }
    if (name === "website" && typeof value === "string" && value !== "") {
      converted[name] = /^[a-z]+:\/\//i.test(value) ? value : `http://${value}`
      continue
    }
    // An internal caller (the create of a done activity) may set what is read-only to a person.
    if (field.store === false) continue
    converted[name] = convertOne(env, model, name, field, value, held[name])
  }
  return converted
}

export const checkRequired = (model: Model, row: Readonly<Record<string, Value>>): void => {
  for (const [name, field] of model.fields) {
    const value = row[name]
    if (field.required !== true || name === "res_id") continue
    if (value === undefined || value === false || value === "")
      throw new OdooFault(
        "ValidationError",
        `The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n- Delete: another model requires the record being deleted. If possible, archive it instead.\n\nModel: ${model.label} (${model.name})\nField: ${field.string} (${name})\n`,
      )
  }
}
