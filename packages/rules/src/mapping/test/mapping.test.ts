/** The default mappings at work: raw records in, views and canonical values out, and what is sent. */
import type { GroupValue } from "@concordat/model/canonical/fields"
import { describe, expect, it } from "vitest"
import type { GroupLens, ObjectMapping, View } from "../lens.ts"
import { connections } from "./connections.ts"

const connection = (name: string) => {
  const found = connections.find((one) => one.name === name)
  if (found === undefined) throw new Error(name)
  return found
}
const objectOf = (name: string, object: string, type?: string): ObjectMapping => {
  const found = connection(name).mapping.objects.find(
    (one) => one.object === object && (type === undefined || one.type === type),
  )
  if (found === undefined) throw new Error(`${name} ${object}`)
  return found
}
const lensOf = (object: ObjectMapping, group: string): GroupLens => {
  const found = object.groups.find((one) => one.group === group)
  if (found === undefined) throw new Error(group)
  return found
}
const lens = (name: string, object: string, group: string, type?: string) => lensOf(objectOf(name, object, type), group)
const refs = (name: string) => connection(name).references

const known = (one: GroupLens, raw: Parameters<GroupLens["read"]>[0], before?: View): View => {
  const read = one.read(raw, before)
  if (read._tag !== "Known") throw new Error(JSON.stringify(read))
  return read.view
}
const put = (name: string, one: GroupLens, value: GroupValue, before: View | undefined, view: View) =>
  one.put(value, before, view, refs(name))

describe("money", () => {
  const hub = lens("hubspot", "deals", "money")
  const lead = lens("odoo", "crm.lead", "money")

  it("is minor units with a currency, read without floats", () => {
    expect(known(hub, { amount: "1234.5", deal_currency_code: "EUR" })).toEqual({ amount: 123450, currency: "EUR" })
    expect(known(hub, { amount: "0.1", deal_currency_code: "KWD" })).toEqual({ amount: 100, currency: "KWD" })
    expect(known(hub, { amount: "10", deal_currency_code: "" })).toEqual({ amount: 1000, currency: "EUR" })
    expect(hub.write({ amount: 1000, currency: "JPY" })).toEqual({ amount: "1000", deal_currency_code: "JPY" })
  })

  it("is refused in a currency that the connection lacks, never reinterpreted", () => {
    expect(lead.get({ amount: 1000000, currency: "USD" }, refs("odoo"))).toMatchObject({
      _tag: "Problem",
      problem: { code: "currency", value: "USD" },
    })
    expect(lead.get({ amount: 1000000, currency: null }, refs("odoo"))).toMatchObject({
      _tag: "Problem",
      problem: { code: "currency" },
    })
    expect(lead.get({ amount: 1000000, currency: "EUR" }, refs("odoo"))).toMatchObject({
      _tag: "View",
      view: { amount: 1000000, currency: "EUR" },
    })
  })

  it("is nothing where the amount is nothing, whatever the currency", () => {
    expect(known(lead, { expected_revenue: 0 })).toEqual({ amount: null, currency: null })
    expect(lead.empty({ amount: null, currency: null })).toBe(true)
    expect(lead.get({ amount: null, currency: "USD" }, refs("odoo"))._tag).toBe("View")
    expect(lead.write({ amount: null, currency: null })).toEqual({ expected_revenue: 0 })
    expect(hub.write({ amount: null, currency: null })).toEqual({ amount: "" })
  })

  it("is completed from the shadow where only the amount was read, and unknown without one", () => {
    expect(known(hub, { amount: "5" }, { amount: 100, currency: "USD" })).toEqual({ amount: 500, currency: "USD" })
    expect(hub.read({ amount: "5" }, undefined)).toEqual({ _tag: "Unknown" })
  })

  it("says what is wrong with an amount that is none", () => {
    expect(hub.read({ amount: "a lot", deal_currency_code: "EUR" }, undefined)).toMatchObject({
      _tag: "Invalid",
      problem: { code: "type", field: "amount", value: "a lot" },
    })
  })
})

