/** The methods that can be called from outside, with their arguments by name and place. */
import { escapeHtml } from "./html.ts"
import { type Environment, missing, modelOf } from "./environment.ts"
import { OdooFault } from "./fault.ts"
import { load } from "./load.ts"
import { create, insert, read, search, unlink, write, writeColumns } from "./orm.ts"
import { customField, type FieldType } from "./schema.ts"
import { secondOf, toSeconds } from "./time.ts"
import { stageIsWon } from "./behaviour.ts"
import { isObject, type Json, type JsonObject, type Value } from "./wire.ts"

export interface Call {
  readonly env: Environment
  readonly model: string
  readonly ids: ReadonlyArray<number>
  readonly args: JsonObject
}

export interface Method {
  /** Whether it is called on records: their ids come first. */
  readonly onRecords: boolean
  readonly parameters: ReadonlyArray<string>
  readonly required: ReadonlyArray<string>
  /** Takes any further named argument. */
  readonly open?: boolean
  readonly writes: boolean
  /** `undefined` is Python's None. */
  readonly run: (call: Call) => Json | undefined
}

const number = (value: Json | undefined): number | undefined => (typeof value === "number" ? value : undefined)
const strings = (value: Json | undefined): ReadonlyArray<string> => (Array.isArray(value) ? value.map(String) : [])
const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "")

const options = (args: JsonObject) => ({
  offset: number(args["offset"]) ?? 0,
  limit: number(args["limit"]),
  order: typeof args["order"] === "string" ? args["order"] : undefined,
})

const classic = (args: JsonObject): boolean => !("load" in args) || args["load"] === "_classic_read"

const fieldsGet = ({ env, model, args }: Call): JsonObject => {
  const only = new Set(strings(args["allfields"]))
  const attributes = strings(args["attributes"])
  return Object.fromEntries(
    [...modelOf(env, model).fields]
      .filter(([name]) => only.size === 0 || only.has(name))
      .map(([name, field]) => {
        const { inverse: _inverse, ...all } = field
        const described = Object.entries({ name, ...all, store: field.store !== false })
        return [
          name,
          Object.fromEntries(described.filter(([key]) => attributes.length === 0 || attributes.includes(key))),
        ]
      }),
  ) as JsonObject
}

const createMethod = ({ env, model, args }: Call): Json => {
  const given = args["vals_list"]
  const list = Array.isArray(given) ? (given as ReadonlyArray<Json>) : [given]
  const ids = list.map((vals) => {
    if (!isObject(vals)) throw new OdooFault("TypeError", "create() expects a dict or a list of dicts")
    return create(env, model, vals)
  })
  if (model === "ir.model.fields")
    for (const id of ids) {
      const row = env.tx.get(model, id)!
      modelOf(env, String(row["model"])).fields.set(
        String(row["name"]),
        customField(String(row["field_description"]), String(row["ttype"]) as FieldType),
      )
    }
  return Array.isArray(given) ? ids : ids[0]!
}

const subtypeOf = (env: Environment, xmlid: string): Value => env.tx.externalId(xmlid)?.["res_id"] ?? 2

const messagePost = ({ env, model, ids, args }: Call): Json => {
  const [id] = ids
  const row = id === undefined ? undefined : env.tx.get(model, id)
  if (id === undefined || row === undefined) throw missing(modelOf(env, model), id === undefined ? [] : [id], env.uid)
  const body = textOf(args["body"])
  const message = insert(env, "mail.message", {
    model,
    res_id: id,
    record_name: row["name"] ?? false,
    // Text that comes from outside is escaped, unless the caller says that it is HTML.
    body:
      body === ""
        ? false
        : `<p>${args["body_is_html"] === true ? body.replace(/^<p>|<\/p>$/g, "") : escapeHtml(body)}</p>`,
    subject: textOf(args["subject"]) || false,
    message_type: textOf(args["message_type"]) || "notification",
    subtype_id: number(args["subtype_id"]) ?? subtypeOf(env, textOf(args["subtype_xmlid"]) || "mail.mt_note"),
  })
  return env.version === 17 ? message : [message]
}

