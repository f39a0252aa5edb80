/** Each transform by itself: what it makes of values, that it goes both ways, and what it refuses. */
import type { Json } from "@concordat/model/json"
import { emptyMetadata, type Metadata } from "@concordat/model/metadata"
import * as Result from "effect/Result"
import { describe, expect, it } from "vitest"
import type { View } from "../lens.ts"
import { TRANSFORMS } from "../transforms/registry.ts"
import type { Context, Step, Transform } from "../transforms/transform.ts"
import { joinName, splitName } from "../transforms/names.ts"
import { hubspot, odoo, settings } from "./connections.ts"
import { dice } from "./generator.ts"

const context = (metadata: Metadata, object: string, source: string): Context => ({
  metadata,
  settings,
  object,
  source,
  kind: "text",
  rounds: false,
  sibling: () => undefined,
})

const make = (
  name: string,
  option: Json = null,
  given: Context = context(emptyMetadata, "o", "f"),
  missing: "problem" | "empty" = "problem",
): Transform => {
  const made = TRANSFORMS.get(name)?.make({ name, option, missing, where: "" }, given)
  if (made === undefined || Result.isFailure(made))
    throw new Error(`${name}: ${made === undefined ? "unknown" : made.failure}`)
  return made.success
}

const value = (step: Step): Json | string => (Result.isSuccess(step) ? step.success : `!${step.failure.code}`)
const inOdoo = context(odoo, "crm.lead", "stage_id")
const stages = { new: "New", proposal: "Proposition", negotiation: "Negotiation|Proposition", won: "Won" }
// As the journal keeps it: by the alphabet.
const sorted = { negotiation: "Negotiation|Proposition", new: "New", proposal: "Proposition", won: "Won" }
const euro: View = { currency: "EUR" }

/** Transform, provider's value, our value, and what it is written as (where that differs from what was read). */
const cases: ReadonlyArray<readonly [Transform, string, Json, Json, Json?, View?]> = [
  [make("iso"), "iso", "2026-11-20 09:54:41", "2026-11-20T09:54:41.000Z", "2026-11-20T09:54:41.000Z"],
  [make("epoch"), "epoch", 1795168481643, "2026-11-20T09:54:41.643Z"],
  [make("epoch"), "epoch as text", "1795168481643", "2026-11-20T09:54:41.643Z", 1795168481643],
  [make("datetime"), "datetime", "2026-11-20 09:54:41", "2026-11-20T09:54:41.000Z"],
  [
    make("datetime"),
    "datetime with a fraction, which no read shows again",
    "2026-11-20 09:54:41.643447",
    "2026-11-20T09:54:41.000Z",
    "2026-11-20 09:54:41",
  ],
  [make("day"), "day", "2026-11-20", "2026-11-20T00:00:00.000Z"],
  [make("midnight"), "midnight", "2026-11-20T22:10:00Z", "2026-11-20", "2026-11-20T00:00:00.000Z"],
  [make("milliseconds"), "milliseconds", "1800000", 1800, 1800000],
  [make("milliseconds"), "part of a second", 1500, 1.5],
  [make("hours"), "hours", 0.5, 1800],
  [make("hours"), "hours of no whole second", 0.33333, 1200, 1200 / 3600],
  [make("minutes"), "minutes", 30, 1800],
  [make("upper"), "upper", "NO_SHOW", "no_show"],
  [make("lower"), "lower", "de", "DE"],
  [make("zero"), "zero", 0, null],
  [make("zero"), "not zero", 12.5, 12.5],
  [make("mailbox"), "mailbox", "Ada Lovelace <ada@acme.test>", "ada@acme.test", "ada@acme.test"],
  [make("mailbox"), "mailbox without a name", "ada@acme.test", "ada@acme.test"],
  [
    make("mailbox"),
    "mailboxes, of which none is the one",
    "A <a@acme.test>, B <b@acme.test>",
    "A <a@acme.test>, B <b@acme.test>",
  ],
  [
    make("stage", sorted, inOdoo),
    "stage that another names only as a substitute",
    "3",
    "proposal",
    "3",
    { pipeline: "1" },
  ],
  [make("website"), "website", "http://www.Acme.test/about", "acme.test", "https://acme.test"],
  [make("country"), "country by name", "Allemagne", "DE", "Germany"],
  [make("country", "alpha3"), "country by code", "DEU", "DE"],
  [make("list", ";"), "list", "a;b", ["a", "b"]],
  [make("many2one"), "many2one", [7, "Ada"], "7", 7],
  [make("many2one"), "bare id", 7, "7"],
  [make("lookup", "countries", context(odoo, "res.partner", "country_id")), "lookup", "57", "DE"],
  [make("owner", null, inOdoo), "owner", "8", "bob@acme.test"],
  [make("picklist", { qualified: "sql|mql", lead: "lead" }), "picklist", "mql", "qualified", "sql"],
  [make("stage", stages, inOdoo), "stage by label", "3", "proposal"],
  [make("stage", stages, inOdoo), "closed stage", "4", "won"],
  [make("pipeline", { default: "Sales" }, inOdoo), "pipeline by label", "1", "default"],
  [make("minor"), "minor", "1234.50", 123450, "1234.50", euro],
  [make("minor"), "minor of yen", 1234, 1234, "1234", { currency: "JPY" }],
  [make("minor"), "minor as number", 0.1, 10, "0.10", euro],
  [make("lines"), "lines", ["Main St 1", "Floor 2"], "Main St 1\nFloor 2"],
  [make("related"), "related", ["crm.lead", 9], "crm.lead:9"],
]