describe("stages", () => {
  const hub = lens("hubspot", "deals", "stage")
  const lead = lens("odoo", "crm.lead", "stage")
  const app = lens("app", "deal", "stage")
  const open = { pipeline: "default", stage: "proposal", status: "open", lostReason: null }

  it("of two systems are one by the tables", () => {
    expect(known(hub, { pipeline: "default", dealstage: "presentationscheduled", closed_lost_reason: "" })).toEqual(
      open,
    )
    expect(known(lead, { stage_id: 3, $status: "open", lost_reason_id: false })).toEqual(open)
    expect(lead.get({ ...open, stage: "won", status: "won" }, refs("odoo"))).toMatchObject({ _tag: "View" })
    expect(lead.write({ ...open, stage: "won", status: "won" })).toEqual({
      stage_id: 4,
      $status: "won",
      lost_reason_id: false,
    })
  })

  it("lost is a stage there and an archived lead here", () => {
    const lost = known(lead, { stage_id: [3, "Proposition"], $status: "lost", lost_reason_id: [1, "Too expensive"] })
    expect(lost).toMatchObject({ stage: "lost", status: "lost", lostReason: "Too expensive" })
    const made = put("odoo", lead, open, open, lost)
    if (made._tag !== "Value") throw new Error(made._tag)
    const got = hub.get(made.value, refs("hubspot"))
    if (got._tag !== "View") throw new Error(got._tag)
    expect(hub.write(got.view)).toEqual({
      pipeline: "default",
      dealstage: "closedlost",
      closed_lost_reason: "Too expensive",
    })
    expect(lead.write({ pipeline: "default", stage: "lost", status: "lost", lostReason: "Too expensive" })).toEqual({
      $status: "lost",
      lost_reason_id: 1,
    })
  })

  it("that are one of ours stay what they are there, when another field of the group is written", () => {
    const before = known(hub, { pipeline: "default", dealstage: "contractsent", closed_lost_reason: "" })
    expect(before["stage"]).toBe("negotiation")
    expect(hub.write({ ...before, lostReason: "x" }, before)["dealstage"]).toBe("contractsent")
    expect(hub.write({ ...before, lostReason: "x" })["dealstage"]).toBe("contractsent")
    expect(
      hub.write({ pipeline: "default", stage: "negotiation", status: "open", lostReason: null })["dealstage"],
    ).toBe("decisionmakerboughtin")
  })

  it("fall back where the table says so, and the richer value stays ours", () => {
    const ours = { ...open, stage: "negotiation" }
    const got = lead.get(ours, refs("odoo"))
    expect(got).toMatchObject({ _tag: "View", view: { stage: "proposal" } })
    if (got._tag === "View") expect(put("odoo", lead, ours, got.view, got.view)).toMatchObject({ value: ours })
  })

  it("without counterpart are problems that name field and value", () => {
    expect(hub.read({ pipeline: "default", dealstage: "demo", closed_lost_reason: "" }, undefined)).toMatchObject({
      _tag: "Invalid",
      problem: { code: "stage", field: "dealstage", value: "demo" },
    })
    expect(hub.get({ ...open, stage: "demo" }, refs("hubspot"))).toMatchObject({
      _tag: "Problem",
      problem: { code: "stage", field: "dealstage", value: "demo" },
    })
    expect(lead.get({ ...open, pipeline: "renewals" }, refs("odoo"))).toMatchObject({
      _tag: "Problem",
      problem: { code: "stage", value: "renewals" },
    })
  })

  it("and statuses are one fact; a contradiction is asked about", () => {
    expect(known(app, { pipeline: "default", stage: "proposal", status: "lost", lostReason: null })).toMatchObject({
      stage: "lost",
      status: "lost",
    })
    expect(app.read({ pipeline: "default", stage: "won", status: "open", lostReason: null }, undefined)).toMatchObject({
      _tag: "Invalid",
      problem: { code: "stage" },
    })
  })

  it("a reason that the provider has no record of does not stop the rest", () => {
    const got = lead.get(
      { pipeline: "default", stage: "lost", status: "lost", lostReason: "Went silent" },
      refs("odoo"),
    )
    expect(got).toMatchObject({ _tag: "View", view: { status: "lost", lostReason: null } })
  })
})

