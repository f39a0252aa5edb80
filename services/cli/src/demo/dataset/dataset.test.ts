/** The data set has what it promises, is the same every time, and the sandboxes take it and its edits. */
import { makeAppSandbox } from "@concordat/providers/app/sandbox/sandbox"
import { makeHubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import { makeOdooSandbox } from "@concordat/providers/odoo/sandbox/sandbox"
import { describe, expect, it } from "vitest"
import type { StoredRecord } from "../oracle/evidence.ts"
import { keyOfStored } from "../oracle/register.ts"
import { APP_OBJECTS, readApp } from "../oracle/read-app.ts"
import { HUBSPOT_OBJECTS, readHubspot } from "../oracle/read-hubspot.ts"
import { ODOO_MODELS, readOdoo } from "../oracle/read-odoo.ts"
import { type Dataset, makeDataset } from "./dataset.ts"
import { afterwards, type Edit, type Made } from "./edit.ts"
import { makeEdits } from "./edits.ts"
import { dice } from "./random.ts"
import { seedRequests } from "./seed.ts"
import type { System } from "./sizes.ts"
import { hubspotContacts, odooContacts, pages } from "./stream.ts"

const SMALL = { contacts: 200, shared: 60, companies: 40, deals: 50, dealsTwice: 8, activities: 80 }

const countBy = <A>(all: Iterable<A>, by: (one: A) => string): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const one of all) counts[by(one)] = (counts[by(one)] ?? 0) + 1
  return counts
}

/** The three sandboxes of this process, as `POST /__sandbox__/{verb}` would reach them. */
const sandboxes = (version: 17 | 19) => {
  const now = () => Date.UTC(2026, 8, 1)
  const random = dice(7).next
  const hubspot = makeHubspotSandbox({ now, random })
  const odoo = makeOdooSandbox({ version, now, random })
  const app = makeAppSandbox({
    now,
    random,
    fetch: () => Promise.reject(new Error("this product is not connected")),
  })
  const call = (door: object, verb: string, body: unknown): unknown => {
    const method: unknown = Reflect.get(door, verb)
    if (typeof method !== "function") throw new Error(`no verb ${verb}`)
    return Reflect.apply(method, door, Array.isArray(body) ? body : [body])
  }
  return {
    knock: async (system: System, verb: string, body: unknown): Promise<unknown> => {
      if (system === "hubspot") return call(hubspot, verb, body)
      if (system === "app") return call(app, verb, body)
      return odoo.backdoor.call(verb, body as Parameters<typeof odoo.backdoor.call>[1])
    },
    stored: (): ReadonlyArray<StoredRecord> => [
      ...HUBSPOT_OBJECTS.flatMap((object) => hubspot.list(object).flatMap(readHubspot)),
      ...ODOO_MODELS.flatMap((model) => odoo.backdoor.list(model).flatMap((row) => readOdoo(model, row, "EUR"))),
      ...APP_OBJECTS.flatMap((object) => app.list(object).flatMap(readApp)),
    ],
    currencyOfOdoo: () => odoo.backdoor.get("res.company", 1)?.["currency_id"],
  }
}

const seeded = async (dataset: Dataset, version: 17 | 19) => {
  const three = sandboxes(version)
  for (const { system, verb, body } of seedRequests(dataset)) await three.knock(system, verb, body)
  return three
}

