/** Edits of deals and activities: amounts, stages, won and lost ones, new ones, and what is marked as done. */
import { change, create, type Edit, press } from "./edit.ts"
import { present } from "./edit-people.ts"
import type { Workplace } from "./edits.ts"
import type { System } from "./sizes.ts"
import { STAGES } from "./stages.ts"
import { type HeldDeal, STEPS, type Step } from "./things.ts"
import { LOST_REASONS } from "./vocabulary.ts"

const OBJECT: Readonly<Record<System, string>> = { hubspot: "deals", odoo: "crm.lead", app: "deal" }

const openDeals = (work: Workplace, systems: ReadonlyArray<System>): ReadonlyArray<HeldDeal> =>
  work.deals.filter(
    ({ system, step, label }) => systems.includes(system) && step !== "won" && step !== "lost" && !work.busy.has(label),
  )

export const newAmount = (work: Workplace): ReadonlyArray<Edit> => {
  const deals = openDeals(work, ["hubspot", "odoo"])
  if (deals.length === 0) return []
  const { system, label } = work.dice.pick(deals)
  const amount = work.dice.int(1_000, 90_000) + 0.5
  const values = system === "hubspot" ? { amount: String(amount) } : { expected_revenue: amount }
  return [change(system, label, "amount", work.at(system, label), values)]
}

const staged = (system: System, step: Step): Readonly<Record<string, unknown>> => {
  const stage = STAGES[step]
  if (system === "hubspot") return { dealstage: stage.hubspot.id }
  return system === "odoo" ? { stage_id: stage.odoo.id } : stage.app
}

export const newStage = (work: Workplace): ReadonlyArray<Edit> => {
  const deals = openDeals(work, ["hubspot", "odoo"])
  if (deals.length === 0) return []
  const { system, label, step } = work.dice.pick(deals)
  const to = work.dice.pick(STEPS.slice(0, 3).filter((other) => other !== step))
  return [change(system, label, "stage", work.at(system, label), staged(system, to))]
}

/** Closed once: what is won or lost is left alone from then on. */
export const closedDeal = (work: Workplace, system: "hubspot" | "odoo"): ReadonlyArray<Edit> => {
  const deals = openDeals(work, [system])
  if (deals.length === 0) return []
  const { label } = work.dice.pick(deals)
  work.busy.add(label)
  const at = work.at(system, label)
  if (system === "hubspot") return [change(system, label, "won", at, staged(system, "won"))]
  const reason = work.dice.int(1, LOST_REASONS.length)
  return [press(label, "lost", at, "action_set_lost", { lost_reason_id: reason })]
}

export const newDeal = (work: Workplace, system: "hubspot" | "odoo"): ReadonlyArray<Edit> => {
  const { dice } = work
  const customers = work.companies.filter((company) => company.system === system)
  const customer = dice.pick(customers)
  const number = work.next()
  const label = `deal:new-${number}`
  const title = `${customer.name.trim()}: New business ${number}`
  const amount = dice.int(1_000, 90_000)
  const { id } = work.at(system, customer.label)
  const makes = { object: OBJECT[system], type: "deal" as const, name: label }
  if (system === "odoo") {
    const lead = { name: title, type: "opportunity", partner_id: Number(id), expected_revenue: amount, stage_id: 1 }
    return [create(system, label, "new deal", makes, lead)]
  }
  const deal = {
    dealname: title,
    amount: String(amount),
    deal_currency_code: "EUR",
    pipeline: "default",
    dealstage: STAGES.new.hubspot.id,
    closedate: `${new Date(work.before).toISOString().slice(0, 10)}T00:00:00.000Z`,
  }
  return [create(system, label, "new deal", makes, deal, { companies: [id] })]
}

export const doneActivity = (work: Workplace, system: System): ReadonlyArray<Edit> => {
  const kinds: ReadonlyArray<string> = system === "odoo" ? ["call", "task"] : ["task"]
  const open = work.activities.filter(
    (activity) =>
      activity.system === system && !activity.done && kinds.includes(activity.kind) && !work.busy.has(activity.label),
  )
  if (open.length === 0) return []
  const { label } = work.dice.pick(open)
  work.busy.add(label)
  const at = work.at(system, label)
  if (system === "odoo") return [press(label, "done", at, "action_feedback", {})]
  return [change(system, label, "done", at, system === "hubspot" ? { hs_task_status: "COMPLETED" } : { done: true })]
}

export const newActivity = (work: Workplace, system: "hubspot" | "app"): ReadonlyArray<Edit> => {
  const person = work.dice.pick(present(work).filter((one) => one.system === system))
  const number = work.next()
  const label = `activity:new-${number}`
  const subject = `Call during the demo (new ${number})`
  const { id } = work.at(system, person.label)
  const time = new Date(work.before - number * 60_000).toISOString()
  if (system === "app") {
    const call = {
      kind: "call",
      subject,
      time,
      duration: 60 * number,
      direction: "outbound",
      done: true,
      contacts: [id],
    }
    return [create(system, label, "new call", { object: "activity", type: "activity", name: label, subject }, call)]
  }
  const call = {
    hs_call_title: subject,
    hs_timestamp: time,
    hs_call_duration: String(60_000 * number),
    hs_call_direction: "OUTBOUND",
    hs_call_status: "COMPLETED",
  }
  const makes = { object: "calls", type: "activity" as const, name: label, subject }
  return [create(system, label, "new call", makes, call, { contacts: [id] })]
}
