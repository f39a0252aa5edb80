/** The oracle is content with a world in agreement, and finds each kind of fault that is put into it. */
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { recordKey } from "../dataset/truth.ts"
import { admission, agreed, app, entities, everywhere, hubspot, linked, odoo, truth } from "./agreed-world.ts"
import { type Evidence, nothingListed, type StoredRecord } from "./evidence.ts"
import { isContent, judge } from "./judge.ts"
import { readOdoo } from "./read-odoo.ts"

const without = (key: string): Evidence["records"] =>
  agreed.records.filter(({ system, object, id }) => recordKey(system, object, id) !== key)

/** The agreed world with one record as it reads after some harm. */
const instead = (key: string, harmed: ReadonlyArray<StoredRecord>): Evidence => ({
  ...agreed,
  records: [...without(key), ...harmed],
})

const fieldsOf = (evidence: Evidence) => judge(evidence).divergent.map(({ field }) => field)

describe("the oracle", () => {
  it("is content with a world in agreement, however it is spelt", () => {
    expect(judge(agreed)).toEqual({ divergent: [], duplicates: [], missing: [], parkedPairs: [], unexplained: [] })
    expect(isContent(judge(agreed))).toBe(true)
  })

  it("finds a phone number that differs, and lets it be where it is listed for that connection and group", () => {
    const harmed = instead(
      "app|contact|cc-11",
      app("contact", "cc-11", {
        email: "j.mueller@nordwind.example",
        firstName: "Jürgen",
        lastName: "Müller",
        phone: "+493099999999",
        title: "CEO",
        company: "cc-1",
      }),
    )
    expect(judge(harmed).divergent).toMatchObject([
      {
        entity: "P1",
        group: "phone",
        records: ["hubspot|contacts|11", "app|contact|cc-11"],
        values: ["+493020000002", "+493099999999"],
      },
      { entity: "P1", group: "phone", records: ["odoo|res.partner|111", "app|contact|cc-11"] },
    ])
    expect(isContent(judge(harmed))).toBe(false)
    const listed = (connection: string, group: string) =>
      judge({ ...harmed, listed: { ...nothingListed, conflicts: [{ connection, entity: "P1", group }] } }).divergent
        .length
    expect([listed("app", "phone"), listed("odoo", "phone"), listed("app", "title")]).toEqual([0, 1, 2])
    const refused = { ...nothingListed, issues: [{ connection: "app", entity: "P1", group: "phone" }] }
    expect(judge({ ...harmed, listed: refused }).divergent).toEqual([])
  })

  it("finds an amount that is off by a hundred, a stage, and a currency", () => {
    const lead = (row: Record<string, unknown>, currency = "EUR") =>
      readOdoo(
        "crm.lead",
        {
          id: 121,
          active: true,
          name: "Pilot",
          expected_revenue: 1200.5,
          stage_id: 3,
          date_deadline: "2026-07-01",
          ...row,
        },
        currency,
      )
    expect(fieldsOf(instead("odoo|crm.lead|121", lead({})))).toEqual([])
    expect(fieldsOf(instead("odoo|crm.lead|121", lead({ expected_revenue: 120050 })))).toEqual(["amount", "amount"])
    expect(fieldsOf(instead("odoo|crm.lead|121", lead({ stage_id: 2 })))).toEqual(["roughStep", "roughStep"])
    expect(fieldsOf(instead("odoo|crm.lead|121", lead({ active: false, probability: 0 })))).toEqual([
      "roughStep",
      "roughStep",
    ])
    expect(fieldsOf(instead("odoo|crm.lead|121", lead({}, "USD")))).toEqual(["currency", "currency"])
    expect(fieldsOf(instead("odoo|crm.lead|121", lead({ date_deadline: "2026-07-02" })))).toEqual([
      "closeDate",
      "closeDate",
    ])
  })

  it("finds a call that lasted longer elsewhere, and one that is not done", () => {
    const call = { kind: "call", subject: "Call (1)", time: "2026-05-04T09:30:00Z", duration: 90, done: true }
    expect(fieldsOf(instead("app|activity|cc-31", app("activity", "cc-31", { ...call, duration: 90_000 })))).toEqual([
      "duration",
    ])
    expect(fieldsOf(instead("app|activity|cc-31", app("activity", "cc-31", { ...call, done: false })))).toEqual([
      "done",
      "done",
    ])
    expect(
      fieldsOf(instead("app|activity|cc-31", app("activity", "cc-31", { ...call, time: "2026-05-04T11:30:00Z" }))),
    ).toEqual(["time"])
  })

  it("finds a swapped company, which is another thing in each system's own ids", () => {
    const swapped = instead(
      "odoo|res.partner|111",
      odoo("res.partner", 111, {
        name: "Jürgen Müller",
        email: "j.mueller@nordwind.example",
        phone: "030 20000002",
        function: "CEO",
        parent_id: 102,
      }),
    )
    expect(judge(swapped).divergent).toMatchObject([
      { entity: "P1", group: "company", values: ["company:1", "company:2"] },
      { entity: "P1", group: "company", values: ["company:2", "company:1"] },
    ])
  })

  it("finds a contact that Concordat made once more", () => {
    const records = [
      ...agreed.records,
      ...hubspot("contacts", "99", { email: "j.mueller@nordwind.example", lastname: "Müller" }),
    ]
    const again = {
      ...agreed,
      records,
      entities: [...entities, linked("P9", "contact", ["hubspot", "contacts", "99"])],
    }
    // It belongs to nothing that is known.
    expect(judge(again)).toMatchObject({ duplicates: [], unexplained: ["hubspot|contacts|99"] })
    const secondary = entities.map((entity) =>
      entity.entity === "P1"
        ? {
            ...entity,
            records: [...entity.records, { connection: "hubspot", object: "contacts", id: "99", primary: false }],
          }
        : entity,
    )
    expect(judge({ ...agreed, records, entities: secondary }).duplicates).toEqual([
      { reason: "createdAgain", label: "person:1", among: ["hubspot|contacts|11", "hubspot|contacts|99"] },
    ])
    const known = {
      ...truth,
      records: {
        ...truth.records,
        [recordKey("hubspot", "contacts", "99")]: { label: "person:1", type: "contact" as const },
      },
    }
    expect(judge({ ...again, truth: known }).duplicates.map(({ reason }) => reason)).toEqual([
      "twoRecords",
      "twoEntities",
    ])
  })

  it("finds two people in one entity, and one person in two", () => {
    const merged = [
      ...entities.filter(({ entity }) => entity !== "P1" && entity !== "P2"),
      linked(
        "P1",
        "contact",
        ["hubspot", "contacts", "11"],
        ["odoo", "res.partner", "112"],
        ["app", "contact", "cc-11"],
      ),
    ]
    expect(judge({ ...agreed, entities: merged }).duplicates).toMatchObject([
      { reason: "twoThings", among: ["person:1", "person:2"] },
    ])
    const apart = [
      ...entities.filter(({ entity }) => entity !== "P1"),
      linked("P1", "contact", ["hubspot", "contacts", "11"], ["app", "contact", "cc-11"]),
      linked("P3", "contact", ["odoo", "res.partner", "111"]),
    ]
    expect(judge({ ...agreed, entities: apart }).duplicates).toEqual([
      { reason: "twoEntities", label: "person:1", among: ["P1", "P3"] },
    ])
  })

  it("finds what is missing where it should be, unless somebody took it away or it is listed", () => {
    const gone: Evidence = { ...agreed, records: without("app|contact|cc-12") }
    expect(judge(gone).missing).toEqual([
      {
        reason: "notThere",
        label: "person:2",
        system: "app",
        records: ["odoo|res.partner|112", "hubspot|contacts|12"].toSorted(),
      },
    ])
    const excuses: ReadonlyArray<Partial<Evidence>> = [
      { truth: { ...truth, removed: [{ system: "app", label: "person:2" }] } },
      { listed: { ...nothingListed, tombstones: [{ connection: "app", entity: "P2" }] } },
      { listed: { ...nothingListed, issues: [{ connection: "app", entity: "P2", group: null }] } },
      { admission: { ...admission, app: {} } },
    ]
    expect(excuses.map((excuse) => judge({ ...gone, ...excuse }).missing.length)).toEqual([0, 0, 0, 0])
    const call: Evidence = { ...agreed, records: without("odoo|mail.message|131") }
    expect(judge(call).missing.map(({ system, label }) => [system, label])).toEqual([["odoo", "activity:1"]])
    expect(
      judge({ ...call, admission: { ...admission, odoo: { ...everywhere, activity: ["note"] } } }).missing,
    ).toEqual([])
  })

  it("finds a record that nobody took notice of", () => {
    const unseen = {
      ...agreed,
      entities: entities.map((entity) =>
        entity.entity === "P1" ? { ...entity, records: entity.records.slice(1) } : entity,
      ),
    }
    expect(judge(unseen).missing).toEqual([
      { reason: "notLinked", label: "person:1", system: "hubspot", records: ["hubspot|contacts|11"] },
    ])
  })

  it("tells a question that had to be asked from one that did not", () => {
    const asked: Evidence = {
      ...agreed,
      entities: entities.map((entity) =>
        entity.entity === "P1"
          ? { ...entity, records: entity.records.filter(({ connection }) => connection !== "odoo") }
          : entity,
      ),
      listed: {
        ...nothingListed,
        questions: [{ connection: "odoo", object: "res.partner", id: "111", candidates: ["P1"] }],
      },
    }
    expect(judge(asked)).toMatchObject({
      duplicates: [],
      missing: [],
      parkedPairs: [
        {
          record: "odoo|res.partner|111",
          label: "person:1",
          candidate: "P1",
          candidateLabels: ["person:1"],
          ambiguous: false,
        },
      ],
    })
    expect(isContent(judge(asked))).toBe(false)
    expect(isContent(judge({ ...asked, truth: { ...truth, ambiguous: { "person:1": "twoCandidates" } } }))).toBe(true)
  })

  it("takes a record that says too little for whichever of two it was linked to", () => {
    const either = { ...truth, either: { [recordKey("odoo", "res.partner", "111")]: ["person:1", "person:2"] } }
    const other = [
      ...entities.filter(({ entity }) => entity !== "P1" && entity !== "P2"),
      linked("P1", "contact", ["hubspot", "contacts", "11"], ["app", "contact", "cc-11"]),
      linked(
        "P2",
        "contact",
        ["odoo", "res.partner", "111"],
        ["hubspot", "contacts", "12"],
        ["app", "contact", "cc-12"],
      ),
    ]
    const known = {
      ...either,
      records: {
        ...either.records,
        [recordKey("hubspot", "contacts", "12")]: { label: "person:2", type: "contact" as const },
      },
    }
    const records = without("odoo|res.partner|112")
    const faults = judge({ ...agreed, truth: known, entities: other, records }).duplicates
    expect(faults).toEqual([])
    const strict = judge({ ...agreed, truth: { ...known, either: {} }, entities: other, records }).duplicates
    expect(strict.map(({ reason }) => reason)).toEqual(expect.arrayContaining(["twoThings", "twoEntities"]))
  })

  it("knows a record that people merged by the ids that went into it", () => {
    const records = [
      ...without("hubspot|contacts|11"),
      ...hubspot(
        "contacts",
        "77",
        {
          email: "j.mueller@nordwind.example",
          firstname: "Jürgen",
          lastname: "Müller",
          phone: "+493020000002",
          jobtitle: "CEO",
          hs_merged_object_ids: "11;50",
        },
        { companies: ["1"] },
      ),
    ]
    const merged = entities.map((entity) =>
      entity.entity === "P1"
        ? linked(
            "P1",
            "contact",
            ["hubspot", "contacts", "77"],
            ["odoo", "res.partner", "111"],
            ["app", "contact", "cc-11"],
          )
        : entity,
    )
    expect(isContent(judge({ ...agreed, records, entities: merged }))).toBe(true)
    expect(judge({ ...agreed, records }).missing).toMatchObject([
      { reason: "notLinked", records: ["hubspot|contacts|77"] },
    ])
  })

  it("will not guess which system an unknown connection is", () => {
    expect(() => judge({ ...agreed, connections: { hubspot: "hubspot", odoo: "odoo" } })).toThrow("connection app")
  })

  it("shares nothing with the rules that it judges", () => {
    const folders = [new URL("./", import.meta.url), new URL("../dataset/", import.meta.url)]
    const sources = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
        .map((name) => readFileSync(new URL(name, folder), "utf8")),
    )
    expect(sources.length).toBeGreaterThan(30)
    // Types alone come from other packages: they have no code that could be wrong in both.
    const imports = sources.flatMap((source) => source.match(/^import .* from "@concordat\/.*"$/gm) ?? [])
    expect(imports.filter((line) => line.includes("/rules") || !line.startsWith("import type "))).toEqual([])
  })
})
