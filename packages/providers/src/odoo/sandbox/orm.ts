/** Search, read, create, write, unlink over the tables, with the rights and refusals of the real ones. */
import { chatter, checkLead, checkVat, complete, defaults, leadWrite, newLead, propagate } from "./behaviour.ts"
import { checkRequired, convertValues } from "./convert.ts"
import { eventWrite, newEvent } from "./calendar.ts"
import { notify } from "./mails.ts"
import { displayName, served, valueOf } from "./display.ts"
import { compileDomain } from "./domain.ts"
import {
  checkAccess,
  checkRules,
  type Environment,
  fieldOf,
  type Hook,
  isHidden,
  missing,
  modelOf,
} from "./environment.ts"
import { OdooFault } from "./fault.ts"
import type { Model } from "./schema.ts"
import type { Json, JsonObject, Row, Value } from "./wire.ts"

type Vals = Record<string, Value>

const mark = (env: Environment, hook: Hook): void => void env.hooks.push(hook)

const order = (env: Environment, model: Model, text: string): ((a: Row, b: Row) => number) => {
  const keys = text.split(",").map((part) => {
    const [name = "", direction = "asc"] = part.trim().split(/\s+/)
    const field = fieldOf(model, name)
    return { name, field, sign: direction.toLowerCase() === "desc" ? -1 : 1 }
  })
  const key = (row: Row, { name, field }: (typeof keys)[number]): Value => {
    const value = valueOf(env, model, name, field, row)
    return field.relation !== undefined && typeof value === "number" ? displayName(env, field.relation, value) : value
  }
  return (a, b) => {
    for (const each of keys) {
      const left = key(a, each)
      const right = key(b, each)
      if (left === right) continue
      // PostgreSQL: empty comes last ascending and first descending.
      if (left === false) return each.sign
      if (right === false) return -each.sign
      return left < right ? -each.sign : each.sign
    }
    return 0
  }
}

const hiddenRecord = (env: Environment, row: Row): boolean =>
  isHidden(env, String(row["res_model"] ?? row["model"]), Number(row["res_id"]))

export interface SearchOptions {
  readonly offset: number
  readonly limit: number | undefined
  readonly order: string | undefined
}

export const search = (
  env: Environment,
  name: string,
  domain: Json | undefined,
  options: SearchOptions,
): ReadonlyArray<number> => {
  const model = modelOf(env, name)
  checkAccess(env, model, "read")
  const compiled = compileDomain(env, model, domain)
  const activeOnly = model.fields.has("active") && env.context["active_test"] !== false && !compiled.namesActive
  const late = name === "mail.message" || name === "mail.activity"
  const matches = (row: Row | undefined): row is Row =>
    row !== undefined &&
    (!activeOnly || row["active"] !== false) &&
    compiled.test(row) &&
    (late || !isHidden(env, name, Number(row["id"])))
  const sorting = options.order ?? model.order
  const byId = /^\s*id(\s+asc)?\s*$/i.test(sorting)
  const end = options.limit === undefined ? Number.POSITIVE_INFINITY : options.offset + options.limit
  const found: Array<Row> = []
  const candidates =
    compiled.only === undefined ? env.tx.ids(name, compiled.from) : [...new Set(compiled.only)].sort((a, b) => a - b)
  for (const id of candidates) {
    const row = env.tx.get(name, id)
    if (!matches(row)) continue
    found.push(row)
    if (byId && found.length >= end) break
  }
  if (!byId) found.sort(order(env, model, sorting))
  // Messages and activities are as visible as their record is, which is looked at after the limit: pages come out short.
  return found
    .slice(options.offset, end)
    .filter((row) => !late || !hiddenRecord(env, row))
    .map((row) => Number(row["id"]))
}

export const read = (
  env: Environment,
  name: string,
  ids: ReadonlyArray<number>,
  fields: ReadonlyArray<string>,
  classic: boolean,
): ReadonlyArray<JsonObject> => {
  const model = modelOf(env, name)
  checkAccess(env, model, "read")
  const wanted = fields.length === 0 ? [...model.fields.keys()] : [...new Set(["id", ...fields])]
  const chosen = wanted.map((each) => [each, fieldOf(model, each)] as const)
  checkRules(env, model, ids, "read")
  // A row that is gone is left out without a word.
  return ids.flatMap((id) => {
    const row = env.tx.get(name, id)
    if (row === undefined) return []
    return [Object.fromEntries(chosen.map(([each, field]) => [each, served(env, model, each, field, row, classic)]))]
  })
}

const touch = (env: Environment, name: string, id: number, vals: Vals): void => {
  const before = env.tx.get(name, id)
  if (before === undefined) return
  store(env, modelOf(env, name), before, vals)
}

const store = (env: Environment, model: Model, before: Row, vals: Vals): void => {
  const after = complete(env, model.name, { ...before, ...vals, write_date: env.tx.startedAt, write_uid: env.uid })
  if (model.name === "crm.lead") checkLead(env, after)
  if (model.name === "res.partner" && ("vat" in vals || "country_id" in vals)) checkVat(env, after)
  checkRequired(model, after)
  env.tx.put(model.name, after)
  mark(env, { model: model.name, event: "write", row: after })
  chatter(model, before, after, (target, made) => insert(env, target, made))
  notify(env, model.name, before, after, (target, made) => insert(env, target, made))
  propagate(env, model.name, before, after, (target, id, changes) => touch(env, target, id, changes))
  if (env.version === 17 && before["active"] !== false && after["active"] === false) forgetPlanned(env, after, model)
}

