import { waiting } from "@concordat/engine/operations/waiting"
import type { WaitingItem } from "@concordat/engine/operations/views"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { acme, gone, page, put, withStore } from "./testing/acme.ts"

const EVERY = { ...page, kind: null }

const intent = (rest: object) => ({
  stream: "s",
  streamRevision: 0,
  data: {
    _tag: "WriteIntended",
    connection: "odoo",
    object: "res.partner",
    externalId: "12",
    entity: { type: "contact", id: "e1" },
    due: 1,
    key: "k",
    kind: "update",
    sent: { clear: { title: "CEO" } },
  },
  attempts: 1,
  nextAt: 0,
  job: null,
  until: 5,
  ...rest,
})

const e1 = acme("o")["entity contact:e1"]
const everything = {
  ...acme("o"),
  "issue odoo|contact:e5|title": { kind: "quarantined", code: "oscillation", message: "changed after each", at: 2 },
  "record odoo|crm.lead:3": { type: "deal", entity: null, primary: false, state: "parked" },
  "wait odoo|ext|crm.lead:3": ["activity:a1|deals"],
  "wait odoo|ext|crm.lead:4": ["activity:a2|deals"],
  "wait odoo|ent|company:c1": ["contact:e1|company"],
  "waiting odoo|res.partner:77": { keys: ["k1", "k2"] },
  "intent odoo|k1": intent({}),
  "intent odoo|k2": intent({ attempts: 3, nextAt: 60_000 }),
  "intent odoo|k3": intent({ job: { id: 1 } }),
  "entity deal:d1": gone("deal", "d1", null),
  "entity contact:e7": {
    ...e1,
    id: "e7",
    questions: ["odoo|res.partner:a:b"],
    links: {
      odoo: {
        ...e1.links["odoo"],
        intents: [
          { key: "k", due: 1, kind: "create", object: "res.partner", groups: { title: {} }, at: 8, unknown: true },
        ],
      },
    },
  },
}

const told = ({ connection, entity, group, kind, reason, record }: WaitingItem): string =>
  [kind, connection, entity ?? "", record ?? "", group ?? "", reason].join(" · ")

describe("waiting", () => {
  withStore("lists everything that waits, with its reason and without a value", () =>
    Effect.gen(function* () {
      yield* put(everything)
      yield* TestClock.setTime(10_000)
      const { items, next } = yield* waiting("acme", EVERY)
      assert.deepStrictEqual(items.map(told), [
        "match · odoo ·  · res.partner:a:b ·  · two candidates: may be contact:e1, contact:e9",
        "conflict · odoo · contact:e1 ·  · title · both sides changed it, rule manual",
        "refused · odoo · contact:e1 ·  · email · c: m",
        "problem · odoo · contact:e4 ·  ·  · c: m",
        "quarantined · odoo · contact:e5 ·  · title · oscillation: changed after each",
        "reference · odoo · contact:e1 ·  · company · waits for company:c1, which has no record there",
        "reference · odoo · activity:a1 ·  · deals · waits for crm.lead:3, which is a parked match",
        "reference · odoo · activity:a2 ·  · deals · waits for crm.lead:4, which was not seen yet",
        "record · odoo ·  · res.partner:77 ·  · may be one of 2 records that are being created there",
        "write · odoo · contact:e1 · res.partner:12 ·  · update: sent, no answer yet",
        "write · odoo · contact:e1 · res.partner:12 ·  · update: refused for now, 3 tries",
        "write · odoo · contact:e1 · res.partner:12 ·  · update: the provider works on it",
        "unknown · odoo · contact:e7 ·  · title · create: nobody knows whether it was taken; a read that shows it settles it",
        "create · odoo · contact:e7 · res.partner:a:b ·  · is created nowhere while a match names it",
        "tombstone · odoo · deal:d1 · crm.lead:7 ·  · deleted: not created there again unless somebody asks",
        "due · odoo2 · company:c1 ·  ·  · create: its connection is closed",
        "due · odoo · company:c1 ·  ·  · create: its connection is not armed",
        "due · odoo · contact:e1 ·  · email, title · update: its connection is not armed",
        "due · odoo · contact:e2 ·  · email · update: its connection is not armed",
        "due · odoo · contact:e3 ·  ·  · create: its connection is not armed",
      ])
      assert.strictEqual(next, null)
      assert.notInclude(JSON.stringify(items), "CEO")
      const retried = items.find(({ nextAt }) => nextAt !== null)
      assert.deepStrictEqual([retried?.kind, retried?.nextAt], ["write", 60_000])
    }),
  )

  withStore("goes page by page without losing or repeating anything", () =>
    Effect.gen(function* () {
      yield* put(everything)
      const whole = (yield* waiting("acme", EVERY)).items
      for (const limit of [1, 2, 3, 7]) {
        const seen: Array<WaitingItem> = []
        let after: string | null = null
        let pages = 0
        do {
          const part: { items: ReadonlyArray<WaitingItem>; next: string | null } = yield* waiting("acme", {
            ...EVERY,
            limit,
            after,
          })
          seen.push(...part.items)
          after = part.next
          pages += 1
        } while (after !== null && pages < 100)
        assert.deepStrictEqual(seen, whole, `pages of ${limit}`)
      }
    }),
  )

  withStore("picks out a kind, a connection, and never another tenant's", () =>
    Effect.gen(function* () {
      yield* put(everything)
      const kind = yield* waiting("acme", { ...EVERY, kind: "tombstone" })
      assert.deepStrictEqual(
        kind.items.map(({ entity }) => entity),
        ["deal:d1"],
      )
      const nowhere = yield* Effect.flip(waiting("acme", { ...EVERY, connection: "odoo2" }))
      assert.strictEqual(nowhere.message, "there is no connection odoo2; there are: hubspot, odoo")
      yield* put({ "connection odoo2": acme("o")["connection odoo"] })
      const other = yield* waiting("acme", { ...EVERY, connection: "odoo2" })
      assert.deepStrictEqual(
        other.items.map((one) => one.kind),
        ["due"],
      )
      assert.deepStrictEqual((yield* waiting("acme2", EVERY)).items, [])
    }),
  )
})