describe("transforms", () => {
  it.each(
    cases.map(([transform, name, theirs, ours, back, view]) => ({
      name,
      transform,
      theirs,
      ours,
      back: back ?? theirs,
      view: view ?? {},
    })),
  )("$name", ({ transform, theirs, ours, back, view }) => {
    expect(value(transform.read(theirs, view))).toEqual(ours)
    expect(value(transform.write(ours, view))).toEqual(back)
    // What was written reads as what was meant.
    expect(value(transform.read(back, view))).toEqual(ours)
  })

  it.each([
    ["epoch", make("epoch").read("yesterday", {}), "!type"],
    ["a day that is none", make("day").read("2026-02-30", {}), "!type"],
    ["country", make("country").read("Atlantis", {}), "!country"],
    ["reference", make("many2one").read(false, {}), "!type"],
    ["owner that left no address", make("owner", null, inOdoo).read("99", {}), "!owner"],
    ["owner of another system", make("owner", null, inOdoo).write("nobody@acme.test", {}), "!owner"],
    ["picklist", make("picklist", { a: "b" }).read("c", {}), "!lookup"],
    [
      "stage without counterpart",
      make("stage", stages, context(hubspot, "deals", "dealstage")).read("qualifiedtobuy", {}),
      "!stage",
    ],
    ["stage that the provider lacks", make("stage", { demo: "Demo" }, inOdoo).write("demo", {}), "!stage"],
    ["pipeline", make("pipeline", { default: "Sales" }, inOdoo).read("2", {}), "!stage"],
    ["amount without currency", make("minor").read("10", {}), "!currency"],
    ["amount with too many places", make("minor").read("10.005", euro), "!type"],
    ["span", make("span").write(60, {}), "!unmapped"],
  ])("refuses: %s", (_name, step, expected) => {
    expect(value(step)).toBe(expected)
  })

  it("names field and value of what it refuses", () => {
    const made = make("stage", stages, inOdoo).write("demo", {})
    expect(Result.isFailure(made) && made.failure).toMatchObject({ code: "stage", field: "stage_id", value: "demo" })
  })

  it("can be told to hold nothing where there is no counterpart", () => {
    expect(value(make("lookup", "lostReasons", inOdoo, "empty").write("Went silent", {}))).toBeNull()
  })

  it("rounds an amount only where that was declared", () => {
    const rounding = make("minor", null, { ...context(emptyMetadata, "o", "f"), rounds: true })
    expect(value(rounding.read("10.005", euro))).toBe(1001)
    expect(value(rounding.read("-10.005", euro))).toBe(-1001)
  })

  it("writes the active one of two owners with one address", () => {
    const owners = [
      { id: "1", email: "a@b.test", name: "old", active: false },
      { id: "2", email: "A@b.test", name: "new", active: true },
    ]
    const owner = make("owner", null, context({ ...emptyMetadata, owners }, "o", "f"))
    expect(value(owner.write("a@b.test", {}))).toBe("2")
    expect(value(owner.read("1", {}))).toBe("a@b.test")
  })

  it("believes the provider, not the stage's name, in what is won", () => {
    const renamed: Metadata = {
      ...emptyMetadata,
      pipelines: [
        {
          object: "deals",
          id: "default",
          label: "Sales",
          stages: [
            { id: "contractsent", label: "Signed", closed: "won" },
            { id: "closedwon", label: "Declined", closed: "lost" },
          ],
        },
      ],
    }
    const stage = make(
      "stage",
      { negotiation: "contractsent", won: "closedwon", lost: "closedlost" },
      context(renamed, "deals", "dealstage"),
    )
    expect(value(stage.read("contractsent", {}))).toBe("won")
    expect(value(stage.read("closedwon", {}))).toBe("lost")
    expect(value(stage.write("won", {}))).toBe("contractsent")
    expect(value(stage.write("lost", {}))).toBe("closedwon")
  })

  it("looks for a stage in the deal's own pipeline", () => {
    const stagesOf = (prefix: string) => [{ id: `${prefix}1`, label: "New", closed: null }]
    const two: Metadata = {
      ...emptyMetadata,
      pipelines: [
        { object: "deals", id: "a", label: "A", stages: stagesOf("a") },
        { object: "deals", id: "b", label: "B", stages: stagesOf("b") },
      ],
    }
    const given: Context = {
      ...context(two, "deals", "dealstage"),
      sibling: (_field, pipeline) => (pipeline === "renewals" ? "b" : "a"),
    }
    const stage = make("stage", { renewals: { new: "New" }, default: { fresh: "New" } }, given)
    expect(value(stage.write("new", { pipeline: "renewals" }))).toBe("b1")
    expect(value(stage.write("fresh", { pipeline: "default" }))).toBe("a1")
    expect(value(stage.read("b1", { pipeline: "renewals" }))).toBe("new")
  })
})