/** Done activities become a message; on 17 they are deleted (unless their type keeps them), on 19 archived. */
const feedback = ({ env, ids, args }: Call): Json => {
  let first: number | false = false
  for (const id of ids) {
    const row = env.tx.get("mail.activity", id)
    if (row === undefined) throw missing(modelOf(env, "mail.activity"), [id], env.uid)
    if (row["active"] === false) continue
    const type =
      typeof row["activity_type_id"] === "number"
        ? env.tx.get("mail.activity.type", row["activity_type_id"])
        : undefined
    const said = textOf(args["feedback"])
    const message = insert(env, "mail.message", {
      model: row["res_model"] ?? false,
      res_id: row["res_id"] ?? 0,
      record_name: false,
      message_type: "notification",
      subtype_id: subtypeOf(env, "mail.mt_activities"),
      mail_activity_type_id: row["activity_type_id"] ?? false,
      body: `<p><span>${escapeHtml(String(type?.["name"] ?? "To-Do"))}</span> done <span>: ${escapeHtml(String(row["summary"] || ""))}</span></p>${said === "" ? "" : `<div>Feedback: ${escapeHtml(said)}</div>`}`,
    })
    first ||= message
    if (env.version === 17 && type?.["keep_done"] !== true) unlink(env, "mail.activity", [id])
    else
      writeColumns(env, "mail.activity", [id], {
        active: false,
        date_done: toSeconds(env.tx.startedAt).slice(0, 10),
        ...(env.version === 19 ? { feedback: said || false } : {}),
      })
  }
  return first
}

const setActive =
  (active: boolean) =>
  ({ env, model, ids }: Call): Json | undefined => {
    const moved = ids.filter((id) => (env.tx.get(model, id)?.["active"] !== false) !== active)
    for (const id of moved) {
      writeColumns(env, model, [id], { active })
      if (model !== "crm.lead") continue
      const row = env.tx.get(model, id)!
      const scored = stageIsWon(env, row["stage_id"]) ? 100 : 20
      if (active)
        writeColumns(env, model, [id], { lost_reason_id: false, automated_probability: scored, probability: scored })
      // Only 17 takes the probability away with the archiving itself.
      else if (env.version === 17) writeColumns(env, model, [id], { probability: 0, automated_probability: 0 })
    }
    return env.version === 17 ? undefined : true
  }

const setLost = (call: Call): Json | undefined => {
  const { env, model, ids, args } = call
  const result = setActive(false)(call)
  const { context: _context, ...extra } = args
  if (Object.keys(extra).length > 0) write(env, model, ids, extra)
  if (env.version === 19) writeColumns(env, model, ids, { probability: 0, automated_probability: 0 })
  return result
}

const setWon = (call: Call): Json => {
  const { env, model, ids } = call
  setActive(true)(call)
  const stage = [...env.tx.ids("crm.stage")].find((id) => stageIsWon(env, id))
  if (stage !== undefined) writeColumns(env, model, ids, { stage_id: stage, probability: 100 })
  return true
}

const convertOpportunity = ({ env, model, ids, args }: Call): Json => {
  if (typeof args["partner"] === "number") throw new OdooFault("AttributeError", "'int' object has no attribute 'id'")
  for (const id of ids) {
    const row = env.tx.get(model, id)
    if (row === undefined || row["active"] === false || row["probability"] === 100) continue
    // A customer can't be named over RPC, and none at all empties the one that the lead has.
    writeColumns(env, model, [id], {
      type: "opportunity",
      partner_id: false,
      date_conversion: secondOf(env.tx.startedAt),
    })
  }
  return true
}

const method = (
  onRecords: boolean,
  writes: boolean,
  parameters: ReadonlyArray<string>,
  required: ReadonlyArray<string>,
  run: Method["run"],
  open = false,
): Method => ({ onRecords, writes, parameters, required, run, open })