describe("references", () => {
  const company = lens("hubspot", "contacts", "company")
  const contacts = lens("hubspot", "deals", "contacts")
  const two = {
    "@companies": [
      { object: "companies", id: "91" },
      { object: "companies", id: "92" },
    ],
  }

  it("are external ids in the view and entities in the value", () => {
    const view = known(company, { "@companies": [{ object: "companies", id: "91" }] })
    expect(view).toEqual({ company: "companies:91" })
    expect(put("hubspot", company, { company: null }, undefined, view)).toEqual({
      _tag: "Value",
      value: { company: "company-1" },
      waiting: [],
    })
  })

  it("to what is not linked yet wait", () => {
    expect(put("hubspot", company, { company: null }, undefined, { company: "companies:77" })).toEqual({
      _tag: "Waiting",
      waiting: ["companies:77"],
    })
    expect(company.get({ company: "company-4" }, refs("hubspot"))).toEqual({ _tag: "Waiting", waiting: ["company-4"] })
    expect(contacts.get({ contacts: ["contact-1", "contact-4"] }, refs("hubspot"))).toEqual({
      _tag: "View",
      view: { contacts: ["contacts:1"] },
      waiting: ["contact-4"],
    })
  })

  it("of a set take the difference, so that what one side lacks is not erased", () => {
    const before = { contacts: ["contacts:1"] }
    expect(
      put("hubspot", contacts, { contacts: ["contact-1", "contact-4"] }, before, {
        contacts: ["contacts:1", "contacts:3", "contacts:77"],
      }),
    ).toEqual({
      _tag: "Value",
      value: { contacts: ["contact-1", "contact-4", "contact-3"] },
      waiting: ["contacts:77"],
    })
    expect(put("hubspot", contacts, { contacts: ["contact-1", "contact-4"] }, before, { contacts: [] })).toMatchObject({
      value: { contacts: ["contact-4"] },
    })
  })

  it("keep the other members of an association of which only the first is ours", () => {
    const before = known(company, two)
    expect(before["company"]).toBe("companies:91")
    expect(company.write({ company: "companies:93" }, before)).toEqual({
      "@companies": [
        { object: "companies", id: "93" },
        { object: "companies", id: "92" },
      ],
    })
    expect(company.write(before)).toEqual(two)
    expect(company.write({ company: null }, before)).toEqual({ "@companies": [] })
  })

  it("to one of several stay with the one that it was, unless another is marked as primary", () => {
    expect(known(company, two, { company: "companies:92" })["company"]).toBe("companies:92")
    const marked = {
      "@companies": [
        { object: "companies", id: "91" },
        { object: "companies", id: "92", primary: true },
      ],
    }
    expect(known(company, marked, { company: "companies:91" })["company"]).toBe("companies:92")
  })

  it("of Odoo come as pairs, ids or false, and go as ids", () => {
    const parent = lens("odoo", "res.partner", "company", "contact")
    expect(known(parent, { parent_id: [91, "Acme"] })).toEqual({ company: "res.partner:91" })
    expect(known(parent, { parent_id: 91 })).toEqual({ company: "res.partner:91" })
    expect(known(parent, { parent_id: false })).toEqual({ company: null })
    expect(parent.write({ company: "res.partner:91" })).toEqual({ parent_id: 91 })
    expect(parent.write({ company: null })).toEqual({ parent_id: false })
  })

  it("to a record of another kind say nothing", () => {
    const customer = lens("odoo", "crm.lead", "company")
    expect(put("odoo", customer, { company: "company-2" }, undefined, { company: "res.partner:1" })).toEqual({
      _tag: "Value",
      value: { company: "company-2" },
      waiting: [],
    })
    const deals = lens("odoo", "mail.activity", "deals")
    expect(deals.read({ "@record": [{ object: "res.partner", id: "5" }] }, undefined)).toEqual({ _tag: "Unknown" })
    expect(known(deals, { "@record": [{ object: "crm.lead", id: "5" }] })).toEqual({ deals: ["crm.lead:5"] })
  })

  it("to the one record of an activity are sent when it is created, and not moved", () => {
    for (const group of ["contacts", "company", "deals"]) {
      const one = lens("odoo", "mail.activity", group)
      expect([one.direction, one.onCreate]).toEqual(["both", true])
      expect(one.readOnly).not.toBeNull()
    }
    expect(lens("odoo", "mail.activity", "deals").write({ deals: ["crm.lead:1", "crm.lead:2"] })).toEqual({
      "@record": [{ object: "crm.lead", id: "1" }],
    })
  })
})