/** Of what is archived, before 19: what is planned with it is deleted. What was done and is kept stays. */
const forgetPlanned = (env: Environment, row: Row, { name }: Model): void => {
  for (const id of env.tx.having("mail.activity", "res_id", Number(row["id"]))) {
    const activity = env.tx.get("mail.activity", id)
    if (activity?.["res_model"] === name && activity["active"] !== false) env.tx.delete("mail.activity", id)
  }
}

const made = (env: Environment, name: string, full: Vals): Vals =>
  name === "crm.lead" ? newLead(env, full) : name === "calendar.event" ? newEvent(env, full) : full

const carried = (env: Environment, name: string, before: Row, vals: Vals): Vals =>
  name === "crm.lead" ? leadWrite(env, before, vals) : name === "calendar.event" ? eventWrite(before, vals) : vals

/** Its stored name is that of the record it hangs on, which is read for it. */
const checkTarget = (env: Environment, { res_id: id, res_model: on }: Row): void => {
  if (typeof on !== "string" || typeof id !== "number" || env.tx.get(on, id) !== undefined) return
  throw missing(modelOf(env, on), [id], env.uid)
}

/** Makes a row from columns, without looking at rights. */
export const insert = (env: Environment, name: string, vals: Vals, id = env.tx.newId(name)): number => {
  const model = modelOf(env, name)
  const full = { ...defaults(env, model), ...vals }
  const row = complete(env, name, {
    ...made(env, name, full),
    id,
    create_date: env.tx.startedAt,
    create_uid: env.uid,
    write_date: env.tx.startedAt,
    write_uid: env.uid,
  })
  checkRequired(model, row)
  if (model.name === "res.partner") checkVat(env, row)
  if (name === "mail.activity") checkTarget(env, row)
  env.tx.put(name, row)
  mark(env, { model: name, event: "create", row })
  chatter(model, undefined, row, (target, made) => insert(env, target, made))
  notify(env, name, undefined, row, (target, made) => insert(env, target, made))
  propagate(env, name, undefined, row, (target, other, changes) => touch(env, target, other, changes))
  return id
}

export const create = (env: Environment, name: string, vals: JsonObject, id?: number): number => {
  const model = modelOf(env, name)
  checkAccess(env, model, "create")
  const converted = convertValues(env, model, vals)
  if (name === "ir.model.fields" && !/^x_[a-z0-9_]+$/.test(String(converted["name"])))
    throw new OdooFault("ValidationError", "Custom fields must have a name that starts with 'x_'!")
  return id === undefined ? insert(env, name, converted) : insert(env, name, converted, id)
}

export const write = (env: Environment, name: string, ids: ReadonlyArray<number>, vals: JsonObject): void => {
  const model = modelOf(env, name)
  checkAccess(env, model, "write")
  convertValues(env, model, vals)
  const gone = ids.filter((id) => env.tx.get(name, id) === undefined)
  if (gone.length > 0) throw missing(model, gone, env.uid)
  checkRules(env, model, ids, "write")
  for (const id of ids) {
    const before = env.tx.get(name, id)!
    const converted = convertValues(env, model, vals, before)
    store(env, model, before, carried(env, name, before, converted))
  }
}

/** Columns written by a method of the server itself. */
export const writeColumns = (env: Environment, name: string, ids: ReadonlyArray<number>, vals: Vals): void => {
  for (const id of ids) {
    const before = env.tx.get(name, id)
    if (before !== undefined) store(env, modelOf(env, name), before, carried(env, name, before, vals))
  }
}

const attached = ["mail.message", "mail.activity"]

/** Deletes rows and leaves nothing behind: no tombstone, no messages, no external id. */
export const unlink = (env: Environment, name: string, ids: ReadonlyArray<number>): void => {
  const model = modelOf(env, name)
  checkAccess(env, model, "unlink")
  const gone = ids.filter((id) => env.tx.get(name, id) === undefined)
  if (gone.length > 0) throw missing(model, gone, env.uid)
  checkRules(env, model, ids, "unlink")
  for (const id of ids) {
    if (name === "res.partner" && env.tx.having("res.users", "partner_id", id).length > 0)
      throw new OdooFault(
        "RedirectWarning",
        "You cannot delete contacts linked to an active user.\nYou should rather archive them after archiving their associated user.",
        ["You cannot delete contacts linked to an active user.", 75, "Go to users", false],
      )
    const row = env.tx.get(name, id)!
    for (const other of attached)
      for (const each of env.tx.having(other, "res_id", id))
        if (env.tx.get(other, each)?.[other === "mail.message" ? "model" : "res_model"] === name)
          env.tx.delete(other, each)
    for (const external of env.tx.externalIdsOf(name, id)) {
      const data = env.tx.externalId(external)
      if (data !== undefined) env.tx.delete("ir.model.data", Number(data["id"]))
    }
    env.tx.delete(name, id)
    mark(env, { model: name, event: "unlink", row })
    if (name === "res.partner") {
      for (const child of env.tx.having("res.partner", "parent_id", id))
        touch(env, "res.partner", child, { parent_id: false })
      for (const lead of env.tx.having("crm.lead", "partner_id", id))
        touch(env, "crm.lead", lead, { partner_id: false })
    }
    // A tag goes out of the records that carry it, and none of them is stamped for it.
    if (name === "res.partner.category" || name === "crm.tag") untag(env, name, id)
  }
}

const untag = (env: Environment, name: string, tag: number): void => {
  const [model, column] = name === "crm.tag" ? ["crm.lead", "tag_ids"] : ["res.partner", "category_id"]
  for (const id of env.tx.ids(model!)) {
    const row = env.tx.get(model!, id)
    const tags = row?.[column!]
    if (row !== undefined && Array.isArray(tags) && tags.includes(tag))
      env.tx.put(model!, { ...row, [column!]: tags.filter((each: number) => each !== tag) })
  }
}
