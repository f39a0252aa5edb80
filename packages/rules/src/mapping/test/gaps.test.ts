/** What has no place at a provider: said by its mapping, for every canonical field, and by what a connection lacks. */
import { canonical } from "@concordat/model/canonical/types"
import { emptyMetadata, type Metadata } from "@concordat/model/metadata"
import * as Result from "effect/Result"
import { describe, expect, it } from "vitest"
import { checkMapping } from "../check.ts"
import { compileMapping } from "../compile.ts"
import type { MappingDocument } from "../document.ts"
import { mappingGaps, showGap } from "../gaps.ts"
import { mergeMapping } from "../merge.ts"
import { parseMapping, showProblem } from "../parse.ts"
import { document, settings } from "./connections.ts"

const own = (text: string, base: MappingDocument): MappingDocument => {
  const made = parseMapping(text, "own.yaml", base)
  if (Result.isFailure(made)) throw new Error(made.failure.map(showProblem).join("\n"))
  return made.success
}

const shown = (of: MappingDocument, metadata: Metadata | null = null) => mappingGaps(of, metadata).map(showGap)

/** An Odoo that has of a partner nothing but what is named. */
const partners = (...names: ReadonlyArray<string>): Metadata => ({
  ...emptyMetadata,
  fields: { "res.partner": Object.fromEntries(names.map((name) => [name, { type: "char", label: name }])) },
})

const PLACES = "no place for contact.lifecycle: res.partner has no field x_lifecycle or x_studio_lifecycle there"

describe.each(["app", "hubspot", "odoo"])("the default mapping of %s", (provider) => {
  it("has a place or a reason for every canonical field", () => {
    expect(shown(document(provider)).filter((line) => line.includes("does not name it"))).toEqual([])
  })

  it("gives no reason for what it has a place for", () => {
    for (const object of document(provider).objects) {
      const mapped = new Set(Object.values(object.fields).flatMap((field) => field?.fields ?? []))
      const unmapped = Object.keys(canonical[object.type]).filter((field) => !mapped.has(field))
      const wanted = unmapped.filter((field) => !(object.type === "deal" && field === "status"))
      expect(Object.keys(object.nowhere ?? {}).toSorted(), object.name).toEqual(wanted.toSorted())
    }
  })
})

describe("what has no place", () => {
  it("is said where a connection lacks all of a field's names, and is no problem of the mapping", () => {
    const plain = partners("name", "email")
    expect(shown(document("odoo"), plain).join("\n")).toContain(PLACES)
    const problems = checkMapping(document("odoo"), plain).map(showProblem).join("\n")
    expect(problems).not.toContain("lifecycle")
    expect(problems).toContain("res.partner.person.phone")
    for (const name of ["x_lifecycle", "x_studio_lifecycle"])
      expect(shown(document("odoo"), partners("name", "email", name)).join("\n")).not.toContain("contact.lifecycle")
  })

  it("is no group of the compiled mapping: nothing is due or parked for it", () => {
    const groups = (...names: ReadonlyArray<string>) =>
      compileMapping(document("odoo"), { metadata: partners(...names), settings })
        .objects.find(({ type }) => type === "contact")
        ?.groups.map(({ group }) => group)
    expect(groups("name", "email")).not.toContain("lifecycle")
    expect(groups("name", "email", "x_lifecycle")).toContain("lifecycle")
  })

  it("is what a tenant's own mapping takes out, and no longer what it gives a place", () => {
    const base = document("hubspot")
    expect(shown(base)).toContain("tasks has no place for activity.outcome: a task is done, and no more is said of it")
    const over = own("objects:\n  tasks:\n    fields: { outcome: task_result, body: off }\n", base)
    const lines = shown(mergeMapping(base, over)).join("\n")
    expect(lines).not.toContain("tasks has no place for activity.outcome")
    expect(lines).toContain("tasks has no place for activity.body: the mapping does not name it")
    const because = own(
      "objects:\n  tasks:\n    fields: { body: off }\n    nowhere: { body: kept to ourselves }\n",
      base,
    )
    expect(shown(mergeMapping(base, because)).join("\n")).toContain("activity.body: kept to ourselves")
  })

  it.each([
    ["nowhere: soon", "has to be a map of our fields to reasons"],
    ["nowhere: { constructor: none }", "is no field of contact; allowed: email, otherEmails"],
    ["nowhere: { colour: none }", "is no field of contact; allowed: email, otherEmails"],
    ["nowhere: { phone: none }\n    fields: { phone: tel }", "is mapped above"],
    ["nowhere: { phone: 7 }", "has to be text"],
  ])("is wrong as %s", (text, said) => {
    const made = parseMapping(`objects:\n  people:\n    type: contact\n    ${text}\n`, "own.yaml")
    expect(Result.isFailure(made) ? made.failure.map(showProblem).join("\n") : "").toContain(said)
  })
})

describe("a field of one's own beside what is written once", () => {
  const lens = (update: string) => {
    const made = parseMapping(
      `objects:\n  notes:\n    type: activity\n    update: false\n    fields: { body: text, outcome: { from: x_outcome${update} } }\n`,
      "own.yaml",
    )
    if (Result.isFailure(made)) throw new Error(made.failure.map(showProblem).join("\n"))
    const [notes] = compileMapping(made.success, { metadata: emptyMetadata, settings }).objects
    return (group: string) => notes?.groups.find((one) => one.group === group)
  }

  it("is edited, and the rest is not", () => {
    expect(lens("")("outcome")?.readOnly).toBe("notes is never edited")
    expect(lens(", update: true")("outcome")).toMatchObject({ direction: "both", readOnly: null })
    expect(lens(", update: true")("body")?.readOnly).toBe("notes is never edited")
  })

  it("can't be one that is only read or sent once", () => {
    for (const direction of ["in", "create"]) {
      const text = `objects:\n  a:\n    type: activity\n    fields: { outcome: { from: b, direction: ${direction}, update: true } }\n`
      const made = parseMapping(text, "own.yaml")
      expect(Result.isFailure(made) ? made.failure.map(showProblem) : []).toEqual([
        'own.yaml:4 a.outcome.update "true" is for what is edited: it needs `direction: both` or `direction: out`',
      ])
    }
  })
})
