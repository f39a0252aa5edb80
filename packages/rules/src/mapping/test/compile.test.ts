/** What compiling makes of a document: objects told apart, what is left out, hashes and signatures. */
import { emptyMetadata } from "@concordat/model/metadata"
import { describe, expect, it } from "vitest"
import { compileMapping } from "../compile.ts"
import type { ObjectMapping } from "../lens.ts"
import { connections, document, hubspot, odoo, settings } from "./connections.ts"

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

describe("objects", () => {
  const company = objectOf("odoo", "res.partner", "company")
  const person = objectOf("odoo", "res.partner", "contact")

  it("that share a provider's model are told apart by what they hold", () => {
    expect(company.matches({ is_company: true })).toBe(true)
    expect(company.matches({ is_company: false })).toBe(false)
    expect(person.matches({ is_company: false, type: "contact" })).toBe(true)
    expect(person.matches({ is_company: false, type: "invoice" })).toBe(false)
    expect(person.matches({ name: "Ada" })).toBeNull()
    expect(person.constants).toEqual({ is_company: false, type: "contact" })
    expect(person.sources).toContain("is_company")
    expect(person.sources).toEqual([...person.sources].toSorted())
  })

  it("are chosen for a new activity by its kind", () => {
    const accepting = (name: string, kind: string) =>
      connection(name)
        .mapping.objects.filter((one) => one.type === "activity" && one.accepts({ kind: { kind } }))
        .map((one) => one.object)
    expect(["call", "task", "note", "meeting", "email"].map((kind) => accepting("hubspot", kind))).toEqual([
      ["calls"],
      ["tasks"],
      ["notes"],
      ["meetings"],
      ["emails"],
    ])
    expect(["call", "task", "note", "meeting", "email"].map((kind) => accepting("odoo", kind))).toEqual([
      ["mail.activity"],
      ["mail.activity"],
      ["mail.message"],
      ["calendar.event"],
      ["mail.activity"],
    ])
    expect(accepting("hubspot", "fax")).toEqual([])
  })

  it("are looked up by what identifies them", () => {
    expect(person.lookup({ email: { email: "ada@acme.test" }, phone: { phone: "+49301" } })).toEqual({
      email: "ada@acme.test",
    })
    expect(company.lookup({ vat: { vat: "DE1" }, domain: { domain: "acme.test" } })).toEqual({
      vat: "DE1",
      website: "acme.test",
    })
    expect(company.lookup({})).toEqual({})
  })
})

describe("compiling", () => {
  const fields = {
    "res.partner": { name: { type: "char" }, is_company: { type: "boolean" }, email: { type: "char", readOnly: true } },
  }

  it("leaves out what the connection lacks, says so, and never throws", () => {
    const made = compileMapping(document("odoo"), { metadata: { ...odoo, fields }, settings })
    const person = made.objects[0]
    // Of the address what the connector itself makes is left.
    expect(person?.groups.map((one) => one.group)).toEqual(["name", "email", "address"])
    expect(person?.groups.find((one) => one.group === "address")?.fields).toEqual(["state"])
    expect(made.problems.map((one) => one.field)).toContain("res.partner.person.phone")
    // Declared as optional, since 19 lacks it.
    expect(made.problems.map((one) => one.field)).not.toContain("res.partner.person.mobile")
    expect(made.problems[0]?.where).toMatch(/^odoo\.yaml:\d+$/)
  })

  it("makes read-only what the provider does not let write", () => {
    const made = compileMapping(document("odoo"), { metadata: { ...odoo, fields }, settings })
    const email = made.objects[0]?.groups.find((one) => one.group === "email")
    expect(email).toMatchObject({ direction: "in", onCreate: false })
    expect(email?.readOnly).toContain("email")
  })

  it("leaves out what needs a list that the connection lacks", () => {
    const made = compileMapping(document("odoo"), { metadata: emptyMetadata, settings })
    expect(made.problems.map((one) => one.field)).toContain("res.partner.person.country")
  })

  it("has a hash of all it was made from, and a signature per group of what gives it meaning", () => {
    const made = (metadata = hubspot, currency = "EUR") =>
      compileMapping(document("hubspot"), { metadata, settings: { region: "DE", currency } })
    const hired = {
      ...hubspot,
      owners: [...hubspot.owners, { id: "99", email: "new@acme.test", name: "New", active: true }],
    }
    expect(made().hash).toBe(made().hash)
    expect(made(hired).hash).not.toBe(made().hash)
    const signatures = (mapping: ReturnType<typeof made>) =>
      mapping.objects.flatMap((one) => one.groups.map((group) => group.signature))
    expect(signatures(made(hired))).toEqual(signatures(made()))
    const moved = { ...hubspot, currency: "USD" }
    const before = new Set(signatures(made()))
    const changed = made(moved).objects.flatMap((one) => one.groups.filter((group) => !before.has(group.signature)))
    expect(changed.map((one) => one.group)).toEqual(["money"])
  })
})