describe("plain values", () => {
  it("of two systems that mean the same are the same", () => {
    const email = lens("hubspot", "contacts", "email")
    expect(email.same({ email: "Ada@Acme.test" }, { email: "ada@acme.test " })).toBe(true)
    expect(known(lens("hubspot", "contacts", "phone"), { phone: "030 123456" })).toEqual({ phone: "+4930123456" })
    expect(known(lens("odoo", "res.partner", "domain", "company"), { website: "http://www.acme.test/" })).toEqual({
      domain: "acme.test",
    })
    expect(
      known(lens("odoo", "res.partner", "address", "contact"), {
        street: "A 1",
        street2: false,
        city: "Berlin",
        zip: "10115",
        $state: false,
        country_id: 57,
      }),
    ).toEqual({
      street: "A 1",
      city: "Berlin",
      zip: "10115",
      state: null,
      country: "DE",
    })
    expect(known(lens("hubspot", "calls", "duration"), { hs_call_duration: "90000" })).toEqual({ duration: 90 })
    expect(known(lens("hubspot", "calls", "done"), { hs_call_status: "NO_ANSWER" })).toMatchObject({ done: true })
  })

  it("of a span are seconds, and can't be written", () => {
    const duration = lens("hubspot", "meetings", "duration")
    expect(
      known(duration, { hs_meeting_start_time: "2026-11-20T10:00:00Z", hs_meeting_end_time: "2026-11-20T10:45:00Z" }),
    ).toEqual({ duration: 2700 })
    expect(duration.readOnly).toContain("another group")
  })

  it("go back to the alternate that they were read from", () => {
    const time = lens("hubspot", "meetings", "time")
    const before = known(time, { hs_meeting_start_time: null, hs_timestamp: "2026-11-20T10:00:00Z" })
    expect(before["time"]).toBe("2026-11-20T10:00:00.000Z")
    expect(time.write({ time: "2026-11-21T10:00:00.000Z" }, before)).toEqual({
      hs_timestamp: "2026-11-21T10:00:00.000Z",
    })
    expect(time.write({ time: "2026-11-21T10:00:00.000Z" })).toEqual({
      hs_meeting_start_time: "2026-11-21T10:00:00.000Z",
    })
    expect(known(time, { hs_timestamp: "2026-11-22T10:00:00Z" }, before)["time"]).toBe("2026-11-22T10:00:00.000Z")
    expect(time.read({ hs_timestamp: "2026-11-22T10:00:00Z" }, undefined)).toEqual({ _tag: "Unknown" })
  })

  it("have a lossy image where normalisers are declared", () => {
    const body = lens("hubspot", "notes", "body")
    expect(body.same(body.lossy({ body: "<p>a <b>b</b></p>" }), { body: "<div>a b</div>" })).toBe(true)
    expect(lens("hubspot", "contacts", "email").lossy({ email: " Ada@ACME.test" })).toEqual({ email: "ada@acme.test" })
  })

  it("of a name in one piece are taken apart as they were put together", () => {
    const name = lens("odoo", "res.partner", "name", "contact")
    expect(name.get({ firstName: "Anna Maria", lastName: "Berg" }, refs("odoo"))).toMatchObject({
      view: { "firstName+lastName": "Anna Maria Berg" },
    })
    expect(
      put("odoo", name, { firstName: "Anna Maria", lastName: "Berg" }, undefined, {
        "firstName+lastName": "Anna Maria Wolf",
      }),
    ).toMatchObject({
      value: { firstName: "Anna Maria", lastName: "Wolf" },
    })
  })
})
