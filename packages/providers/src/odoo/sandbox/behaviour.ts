/** What Odoo does besides what was asked: stored computed fields, defaults, and edits of records that nobody named. */
import type { Environment } from "./environment.ts"
import { OdooFault } from "./fault.ts"
import type { Model } from "./schema.ts"
import { secondOf, toSeconds } from "./time.ts"
import type { Row, Value } from "./wire.ts"

type Vals = Record<string, Value>
/** Writes columns of one row as a side effect: stamps, fires rules, and goes on with what follows from it. */
export type Touch = (model: string, id: number, vals: Vals) => void
export type Insert = (model: string, vals: Vals) => number

const text = (value: Value | undefined): string => (typeof value === "string" ? value : "")

const normalizedEmail = (value: Value | undefined): Value => {
  const found = /^(?:[^<]*<)?([^\s@<>]+@[^\s@<>]+)>?$/.exec(text(value).trim())
  return found?.[1]?.toLowerCase() ?? false
}

/** Probability that the scoring gives: what matters is that it changes by itself with the stage. */
const automated = (env: Environment, stage: Value | undefined): number => {
  const row = typeof stage === "number" ? env.tx.get("crm.stage", stage) : undefined
  if (row?.["is_won"] === true) return 100
  return Math.min(90, 10 + 20 * Number(row?.["sequence"] ?? 0))
}

export const stageIsWon = (env: Environment, stage: Value | undefined): boolean =>
  typeof stage === "number" && env.tx.get("crm.stage", stage)?.["is_won"] === true

/** Stored computed columns of a row that is about to be kept. */
export const complete = (env: Environment, model: string, row: Vals): Vals => {
  if (model === "res.partner") {
    const parent = typeof row["parent_id"] === "number" ? env.tx.get("res.partner", row["parent_id"]) : undefined
    const own = text(row["name"])
    return {
      ...row,
      complete_name: parent === undefined || row["is_company"] === true ? own : `${text(parent["name"])}, ${own}`,
      email_normalized: normalizedEmail(row["email"]),
      commercial_partner_id:
        parent === undefined || row["is_company"] === true
          ? row["id"]!
          : (parent["commercial_partner_id"] ?? row["id"]!),
    }
  }
  if (model === "crm.lead") {
    const won = stageIsWon(env, row["stage_id"])
    const lost = row["active"] === false && row["probability"] === 0
    return {
      ...row,
      email_normalized: normalizedEmail(row["email_from"]),
      ...(env.version === 19 ? { won_status: won ? "won" : lost ? "lost" : "pending" } : {}),
    }
  }
  if (model === "mail.activity" || model === "calendar.event") {
    const target = typeof row["res_model_id"] === "number" ? env.tx.get("ir.model", row["res_model_id"]) : undefined
    return { ...row, res_model: target?.["model"] ?? row["res_model"] ?? false }
  }
  if (model === "ir.model.fields") {
    const target = typeof row["model_id"] === "number" ? env.tx.get("ir.model", row["model_id"]) : undefined
    return { ...row, model: target?.["model"] ?? false, state: "manual" }
  }
  return row
}

export const defaults = (env: Environment, model: Model): Vals => {
  const vals: Vals = model.fields.has("active") ? { active: true } : {}
  if (model.name === "res.partner")
    return { ...vals, type: "contact", lang: "en_US", is_company: false, category_id: [] }
  if (model.name === "crm.lead")
    // The caller becomes the salesperson unless the values say otherwise.
    return { ...vals, type: "opportunity", priority: "0", user_id: env.uid, team_id: 1, tag_ids: [] }
  if (model.name === "mail.activity")
    // The caller is the owner on 17, which wants one; 19 does without.
    return {
      ...vals,
      user_id: env.version === 17 ? env.uid : false,
      date_deadline: toSeconds(env.tx.startedAt).slice(0, 10),
      activity_type_id: 4,
    }
  if (model.name === "mail.message")
    return {
      ...vals,
      message_type: "comment",
      date: secondOf(env.tx.startedAt),
      author_id: env.tx.get("res.users", env.uid)?.["partner_id"] ?? false,
    }
  if (model.name === "calendar.event") return { ...vals, user_id: env.uid }
  return vals
}

/** Values of a new lead that follow from its partner and its stage. */
export const newLead = (env: Environment, vals: Vals): Vals => {
  const partner = typeof vals["partner_id"] === "number" ? env.tx.get("res.partner", vals["partner_id"]) : undefined
  const stage = vals["stage_id"] ?? [...env.tx.ids("crm.stage")][0] ?? false
  const now = secondOf(env.tx.startedAt)
  const scored = automated(env, stage)
  const won = stageIsWon(env, stage)
  return {
    ...vals,
    email_from: vals["email_from"] || (partner?.["email"] ?? false),
    phone: vals["phone"] || (partner?.["phone"] ?? false),
    stage_id: stage,
    automated_probability: scored,
    probability: won ? 100 : (vals["probability"] ?? scored),
    date_last_stage_update: now,
    date_open: vals["user_id"] ? now : false,
    date_closed: won ? now : false,
  }
}

