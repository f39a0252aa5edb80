/** E-mails that a write sends to people by itself, unless its context says not to. */
import type { Environment } from "./environment.ts"
import type { Row, Value } from "./wire.ts"

const OWNED = ["crm.lead", "res.partner"]

const partnerOf = (env: Environment, user: Value | undefined): Row | undefined => {
  const partner = typeof user === "number" ? env.tx.get("res.users", user)?.["partner_id"] : undefined
  return typeof partner === "number" ? env.tx.get("res.partner", partner) : undefined
}

/** The new owner of a record, the user of an activity, the guests of a meeting to come. */
const recipients = (env: Environment, model: string, before: Row | undefined, after: Row): ReadonlyArray<Row> => {
  const assigned = before?.["user_id"] !== after["user_id"] && after["user_id"] !== env.uid
  if (OWNED.includes(model) && assigned && env.context["mail_auto_subscribe_no_notify"] !== true)
    return [partnerOf(env, after["user_id"])].filter((row) => row !== undefined)
  if (model === "mail.activity" && assigned && env.context["mail_activity_quick_update"] !== true)
    return [partnerOf(env, after["user_id"])].filter((row) => row !== undefined)
  if (model !== "calendar.event" || env.context["no_mail_to_attendees"] === true) return []
  if (Number(after["start"]) < env.tx.startedAt || !Array.isArray(after["partner_ids"])) return []
  const known = new Set(Array.isArray(before?.["partner_ids"]) ? before["partner_ids"] : [])
  const caller = partnerOf(env, env.uid)?.["id"]
  return after["partner_ids"].flatMap((id: number) =>
    known.has(id) || id === caller ? [] : [env.tx.get("res.partner", id)].filter((row) => row !== undefined),
  )
}

export const notify = (
  env: Environment,
  model: string,
  before: Row | undefined,
  after: Row,
  insert: (model: string, vals: Record<string, Value>) => number,
): void => {
  for (const to of recipients(env, model, before, after))
    insert("mail.mail", { email_to: to["email"] ?? false, subject: String(after["name"] ?? model), state: "outgoing" })
}
