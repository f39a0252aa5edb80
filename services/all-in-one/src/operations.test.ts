import { appendTo } from "@concordat/engine/operations/append"
import { links } from "@concordat/engine/operations/links"
import { conflicts, issues, matches } from "@concordat/engine/operations/lists"
import { plan } from "@concordat/engine/operations/plan"
import { status } from "@concordat/engine/operations/status"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import * as streams from "@concordat/model/streams"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { acme, page, put, withStore } from "./testing/acme.ts"

describe("operations", () => {
  withStore("status says of each connection what is armed, read, due and waiting", () =>
    Effect.gen(function* () {
      yield* put(acme("o"))
      yield* TestClock.setTime(10_000)
      const { connections } = yield* status("acme")
      assert.deepStrictEqual(
        connections.map(({ connection }) => connection),
        ["hubspot", "odoo"],
      )
      const odoo = connections[1]!
      assert.deepStrictEqual(odoo.paused, ["operator"])
      assert.deepStrictEqual(odoo.issues, { refused: 1, quarantined: 0, problem: 1, waiting: 0 })
      assert.deepStrictEqual([odoo.due, odoo.questions, odoo.conflicts], [4, 1, 1])
      assert.deepStrictEqual(odoo.counters, { "conflict.crm": 4, links: 2 })
      assert.deepStrictEqual(odoo.backfill.objects, [
        { object: "res.partner", done: 200, total: 1000, finished: false, perSecond: 20, secondsLeft: 40 },
      ])
    }),
  )

  withStore("status counts the tenant's own facts that are not decided yet", () =>
    Effect.gen(function* () {
      yield* put(acme("o"))
      const said = [{ type: "PauseRequested", data: { _tag: "PauseRequested", connection: "odoo", by: "kim" } }]
      yield* appendTo(streams.request("acme"), [...said, ...said])
      yield* appendTo(streams.request("acme").replace("acme", "acme2"), said)
      assert.strictEqual((yield* status("acme")).behind, 2)
      const journal = yield* Journal
      const [first] = yield* journal.read(streams.request("acme"), { from: 0, direction: "forward", limit: 1 })
      const commit = yield* Commit
      const checkpoint = { name: "reconciler", position: first!.position, eventId: first!.id }
      yield* commit.commit({ appends: [], documents: [], commands: [], checkpoint })
      assert.strictEqual((yield* status("acme")).behind, 1)
    }),
  )

  withStore("one tenant's questions are not answered with another's", () =>
    Effect.gen(function* () {
      yield* put(acme("o"))
      const failure = yield* Effect.flip(status("other"))
      assert.strictEqual(failure.message, "there is no tenant other; there is: acme")
      assert.deepStrictEqual((yield* conflicts("other", page)).items, [])
      assert.strictEqual((yield* Effect.flip(plan("other", "odoo")))._tag, "NotFound")
    }),
  )

  withStore("plan counts what arming would create, overwrite and park", () =>
    Effect.gen(function* () {
      yield* put(acme("o"))
      const found = yield* plan("acme", "odoo")
      assert.deepStrictEqual(found.create, { company: 1, contact: 1 })
      assert.deepStrictEqual(found.overwrite, [
        { type: "contact", group: "email", records: 2 },
        { type: "contact", group: "title", records: 1 },
      ])
      assert.deepStrictEqual(found.park, { matches: 1, conflicts: 1 })
      assert.strictEqual(found.armed, false)
    }),
  )

  withStore("lists carry both values of a conflict, and no value of a match", () =>
    Effect.gen(function* () {
      yield* put(acme("o"))
      const [conflict] = (yield* conflicts("acme", { ...page, connection: "odoo" })).items
      assert.deepStrictEqual(conflict?.ours.value, { title: "CEO" })
      assert.deepStrictEqual(conflict?.theirs.view, { function: "Boss" })
      const [match] = (yield* matches("acme", page)).items
      assert.deepStrictEqual([match?.object, match?.id], ["res.partner", "a:b"])
      assert.deepStrictEqual(match?.candidates[0]?.records, [
        { connection: "hubspot", object: "contacts", id: "7" },
        { connection: "odoo", object: "res.partner", id: "12" },
        { connection: "odoo", object: "res.partner", id: "13" },
      ])
      assert.deepStrictEqual(match?.candidates[1], { id: "e9", records: [] })
      assert.notInclude(JSON.stringify(match), "a@b.example")
    }),
  )

  withStore("lists go page by page, and a kind is picked out", () =>
    Effect.gen(function* () {
      yield* put(acme("o"))
      const first = yield* issues("acme", { ...page, limit: 2, kind: null })
      const rest = yield* issues("acme", { ...page, limit: 2, kind: null, after: first.next })
      assert.deepStrictEqual(
        [...first.items, ...rest.items].map(({ connection, group, kind }) => `${connection} ${group} ${kind}`),
        ["hubspot email waiting", "odoo email refused", "odoo  problem"],
      )
      assert.strictEqual(rest.next, null)
      const refused = yield* issues("acme", { ...page, kind: "refused" })
      assert.deepStrictEqual(
        refused.items.map(({ id }) => id),
        ["e1"],
      )
    }),
  )

  withStore("links list every record of an entity, without a value", () =>
    Effect.gen(function* () {
      yield* put(acme("o"))
      const [entity] = (yield* links("acme", { type: "contact", after: null, limit: 10 })).items
      const odoo = entity?.at.find(({ connection }) => connection === "odoo")
      assert.deepStrictEqual(odoo?.primary, { object: "res.partner", id: "12" })
      assert.deepStrictEqual(odoo?.duplicates, [{ object: "res.partner", id: "13" }])
      assert.deepStrictEqual([odoo?.parked, odoo?.due], [["title"], true])
      assert.notInclude(JSON.stringify(entity), "CEO")
      assert.deepStrictEqual((yield* links("acme", { type: "deal", after: null, limit: 10 })).items, [])
    }),
  )
})