/** What a write to a lead carries along: stage, probability and the closing date hang together. */
export const leadWrite = (env: Environment, before: Row, vals: Vals): Vals => {
  const out: Vals = { ...vals }
  const now = secondOf(env.tx.startedAt)
  const staged = "stage_id" in vals && vals["stage_id"] !== before["stage_id"]
  const won = "stage_id" in vals && stageIsWon(env, vals["stage_id"])
  if (won) {
    out["probability"] = 100
    out["automated_probability"] = 100
    if (env.version === 19) out["active"] = true
  } else if (staged && !("probability" in vals)) {
    const scored = automated(env, vals["stage_id"])
    // A probability that was never set by hand follows the score.
    if (before["probability"] === before["automated_probability"]) out["probability"] = scored
    out["automated_probability"] = scored
  }
  if (staged) out["date_last_stage_update"] = now
  const probability = Number(out["probability"] ?? 0)
  if (probability >= 100 || out["active"] === false) {
    if (!(won && stageIsWon(env, before["stage_id"]))) out["date_closed"] = now
  } else if (probability > 0 || (staged && !won)) out["date_closed"] = false
  if ("partner_id" in vals && typeof vals["partner_id"] === "number") {
    const partner = env.tx.get("res.partner", vals["partner_id"])
    if (!("email_from" in vals) && partner?.["email"]) out["email_from"] = partner["email"]
    if (!("phone" in vals) && partner?.["phone"]) out["phone"] = partner["phone"]
  }
  return out
}

export const checkLead = (env: Environment, row: Row): void => {
  if (env.version === 19 && stageIsWon(env, row["stage_id"]) && row["probability"] !== 100)
    throw new OdooFault("ValidationError", "A lead in a Won stage cannot be lost. Move it to another stage first.")
}

/**
 * With `base_vat`, which comes with accounting, a VAT id that can be none refuses the whole record, but from whom has no control over
 * them and says so (`no_vat_validation`, https://github.com/odoo/odoo/pull/179078). Of its rules only the form.
 */
export const checkVat = (env: Environment, row: Row): void => {
  const vat = text(row["vat"])
  if (!env.settings.checksVat || env.context["no_vat_validation"] === true || vat === "") return
  if (/^[A-Z]{2}[0-9A-Z]{8,12}$/.test(vat)) return
  throw new OdooFault(
    "ValidationError",
    `The VAT number [${vat}] for partner [${text(row["name"])}] does not seem to be valid.`,
  )
}

const addressFields = ["street", "street2", "zip", "city", "state_id", "country_id"]

/** Edits of other records: parent to child contacts, and e-mail and phone between a partner and its leads. */
export const propagate = (env: Environment, model: string, before: Row | undefined, after: Row, touch: Touch): void => {
  const id = Number(after["id"])
  const changed = (name: string) => before?.[name] !== after[name]
  if (model === "res.partner") {
    const address = addressFields.filter(changed)
    if (before !== undefined && (changed("name") || changed("vat") || address.length > 0))
      for (const child of env.tx.having("res.partner", "parent_id", id)) {
        const row = env.tx.get("res.partner", child)!
        const takesAddress = row["type"] === "contact" && address.length > 0
        const takesVat = changed("vat") && row["is_company"] !== true
        if (!takesAddress && !takesVat && !changed("name")) continue
        touch("res.partner", child, {
          ...(takesAddress ? Object.fromEntries(address.map((each) => [each, after[each] ?? false])) : {}),
          ...(takesVat ? { vat: after["vat"] ?? false } : {}),
        })
      }
    for (const [ours, theirs] of [
      ["email", "email_from"],
      ["phone", "phone"],
    ] as const)
      if (before !== undefined && changed(ours) && after[ours])
        for (const lead of env.tx.having("crm.lead", "partner_id", id))
          if (env.tx.get("crm.lead", lead)?.[theirs] !== after[ours]) touch("crm.lead", lead, { [theirs]: after[ours] })
  }
  if (model === "crm.lead" && typeof after["partner_id"] === "number") {
    const partner = env.tx.get("res.partner", after["partner_id"])
    for (const [ours, theirs] of [
      ["email_from", "email"],
      ["phone", "phone"],
    ] as const)
      if (partner !== undefined && changed(ours) && after[ours] && partner[theirs] !== after[ours])
        touch("res.partner", after["partner_id"], { [theirs]: after[ours] })
  }
}

/** Messages that the chatter writes by itself. Neither bumps the record. */
export const chatter = (model: Model, before: Row | undefined, after: Row, insert: Insert): void => {
  if (!model.fields.has("message_ids")) return
  const subtype =
    before === undefined
      ? "Created"
      : model.name === "crm.lead" && before["stage_id"] !== after["stage_id"]
        ? "Stage Changed"
        : undefined
  if (subtype === undefined) return
  insert("mail.message", {
    model: model.name,
    res_id: Number(after["id"]),
    record_name: after["name"] ?? false,
    message_type: "notification",
    subtype_id: subtype === "Stage Changed" ? 4 : 2,
    body: subtype === "Created" ? `<p>${model.label} created</p>` : false,
  })
}
