/** An Odoo database as a side of the world. */
import { makeOdooSandbox, type OdooSandbox } from "@concordat/providers/odoo/sandbox/sandbox"
import type { JsonObject, WebhookPost } from "@concordat/providers/odoo/sandbox/wire"
import type { Chance } from "../random.ts"
import type { Timeline } from "../timeline.ts"
import {
  type About,
  groupsIn,
  naming,
  plain,
  rawOf,
  type Seen,
  type Shapes,
  type Side,
  valuesOf,
  type Written,
} from "./side.ts"
import { keyOf, type Kind, KINDS, type Values } from "./things.ts"

const MODELS = { person: "res.partner", company: "res.partner", deal: "crm.lead", activity: "mail.activity" } as const

const SHAPES: Shapes<string | number | false> = {
  person: {
    name: naming("name"),
    email: plain<false>(false, "email"),
    title: plain<false>(false, "function"),
    phone: plain<false>(false, "phone"),
    address: plain<false>(false, "street", "city", "zip"),
    company: { fields: ["parent_id"], write: (key) => ({ parent_id: key }), read: () => "" },
  },
  company: { name: naming("name"), phone: plain<false>(false, "phone") },
  // It has one customer, chosen once: not held against the company of the others.
  deal: {
    title: naming("name"),
    closeDate: plain<false>(false, "date_deadline"),
    money: {
      fields: ["expected_revenue"],
      write: (cents) => ({ expected_revenue: Number(cents) / 100 }),
      read: ({ expected_revenue: amount }) =>
        typeof amount !== "number" || amount === 0 ? "" : String(Math.round(amount * 100)),
    },
  },
  activity: { subject: naming("summary") },
}

const DOMAINS: Readonly<Record<Kind, JsonObject[string]>> = {
  person: [
    ["is_company", "=", false],
    ["active", "=", true],
  ],
  company: [
    ["is_company", "=", true],
    ["active", "=", true],
  ],
  deal: [["active", "=", true]],
  activity: [],
}

export interface OdooSide extends Side {
  readonly sandbox: OdooSandbox
}