describe("names in one piece", () => {
  it.each([
    ["Ada Lovelace", "Ada", "Lovelace"],
    ["Ludwig van Beethoven", "Ludwig", "van Beethoven"],
    ["Anna Maria von der Heide", "Anna Maria", "von der Heide"],
    ["Cher", null, "Cher"],
    ["Van Morrison", "Van", "Morrison"],
  ])("%s", (name, first, last) => {
    expect(splitName(name, { first: null, last: null })).toEqual({ first, last })
  })

  it("keeps the seam where one part still stands", () => {
    expect(splitName("Anna Maria Wolf", { first: "Anna Maria", last: "Berg" })).toEqual({
      first: "Anna Maria",
      last: "Wolf",
    })
    expect(splitName("Eva Garcia Marquez", { first: "Ana", last: "Garcia Marquez" })).toEqual({
      first: "Eva",
      last: "Garcia Marquez",
    })
  })

  it("loses no letter, whatever was there before", () => {
    const words = ["Ada", "von", "der", "Berg", "  ", "O'Neil", "Ünal", "de"]
    for (let seed = 1; seed <= 500; seed += 1) {
      const d = dice(seed)
      const text = (): string => d.some(words).join(" ")
      const name = joinName({ first: text(), last: null })
      const split = splitName(name ?? "", { first: text(), last: text() })
      expect(joinName(split), `seed ${seed}`).toBe(name)
    }
  })
})
