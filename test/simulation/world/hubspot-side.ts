/** A HubSpot portal as a side of the world. */
import { type HubspotSandbox, makeHubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import type { SettingsPatch, WriteLogEntry } from "@concordat/providers/hubspot/sandbox/shapes"
import type { Chance } from "../random.ts"
import type { Timeline } from "../timeline.ts"
import { groupsIn, naming, plain, rawOf, type Seen, type Shapes, type Side, valuesOf, type Written } from "./side.ts"
import { DUE, keyOf, type Kind, type Values } from "./things.ts"

const OBJECTS = { person: "contacts", company: "companies", deal: "deals", activity: "tasks" } as const

/** An association: of one company, whichever it is. */
const COMPANY = { fields: ["@companies"], write: (key: string) => ({ "@companies": key }), read: () => "" }

const SHAPES: Shapes<string> = {
  person: {
    name: plain("", "firstname", "lastname"),
    email: plain("", "email"),
    title: plain("", "jobtitle"),
    phone: plain("", "phone"),
    address: plain("", "address", "city", "zip"),
    company: COMPANY,
  },
  company: { name: naming("name"), phone: plain("", "phone") },
  deal: {
    title: naming("dealname"),
    closeDate: {
      fields: ["closedate"],
      write: (day) => ({ closedate: day === "" ? "" : `${day}T00:00:00Z` }),
      read: ({ closedate }) => (typeof closedate === "string" ? closedate.slice(0, 10) : ""),
    },
    money: {
      fields: ["amount"],
      // The portal's own currency is another than that of the others: people choose it with the amount.
      write: (cents) =>
        cents === "" ? { amount: "" } : { amount: String(Number(cents) / 100), deal_currency_code: "USD" },
      read: ({ amount }) => (amount === undefined || amount === "" ? "" : String(Math.round(Number(amount) * 100))),
    },
    company: COMPANY,
  },
  activity: { subject: naming("hs_task_subject") },
}

/** Whether any of these properties is one in which people of that system enter something. */
export const isEntered = (kind: Kind, properties: ReadonlyArray<string>): boolean =>
  Object.values(SHAPES[kind]).some(({ fields }) => fields.some((one) => properties.includes(one)))

export interface HubspotSide extends Side {
  readonly sandbox: HubspotSandbox
}

const CHANGES = ["create", "update", "archive"] as const

/** Which thing a log entry speaks of, and how. */
const told = ({ changed, id, kind, object, to }: WriteLogEntry): Omit<Written, "side"> | null => {
  const of = (Object.keys(OBJECTS) as ReadonlyArray<Kind>).find((one) => OBJECTS[one] === object)
  if (of === undefined) return null
  const known = CHANGES.find((one) => one === kind)
  if (known !== undefined) return { of, id, kind: known }
  if (to?.object !== "companies" || (of !== "person" && of !== "deal")) return null
  // One reference for another is two calls, and for the time in between there are both.
  return { of, id, kind: kind === "dissociate" ? kind : changed === true ? "associate" : "update" }
}

export const makeHubspotSide = (options: {
  readonly name: string
  readonly tenant: string
  readonly timeline: Timeline
  readonly chance: Chance
  /** By how much its clock is off, ms. */
  readonly skewMs: number
  readonly secret: string
  readonly settings: SettingsPatch
  readonly onWritten: (written: Written) => void
}): HubspotSide => {
  const { name, tenant, timeline } = options
  let writes = 0
  const sandbox = makeHubspotSandbox({
    now: () => timeline.now + options.skewMs,
    random: options.chance.next,
    secret: options.secret,
    settings: options.settings,
    onWrite: (entry) => {
      if (entry.by !== "INTEGRATION") return
      writes += 1
      const written = told(entry)
      if (written === null) return
      const company = entry.asked === undefined || entry.to === undefined ? null : live("company", entry.to.id)
      const meant = company === null ? "" : keyOf("company", seenOf("company", company).values)
      options.onWritten({ side: name, ...written, ...(meant === "" ? {} : { meantForAnother: { company: meant } }) })
    },
  })
  type Record = NonNullable<ReturnType<HubspotSandbox["get"]>>
  const live = (kind: Kind, id: string): Record | null => {
    const record = sandbox.get(OBJECTS[kind], id)
    return record === null || record.archivedAt !== null ? null : record
  }
  const seenOf = (kind: Kind, record: Record): Seen => {
    const values = valuesOf(SHAPES, kind, record.properties)
    if (!("company" in SHAPES[kind])) return { id: record.id, values }
    const [first] = (record.associations["companies"] ?? []).filter((id) => live("company", id) !== null)
    const company = first === undefined ? null : live("company", first)
    return {
      id: record.id,
      values: { ...values, company: company === null ? "" : keyOf("company", seenOf("company", company).values) },
    }
  }
  const list = (kind: Kind): ReadonlyArray<Seen> =>
    sandbox
      .list(OBJECTS[kind])
      .map((record) => seenOf(kind, record))
      .filter(({ values }) => keyOf(kind, values) !== "")
  const idOf = (key: string): string | undefined =>
    list("company").find(({ values }) => keyOf("company", values) === key)?.id
  const parts = (kind: Kind, values: Values, person?: string) => {
    const { "@companies": company, ...properties } = rawOf(SHAPES, kind, values)
    const companies = company === undefined ? {} : { companies: [idOf(company)].filter((id) => id !== undefined) }
    return { properties, associations: { ...companies, ...(person === undefined ? {} : { contacts: [person] }) } }
  }
  const extra = (kind: Kind, domain?: string): Readonly<{ [property: string]: string }> =>
    domain !== undefined
      ? { domain }
      : kind === "activity"
        ? { hs_task_status: "NOT_STARTED", hs_timestamp: DUE }
        : kind === "deal"
          ? { pipeline: "default", dealstage: "appointmentscheduled" }
          : {}
  return {
    name,
    tenant,
    sandbox,
    isApp: false,
    keepsHistory: true,
    provider: "hubspot",
    objects: OBJECTS,
    groups: groupsIn(SHAPES),
    get: (kind, id) => {
      const record = live(kind, id)
      return record === null ? null : seenOf(kind, record)
    },
    list,
    participants: (activity) =>
      (live("activity", activity)?.associations["contacts"] ?? []).flatMap((id) => {
        const person = live("person", id)
        return person === null ? [] : [keyOf("person", seenOf("person", person).values)]
      }),
    seed: (kind, values, about) => {
      const { associations, properties } = parts(kind, values, about.person)
      const object = OBJECTS[kind]
      const id = sandbox.seed({
        records: { [object]: [{ properties: { ...properties, ...extra(kind, about.domain) } }] },
      })[object]![0]!
      const links = Object.entries(associations).flatMap(([to, ids]) =>
        ids.map((one) => ({ from: [object, id] as const, to: [to, one] as const })),
      )
      sandbox.seed({ associations: links })
      return id
    },
    create: (kind, values, about) => {
      const { associations, properties } = parts(kind, values, about.person)
      const given = { ...properties, ...extra(kind, about.domain) }
      const byImport = about.imported === true
      return sandbox.put({ object: OBJECTS[kind], properties: given, associations, byImport }).id
    },
    refuses: (kind, id, values) => {
      const before = id === null ? {} : (live(kind, id)?.properties ?? {})
      const after: { readonly [name: string]: string } = { ...before, ...rawOf(SHAPES, kind, values) }
      const required = sandbox.settings().requiredProperties[OBJECTS[kind]] ?? []
      return required.some((name) => (after[name] ?? "") === "")
    },
    edit: (kind, id, values, imported = false) =>
      void sandbox.put({ object: OBJECTS[kind], id, byImport: imported, ...parts(kind, values) }),
    automate: (kind, id, values) =>
      void sandbox.put({ object: OBJECTS[kind], id, byWorkflow: true, ...parts(kind, values) }),
    remove: (kind, id) => sandbox.archive(OBJECTS[kind], id),
    restore: (kind) => (id) => sandbox.restore(OBJECTS[kind], id),
    merge: (kind, winner, loser) => sandbox.merge(OBJECTS[kind], winner, loser),
    writes: () => writes,
  }
}