export const makeOdooSide = (options: {
  readonly name: string
  readonly tenant: string
  readonly version: 17 | 19
  readonly timeline: Timeline
  readonly chance: Chance
  readonly skewMs: number
  /** Whether its people archive what they want to be rid of, where there is an archive; else they delete it. */
  readonly archives: boolean
  readonly webhook: Readonly<Record<string, string | number>>
  readonly deliver: (post: WebhookPost) => Promise<void>
  readonly onWritten: (written: Written) => void
}): OdooSide => {
  const { name, tenant, timeline } = options
  let writes = 0
  const sandbox = makeOdooSandbox({
    version: options.version,
    now: () => timeline.now + options.skewMs,
    random: options.chance.next,
    deliver: options.deliver,
    onWrite: ({ ids, method, model }) => {
      if (ids.length === 0 || !KINDS.some((kind) => MODELS[kind] === model)) return
      writes += 1
      const kind = method === "create" || method === "load" ? "create" : method === "unlink" ? "archive" : "update"
      for (const id of ids) {
        const isCompany = model === "res.partner" && sandbox.backdoor.get(model, id)?.["is_company"] === true
        const of = isCompany ? "company" : KINDS.find((one) => one !== "company" && MODELS[one] === model)!
        options.onWritten({ side: name, of, id: String(id), kind })
      }
    },
  })
  const { backdoor } = sandbox
  backdoor.settings({ webhook: options.webhook })
  const companyOf = (partner: unknown): string => {
    const company = backdoor.get("res.partner", Number(Array.isArray(partner) ? partner[0] : partner))
    return company === undefined ? "" : keyOf("company", valuesOf(SHAPES, "company", company))
  }
  const seenOf = (kind: Kind, row: JsonObject): Seen => {
    const values = valuesOf(SHAPES, kind, row)
    if (kind !== "person") return { id: String(row["id"]), values }
    return { id: String(row["id"]), values: { ...values, company: companyOf(row["parent_id"]) } }
  }
  const list = (kind: Kind): ReadonlyArray<Seen> =>
    backdoor
      .list(MODELS[kind], DOMAINS[kind]!)
      .map((row) => seenOf(kind, row))
      .filter(({ values }) => keyOf(kind, values) !== "")
  const idOf = (key: string): string | undefined =>
    list("company").find(({ values }) => keyOf("company", values) === key)?.id
  const partner = backdoor.list("ir.model", [["model", "=", "res.partner"]])[0]?.["id"] ?? 0
  const valsOf = (kind: Kind, values: Values): JsonObject => {
    const { parent_id: parent, ...vals } = rawOf(SHAPES, kind, values)
    return parent === undefined ? vals : { ...vals, parent_id: Number(idOf(String(parent)) ?? 0) || false }
  }
  const newOf = (kind: Kind, { domain, person }: About): JsonObject => {
    switch (kind) {
      case "person":
        return { is_company: false, type: "contact", active: true }
      case "company":
        return { is_company: true, type: "contact", active: true, website: `https://${domain}` }
      case "deal":
        return { type: "opportunity", user_id: false, ...(person === undefined ? {} : { partner_id: Number(person) }) }
      case "activity":
        return { res_model_id: partner, res_model: "res.partner", res_id: Number(person), activity_type_id: 4 }
    }
  }
  const personOf = (activity: string, row: OdooSandbox["backdoor"]["get"]) =>
    row("res.partner", Number(row(MODELS.activity, Number(activity))?.["res_id"]))
  /** Whom an activity hangs on, of those that are there. */
  const hangsOn = (activity: string, row: OdooSandbox["backdoor"]["get"]): ReadonlyArray<string> => {
    const person = personOf(activity, row)
    return person?.["active"] === true ? [keyOf("person", valuesOf(SHAPES, "person", person))] : []
  }
  // An archived company stays the company of its people, and so is no deletion.
  const isArchived = (kind: Kind): boolean => kind === "person" || kind === "deal"
  const setActive = (kind: Kind, id: string, active: boolean): Promise<void> =>
    backdoor.put({ model: MODELS[kind], id: Number(id), vals: { active } }).then(() => undefined)
  /**
   * The last edit of each row. Who meets the lock of another on a row waits for it, and goes after it; in the sandbox whoever
   * is done first would have come first.
   */
  const editing = new Map<string, Promise<unknown>>()
  const inTurn = (kind: Kind, id: string, values: Values): Promise<void> => {
    const row = `${MODELS[kind]}:${id}`
    const edit = () => backdoor.put({ model: MODELS[kind], id: Number(id), vals: valsOf(kind, values) })
    const before = editing.get(row)
    const done = (before === undefined ? edit() : before.then(edit, edit)).then(() => undefined)
    editing.set(row, done)
    return done
  }
  return {
    name,
    tenant,
    sandbox,
    isApp: false,
    keepsHistory: false,
    provider: "odoo",
    objects: MODELS,
    groups: groupsIn(SHAPES),
    customer: (deal) => companyOf(backdoor.get(MODELS.deal, Number(deal))?.["partner_id"]),
    // Asked while people are still at work, which must not change what they do.
    hangsOn: (activity) => hangsOn(activity, backdoor.peek),
    outlasts: (activity) => personOf(activity, backdoor.peek)?.["active"] === false,
    participants: (activity) => hangsOn(activity, backdoor.get),
    get: (kind, id) => {
      const row = backdoor.get(MODELS[kind], Number(id))
      if (row === undefined) return null
      return MODELS[kind] === "res.partner" && (row["is_company"] === true) !== (kind === "company")
        ? null
        : seenOf(kind, row)
    },
    list,
    seed: (kind, values, about) => {
      const before = new Set(list(kind).map(({ id }) => id))
      backdoor.seed(MODELS[kind], [{ ...valsOf(kind, values), ...newOf(kind, about) }])
      return list(kind).find(({ id }) => !before.has(id))!.id
    },
    create: (kind, values, about) =>
      backdoor.put({ model: MODELS[kind], vals: { ...valsOf(kind, values), ...newOf(kind, about) } }).then(String),
    edit: inTurn,
    remove: (kind, id) =>
      options.archives && isArchived(kind) ? setActive(kind, id, false) : backdoor.unlink(MODELS[kind], [Number(id)]),
    restore: (kind) => (options.archives && isArchived(kind) ? (id) => setActive(kind, id, true) : null),
    merge: async (kind, winner, loser) => {
      await backdoor.merge(MODELS[kind], Number(winner), [Number(loser)])
      return winner
    },
    writes: () => writes,
  }
}