describe("the data set of the demo", () => {
  const dataset = makeDataset()
  const { world, truth } = dataset

  it("has as many things as it was asked for", () => {
    const people = countBy(world.people, ({ label }) => label)
    expect(Object.keys(people)).toHaveLength(2000)
    expect(Object.values(people).filter((records) => records > 1)).toHaveLength(600)
    expect(new Set(world.companies.map(({ label }) => label)).size).toBe(300)
    const deals = countBy(world.deals, ({ label }) => label)
    expect(Object.keys(deals)).toHaveLength(400)
    expect(Object.values(deals).filter((records) => records === 2)).toHaveLength(60)
    expect(world.activities).toHaveLength(800)
    expect(Object.keys(countBy(world.activities, ({ kind }) => kind)).toSorted()).toEqual([
      "call",
      "email",
      "meeting",
      "note",
      "task",
    ])
  })

  it("labels every record, and each once", () => {
    const held = [...world.people, ...world.companies, ...world.deals, ...world.activities]
    const perSystem = countBy(held, ({ system, label }) => `${system} ${label}`)
    expect(Math.max(...Object.values(perSystem))).toBe(1)
    expect(Object.keys(truth.records)).toHaveLength(held.length + truth.staff.length)
    expect(Object.values(truth.records).filter(({ label }) => label === "person:1").length).toBeGreaterThan(0)
  })

  it("spells shared people differently, and still says who they are", () => {
    const together = Map.groupBy(world.people, ({ label }) => label)
    const pairs = [...together.values()].flatMap(([a, b]) => (a === undefined || b === undefined ? [] : [{ a, b }]))
    const share = (test: (pair: (typeof pairs)[number]) => boolean): number => pairs.filter(test).length / pairs.length
    expect(share(({ a, b }) => `${a.first} ${a.last}` !== `${b.first} ${b.last}`)).toBeGreaterThan(0.5)
    expect(share(({ a, b }) => a.phone !== b.phone)).toBeGreaterThan(0.7)
    expect(share(({ b }) => b.email === null)).toBeGreaterThan(0.05)
    expect(share(({ a }) => a.otherEmails.length > 0)).toBeGreaterThan(0.02)
    expect(share(({ a, b }) => (b.title ?? a.title) !== a.title)).toBeGreaterThan(0.05)
    expect(share(({ a, b }) => a.seller !== b.seller)).toBeGreaterThan(0.05)
  })

  it("gives no address, and no number, to two people who are not meant to be mixed up", () => {
    const clear = world.people.filter(({ label }) => truth.ambiguous[label] === undefined)
    const owners = Map.groupBy(
      clear.filter(({ email }) => email !== null && !/^(info|office)@/.test(email)),
      ({ email }) => String(email).toLowerCase(),
    )
    for (const people of owners.values()) expect(new Set(people.map(({ label }) => label)).size).toBe(1)
    const digits = (phone: string): string =>
      phone.replace("(0)", "").replace(/\D/g, "").replace(/^00/, "").replace(/^0/, "49")
    const numbers = Map.groupBy(
      clear.filter(({ phone }) => phone !== null),
      ({ phone }) => digits(phone ?? ""),
    )
    for (const people of numbers.values()) expect(new Set(people.map(({ label }) => label)).size).toBe(1)
  })

  it("has mailboxes that several people share, and pairs that nobody can tell", () => {
    const boxes = Map.groupBy(
      world.people.filter(({ email }) => /^(info|office)@/.test(email ?? "")),
      ({ email }) => email,
    )
    expect(boxes.size).toBeGreaterThan(10)
    expect(countBy(Object.values(truth.ambiguous), (reason) => reason)).toEqual({
      contradictingName: 20,
      twoCandidates: 20,
      enteredTwice: 60,
    })
    expect(Object.keys(truth.either)).toHaveLength(10)
  })

  it("is the same for the same seed, and another for another", () => {
    expect(JSON.stringify(makeDataset(SMALL))).toBe(JSON.stringify(makeDataset(SMALL)))
    expect(JSON.stringify(makeDataset({ ...SMALL, seed: 2 }))).not.toBe(JSON.stringify(makeDataset(SMALL)))
    const script = (edits: ReadonlyArray<Edit>): string =>
      JSON.stringify(edits.map((edit) => [edit.system, edit.verb, edit.body(new Map())]))
    const small = makeDataset(SMALL)
    expect(script(makeEdits(small, { count: 40 }))).toBe(script(makeEdits(small, { count: 40 })))
    expect(script(makeEdits(small, { count: 40, seed: 9 }))).not.toBe(script(makeEdits(small, { count: 40 })))
  })

  it("refuses sizes that can't be", () => {
    expect(() => makeDataset({ contacts: 5, shared: 6 })).toThrow("more shared contacts than contacts")
    expect(() => makeDataset({ ...SMALL, activities: -1 })).toThrow("whole number")
  })
})

describe.each([17, 19] as const)("the sandboxes, with Odoo %i", (version) => {
  it("hold after seeding just the records that the truth names", async () => {
    const dataset = makeDataset(SMALL)
    const three = await seeded(dataset, version)
    const held = new Set(three.stored().map(keyOfStored))
    // The robot of a new Odoo database is archived there.
    const expected = Object.keys(dataset.truth.records).filter((key) => key !== "odoo|res.partner|2")
    expect([...held].toSorted()).toEqual(expected.toSorted())
    expect(three.currencyOfOdoo()).toBe(125)
  })

  it("take every edit, and each record that comes into being is known", async () => {
    const dataset = makeDataset(SMALL)
    const three = await seeded(dataset, version)
    let known: { truth: Dataset["truth"]; made: Made } = { truth: dataset.truth, made: new Map() }
    const edits = makeEdits(dataset, { count: 120 })
    for (const edit of edits) {
      const answer = await three.knock(edit.system, edit.verb, edit.body(known.made))
      known = afterwards(edit, answer, known)
    }
    const kinds = countBy(edits, ({ about }) => about)
    for (const about of [
      "phone",
      "email",
      "stage",
      "amount",
      "lost",
      "won",
      "done",
      "two contacts merged",
      "new deal",
    ]) {
      expect(kinds[about], about).toBeGreaterThan(0)
    }
    expect(known.truth.removed.length).toBeGreaterThan(0)
    const stored = three.stored()
    const strangers = stored.filter(
      (record) =>
        known.truth.records[keyOfStored(record)] === undefined && known.truth.subjects[record.said ?? ""] === undefined,
    )
    expect(strangers.map(keyOfStored)).toEqual([])
    const live = new Set(stored.map(keyOfStored))
    const lost = stored.filter(({ type, fields }) => type === "deal" && fields["roughStep"] === "lost")
    expect(lost.length).toBeGreaterThan(0)
    for (const key of [...known.made].flatMap(([name, id]) =>
      name.endsWith(" merged") ? [`hubspot|contacts|${id}`] : [],
    )) {
      expect(live.has(key)).toBe(true)
    }
  })
})

describe("the stream of contacts", () => {
  it("gives 100,000 of them, each with its own id and address, page by page", () => {
    const ids = new Set<string>()
    const emails = new Set<string>()
    let largest = 0
    for (const page of pages(hubspotContacts({ count: 100_000 }), 5_000)) {
      largest = Math.max(largest, page.length)
      for (const { id, properties } of page) {
        ids.add(id)
        emails.add(properties["email"] ?? "")
      }
    }
    expect([ids.size, emails.size, largest]).toEqual([100_000, 100_000, 5_000])
  })

  it("is the same every time, and not the same in Odoo", () => {
    const first = JSON.stringify([...hubspotContacts({ count: 20, seed: 3 })])
    expect(JSON.stringify([...hubspotContacts({ count: 20, seed: 3 })])).toBe(first)
    const [odoo] = [...odooContacts({ count: 1, seed: 3 })]
    expect(first).not.toContain(String(odoo?.["email"]))
  })
})