const common: Record<string, Method> = {
  search: method(false, false, ["domain", "offset", "limit", "order"], ["domain"], ({ env, model, args }) =>
    search(env, model, args["domain"], options(args)),
  ),
  search_count: method(
    false,
    false,
    ["domain", "limit"],
    ["domain"],
    ({ env, model, args }) =>
      search(env, model, args["domain"], { offset: 0, limit: number(args["limit"]), order: "id" }).length,
  ),
  search_read: method(
    false,
    false,
    ["domain", "fields", "offset", "limit", "order", "load"],
    [],
    ({ env, model, args }) =>
      read(env, model, search(env, model, args["domain"], options(args)), strings(args["fields"]), classic(args)),
  ),
  name_search: method(false, false, ["name", "domain", "operator", "limit"], [], ({ env, model, args }) =>
    search(env, model, [["name", "ilike", textOf(args["name"])]], {
      offset: 0,
      limit: number(args["limit"]) ?? 100,
      order: "id",
    }).map((id) => [id, textOf(read(env, model, [id], ["display_name"], true)[0]?.["display_name"])]),
  ),
  read: method(true, false, ["fields", "load"], [], ({ env, model, ids, args }) =>
    read(env, model, ids, strings(args["fields"]), classic(args)),
  ),
  fields_get: method(false, false, ["allfields", "attributes"], [], fieldsGet),
  create: method(false, true, ["vals_list"], ["vals_list"], createMethod),
  unlink: method(true, true, [], [], ({ env, model, ids }) => {
    unlink(env, model, ids)
    return true
  }),
  load: method(false, true, ["fields", "data"], ["fields", "data"], ({ env, model, args }) =>
    load(env, model, strings(args["fields"]), args["data"] as ReadonlyArray<ReadonlyArray<Json>>),
  ),
  action_archive: method(true, true, [], [], setActive(false)),
  action_unarchive: method(true, true, [], [], setActive(true)),
}

const exists = method(true, false, [], [], ({ env, model, ids }) =>
  ids.filter((id) => env.tx.get(model, id) !== undefined),
)

const ofModel: Record<string, Record<string, Method>> = {
  "crm.lead": {
    action_set_lost: method(true, true, [], [], setLost, true),
    action_set_won: method(true, true, [], [], setWon),
    convert_opportunity: method(true, true, ["partner", "user_ids", "team_id"], ["partner"], convertOpportunity),
  },
  "mail.activity": {
    action_feedback: method(true, true, ["feedback", "attachment_ids"], [], feedback),
    action_done: method(true, true, [], [], feedback),
  },
}

const post = method(
  true,
  true,
  ["body", "subject", "message_type", "subtype_xmlid", "subtype_id", "body_is_html"],
  [],
  messagePost,
  true,
)

/** What `write` calls its values, by model: overrides name them as they like, and 17 itself does for these two. */
const valuesOf = (env: Environment, model: string): string =>
  env.settings.writeArgument[model] ??
  (env.version === 17 && (model === "mail.activity" || model === "calendar.event") ? "values" : "vals")

const writeMethod = (vals: string): Method =>
  method(true, true, [vals], [vals], ({ env, model, ids, args }) => {
    if (!isObject(args[vals])) throw new OdooFault("TypeError", "write() expects a dict")
    write(env, model, ids, args[vals])
    return true
  })

export const methodOf = (env: Environment, model: string, name: string): Method => {
  const { fields } = modelOf(env, model)
  // `exists` can be called on 17 and is private from 19 on.
  if (name.startsWith("_") || (name === "exists" && env.version === 19))
    throw new OdooFault("AccessError", `Private methods (such as '${model}.${name}') cannot be called remotely.`)
  if (name === "write") return writeMethod(valuesOf(env, model))
  const found =
    ofModel[model]?.[name] ??
    (name === "message_post" && fields.has("message_ids") ? post : name === "exists" ? exists : common[name])
  if (found === undefined) throw new OdooFault("AttributeError", `The method '${model}.${name}' does not exist`)
  return found
}
