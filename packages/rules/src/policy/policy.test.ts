/** Policies: the default, a tenant's own, and what is said of a wrong one. */
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import { groupsOf } from "@concordat/model/canonical/types"
import * as Result from "effect/Result"
import { describe, expect, it } from "vitest"
import { parsePolicy } from "./parse.ts"
import { defaultPolicy } from "./policy.ts"

const parsed = (text: string) => Result.getOrThrow(parsePolicy(text, "policy.yaml"))
const problems = (text: string) => {
  const made = parsePolicy(text, "policy.yaml")
  return Result.isFailure(made) ? made.failure.map(({ where, field, message }) => `${where} ${field}: ${message}`) : []
}

describe("the default policy", () => {
  it("lets the CRM decide master data, the app activities, and is conservative with deals", () => {
    expect(defaultPolicy.rule("contact", "email")).toEqual({ _tag: "Crm" })
    expect(defaultPolicy.rule("company", "custom.tier")).toEqual({ _tag: "Crm" })
    expect(defaultPolicy.rule("activity", "body")).toEqual({ _tag: "App" })
    for (const group of groupsOf("deal")) expect(defaultPolicy.rule("deal", group)).toEqual({ _tag: "Conservative" })
    expect(ENTITY_TYPES.map(defaultPolicy.deletions)).toEqual(["keep", "keep", "keep", "keep"])
  })

  it("is what an empty document means", () => {
    const policy = parsed("")
    expect(policy.rule("deal", "money")).toEqual({ _tag: "Conservative" })
    expect(policy.quarantineAfter).toBe(3)
    expect(parsed("# nothing yet\n").authority).toEqual(policy.authority)
  })

  it("takes no name of JavaScript's for a rule", () => {
    expect(defaultPolicy.rule("contact", "constructor")).toEqual({ _tag: "Crm" })
  })
})

describe("a tenant's policy", () => {
  const policy = parsed(`
rules:
  contact: { "*": newest, title: app, email: { strict: hubspot-1 } }
  deal: { stage: crm, "*": manual, custom.margin: app }
  activity: crm
authority: [odoo-1, hubspot-1]
deletions: { contact: propagate }
quarantine: { hops: 5 }
`)

  it("has rules by type and group", () => {
    expect(policy.rule("contact", "phone")).toEqual({ _tag: "Newest" })
    expect(policy.rule("contact", "title")).toEqual({ _tag: "App" })
    expect(policy.rule("contact", "email")).toEqual({ _tag: "Strict", connection: "hubspot-1" })
    expect(policy.rule("deal", "stage")).toEqual({ _tag: "Crm" })
    expect(policy.rule("deal", "money")).toEqual({ _tag: "Manual" })
    expect(policy.rule("deal", "custom.margin")).toEqual({ _tag: "App" })
    expect(policy.rule("activity", "body")).toEqual({ _tag: "Crm" })
  })

  it("leaves the rest as it is by default", () => {
    expect(policy.rule("company", "name")).toEqual({ _tag: "Crm" })
    expect(policy.deletions("contact")).toBe("propagate")
    expect(policy.deletions("deal")).toBe("keep")
    expect(policy.authority).toEqual(["odoo-1", "hubspot-1"])
    expect(policy.quarantineAfter).toBe(5)
  })
})

describe("a wrong policy", () => {
  it("names line, field and what is allowed, all at once", () => {
    const found = problems(`rules:
  contact:
    emial: crm
    phone: hubspot
  deal:
    amount: crm
  lead: crm
  activity: conservative
authority: [a, a]
deletions:
  deal: erase
quarantine: { hops: 0 }
colour: red
`)
    expect(found.map((line) => line.split(":").slice(0, 2).join(":"))).toEqual([
      "policy.yaml:3 rules.contact.emial",
      "policy.yaml:4 rules.contact.phone",
      "policy.yaml:6 rules.deal.amount",
      "policy.yaml:7 rules.lead",
      "policy.yaml:8 rules.activity",
      "policy.yaml:9 authority[1]",
      "policy.yaml:11 deletions.deal",
      "policy.yaml:12 quarantine.hops",
      "policy.yaml:13 colour",
    ])
    expect(found.find((line) => line.includes("emial"))).toContain("allowed: *, email, otherEmails")
    expect(found.find((line) => line.includes("deal.amount"))).toContain("is decided in the group money")
    expect(found.find((line) => line.includes("contact.phone"))).toContain(
      "crm, app, newest, manual, conservative, {strict: <connection>}",
    )
    expect(found.find((line) => line.includes("deletions.deal"))).toContain("keep, propagate")
  })

  const root = "has to be a map with some of: rules, authority, deletions, quarantine"
  const types = "has to be a map with some of: contact, company, deal, activity"
  it.each([
    ["crm", [`policy.yaml:1 : ${root}`]],
    ["- contact: crm\n", [`policy.yaml:1 : ${root}`]],
    ["rules: crm\n", [`policy.yaml:1 rules: ${types}`]],
    ["rules:\n  - crm\n", [`policy.yaml:1 rules: ${types}`]],
    ["deletions: keep\n", [`policy.yaml:1 deletions: ${types}`]],
    ["quarantine: 3\n", ["policy.yaml:1 quarantine: has to be a map with some of: hops"]],
    ["authority: odoo\n", ["policy.yaml:1 authority: has to be a list of connections, strongest first"]],
    ["authority: [1, 1]\n", [0, 1].map((at) => `policy.yaml:1 authority[${at}]: has to be text`)],
    [
      "contact: crm\n",
      [
        "policy.yaml:1 contact: is not known here; allowed: rules, authority, deletions, quarantine; contact belongs within `rules:`",
      ],
    ],
  ])("of another shape: %j", (text, said) => {
    expect(problems(text)).toEqual(said)
  })

  it("says where YAML ends to be YAML", () => {
    expect(problems("rules:\n  contact: [\n")[0]).toMatch(/^policy\.yaml:\d+ : is no valid YAML/)
    expect(problems("rules: { contact: crm }\nrules: {}")[0]).toContain("policy.yaml:2")
  })
})
