/** Mapping documents: what is understood, what is wrong and where, what a tenant's own changes. */
import { emptyMetadata, type Metadata } from "@concordat/model/metadata"
import * as Result from "effect/Result"
import { describe, expect, it } from "vitest"
import { checkMapping } from "../check.ts"
import { compileMapping } from "../compile.ts"
import type { MappingDocument } from "../document.ts"
import { mergeMapping } from "../merge.ts"
import { parseMapping, showProblem } from "../parse.ts"
import { document, hubspot, settings } from "./connections.ts"

const problems = (text: string): ReadonlyArray<string> => {
  const made = parseMapping(text, "own.yaml")
  return Result.isFailure(made) ? made.failure.map(showProblem) : []
}
const parsed = (text: string, base?: MappingDocument): MappingDocument => {
  const made = parseMapping(text, "own.yaml", base)
  if (Result.isFailure(made)) throw new Error(made.failure.map(showProblem).join("\n"))
  return made.success
}

describe("a wrong mapping", () => {
  const found = problems(`empty: none
objects:
  contacts:
    type: contact
    colour: red
    fields:
      emial: email
      phone: { from: phone, direction: sideways }
      title: { from: jobtitle, transform: [upperr] }
      country: { from: country, transform: [{ picklist: x }] }
      company: company_id
      lifecycle: { from: stage, transform: [{ picklist: { buyer: x } }] }
      firstName: { from: name, normalise: [shout] }
      lastName: { from: name, kind: html }
      mobile: { from: "", direction: in }
      otherEmails: { from: [a, b] }
      custom.tier: { from: tier, kind: number }
      source: { constant: x, from: y }
      owner: { from: o, transform: [minor] }
  leads:
    type: lead
    fields: {}
  deals:
    type: deal
    accepts: { status: closed }
    lookup: [name]
    fields:
      amount: amount
      currency: { from: currency, direction: in }
`)
  const at = (line: number): string => found.filter((one) => one.startsWith(`own.yaml:${line} `)).join(" ")

  it.each([
    [1, "null, false"],
    [5, "object, type, when"],
    [7, "email, otherEmails, phone"],
    [8, "both, in, out, create"],
    [9, "milliseconds"],
    [10, "needs a table"],
    [11, "names the object"],
    [12, "subscriber, lead"],
    [13, "truncate:<number>"],
    [14, "only custom fields"],
    [14, "writes name, which firstName writes already"],
    [15, "has to be text"],
    [16, "needs a transform that reads them together"],
    [17, "text, html"],
    [18, "both `from` and `constant`"],
    [19, "does not fit owner"],
    [21, "contact, company, deal, activity"],
    [25, "open, won, lost"],
    [26, "title, amount"],
    [29, "go the same way"],
  ])("line %i: %s", (line, message) => {
    expect(at(line)).toContain(message)
  })

  it("is told in the order of its lines", () => {
    const lines = found.map((one) => Number(/:(\d+)/.exec(one)?.[1]))
    expect(lines).toEqual(lines.toSorted((a, b) => a - b))
  })

  it("is no YAML", () => {
    expect(problems("objects: [")[0]).toContain("is no valid YAML")
    expect(problems("objects: { a: &x { type: deal }, b: *x }").length).toBeGreaterThan(0)
    expect(problems("objects: {}\n---\nobjects: {}\n")).toEqual([
      "own.yaml:2 begins a second document (---); a file holds one",
    ])
  })

  const root = "has to be a map with some of: empty, strings, objects"
  const object =
    "has to be a map with some of: object, type, when, constants, accepts, create, update, lookup, fields, nowhere"
  it.each([
    ["# nothing yet\n", [`own.yaml:1 ${root}`]],
    ["- contacts\n", [`own.yaml:1 ${root}`]],
    ["contacts", [`own.yaml:1 ${root}`]],
    ["empty: false\n", ["own.yaml:1 objects is missing: a map of the provider's objects"]],
    ["objects:\n", ["own.yaml:1 objects null has to be a map of the provider's objects"]],
    ["objects:\n  - contacts\n", ['own.yaml:1 objects ["contacts"] has to be a map of the provider\'s objects']],
    ["objects:\n  contacts: contact\n", [`own.yaml:2 contacts "contact" ${object}`]],
    ["objects:\n  contacts:\n", [`own.yaml:2 contacts null ${object}`]],
    [
      "objects:\n  contacts: { fields: {} }\n",
      ["own.yaml:2 contacts.type is missing: one of: contact, company, deal, activity"],
    ],
    [
      "objects:\n  deals: { type: deal, fields: [title] }\n",
      ['own.yaml:2 deals.fields ["title"] has to be a map of our fields to the provider\'s'],
    ],
  ])("of another shape: %j", (text, said) => {
    expect(problems(text)).toEqual(said)
  })

  it("says what is sent along with what, and when", () => {
    const found = problems(
      [
        "objects:",
        "  tasks:",
        "    type: activity",
        "    fields:",
        "      outcome: { from: said, with: done }",
        "      body: { from: text, direction: create, with: body }",
        "",
      ].join("\n"),
    )
    expect(found[0]).toMatch(/^own\.yaml:5 tasks\.outcome\.with "done" is for what can't be written by itself/)
    expect(found[1]).toMatch(/^own\.yaml:6 tasks\.body\.with "body" has to be one of: kind, subject, time/)
  })

  it("says what a lookup and an acceptance are made of", () => {
    const [lookup, accepts] = problems("objects:\n  deals:\n    type: deal\n    lookup: title\n    accepts: open\n")
    expect(lookup).toMatch(/^own\.yaml:4 deals\.lookup "title" has to be a list of fields of deal; allowed: title, /)
    expect(accepts).toMatch(/^own\.yaml:5 deals\.accepts "open" has to be a map with some of: title, /)
  })
})

describe("a tenant's own mapping", () => {
  const base = document("hubspot")
  const own = parsed(
    `objects:
  contacts:
    fields:
      title: { from: position, normalise: [trim] }
      source: off
      custom.tier: { from: customer_tier, kind: enum }
  companies:
    lookup: [domain, vat]
    fields: { vat: vat_id }
  tickets:
    type: activity
    fields: { subject: subject }
`,
    base,
  )
  const merged = mergeMapping(base, own)
  const object = (name: string) => merged.objects.find((one) => one.name === name)

  it("changes what it says and leaves the rest", () => {
    expect(object("contacts")?.fields["title"]?.from).toEqual(["position"])
    expect(object("contacts")?.fields["email"]).toEqual(base.objects[0]?.fields["email"])
    expect(object("contacts")?.lookup).toEqual(["email"])
    expect(object("companies")?.lookup).toEqual(["domain", "vat"])
    expect(merged.strings).toBe(true)
    expect(merged.empty).toBe("")
    expect(object("tickets")?.type).toBe("activity")
  })

  it("takes fields out and brings its own", () => {
    const made = compileMapping(merged, { metadata: hubspot, settings })
    const groups = made.objects[0]?.groups.map((one) => one.group)
    expect(groups).not.toContain("source")
    expect(groups).toContain("custom.tier")
    const tier = made.objects[0]?.groups.find((one) => one.group === "custom.tier")
    expect(tier?.read({ customer_tier: "gold" }, undefined)).toEqual({ _tag: "Known", view: { "custom.tier": "gold" } })
    expect(tier?.write({ "custom.tier": null })).toEqual({ customer_tier: "" })
  })

  it("needs a type where the base has no such object", () => {
    const made = parseMapping("objects: { tickets: { fields: { title: x } } }", "own.yaml", base)
    const [problem] = Result.isFailure(made) ? made.failure.map(showProblem) : []
    expect(problem).toMatch(
      /^own\.yaml:1 tickets\.type is missing: one of: contact, .*; \S+ has no tickets, it has: contacts, companies/,
    )
  })

  it("names the objects that could stand there where none does, or where one stands too far out", () => {
    const made = parseMapping("contacts:\n  fields: { title: x }\n", "own.yaml", base)
    const found = Result.isFailure(made) ? made.failure.map(showProblem) : []
    expect(found).toHaveLength(2)
    expect(found[0]).toMatch(
      /^own\.yaml:1 contacts .* is not known here; allowed: empty, strings, objects; contacts belongs within `objects:`$/,
    )
    expect(found[1]).toMatch(/^own\.yaml:1 objects is missing: a map of the provider's objects; \S+ has: contacts, /)
  })
})

describe("checking against a connection", () => {
  const metadata: Metadata = {
    ...emptyMetadata,
    fields: {
      deals: {
        dealname: { type: "string" },
        amount: { type: "datetime" },
        closedate: { type: "datetime", readOnly: true },
        dealstage: { type: "enumeration" },
        pipeline: { type: "enumeration" },
        closed_lost_reason: { type: "string" },
      },
      contacts: {
        lifecyclestage: {
          type: "enumeration",
          options: [
            { value: "lead", label: "Lead" },
            { value: "42", label: "Partner" },
          ],
        },
      },
    },
    pipelines: [
      { object: "deals", id: "default", label: "Sales", stages: [{ id: "demo", label: "Demo", closed: null }] },
      { object: "deals", id: "renewals", label: "Renewals", stages: [] },
    ],
  }
  const found = checkMapping(document("hubspot"), metadata).map(showProblem)
  const about = (text: string): string => found.filter((one) => one.includes(text)).join("\n")

  it("finds fields that are not there, not writable or of another type", () => {
    expect(about("contacts.email")).toContain("no such field")
    expect(about("deals.closeDate")).toContain("read only")
    expect(about("deals.amount")).toContain("is datetime there")
    expect(about("deals.title")).toBe("")
  })

  it("finds options, pipelines and stages without counterpart", () => {
    expect(about('"42"')).toContain('the option "Partner" has no counterpart')
    expect(about("contacts.lifecycle")).toContain("the provider offers none of its counterparts")
    expect(about('"renewals"')).toContain('the pipeline "Renewals" has no counterpart')
    expect(about('"demo"')).toContain('the stage "Demo" has no counterpart')
    expect(about('"negotiation"')).toContain("none of its stages")
  })

  it("has nothing to say of a mapping that fits", () => {
    expect(checkMapping(document("hubspot"), hubspot)).toEqual([])
    expect(checkMapping(document("app"), emptyMetadata)).toEqual([])
  })
})
