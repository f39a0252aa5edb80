/** Traps of creating what is there already: by its address, by our id after a lost answer, by another unique value. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { creating, outcome, prepared, seedTwo } from "./testing/portal.ts"

describe("adopting", () => {
  it.effect(
    "[HS10] a contact that exists is adopted, named or not, also by an additional address, and not written over",
    () =>
      Effect.gen(function* () {
        for (const conflictNamesId of [true, false]) {
          const portal = yield* prepared({ conflictNamesId })
          const [a, b] = seedTwo(portal)
          const merged = portal.sandbox.merge("contacts", a, b)
          const answers = yield* portal.connector.write("contacts", [
            creating("c-1", { email: " B@Example.com", firstname: "Ours" }),
          ])
          assert.deepStrictEqual(outcome(answers, "c-1"), { _tag: "Written", id: merged, adopted: true })
          assert.isUndefined(portal.sandbox.get("contacts", merged)?.properties["firstname"])
        }
      }),
  )

  it.effect(
    "[HS11] a create whose answer was lost is adopted when it is sent again, with what a person made of it since",
    () =>
      Effect.gen(function* () {
        for (const conflictNamesId of [true, false]) {
          const { sandbox, connector } = yield* prepared({ conflictNamesId })
          const rows = [creating("d-1", { dealname: "Ten seats", amount: "1000" }, "deal")]
          sandbox.failNext({ status: 0, afterEffect: true, match: "batch/create" })
          const lost = yield* connector.write("deals", rows).pipe(Effect.flip)
          assert.deepInclude(lost.reason, { _tag: "Unavailable", effect: "unknown" })
          const [made] = sandbox.list("deals")
          sandbox.put({ object: "deals", id: made!.id, properties: { amount: "1500" } })
          const answers = yield* connector.write("deals", rows)
          assert.deepStrictEqual(outcome(answers, "d-1"), {
            _tag: "Written",
            id: made!.id,
            adopted: true,
            made: ["dealname", "amount"],
          })
          assert.strictEqual(sandbox.list("deals").length, 1)
          assert.strictEqual(sandbox.get("deals", made!.id)?.properties["amount"], "1500")
        }
      }),
  )

  it.effect(
    "[HS11] so is one that is refused for another reason then: the first try was taken before there was one",
    () =>
      Effect.gen(function* () {
        const { sandbox, connector } = yield* prepared()
        const rows = [creating("c-1", { email: "ada@example.com" }), creating("c-2", { email: "bob@example.com" })]
        sandbox.failNext({ status: 0, afterEffect: true, match: "batch/create" })
        yield* connector.write("contacts", rows.slice(0, 1)).pipe(Effect.flip)
        sandbox.settings({ requiredProperties: { contacts: ["phone"] } })
        const [made] = sandbox.list("contacts")
        const answers = yield* connector.write("contacts", rows)
        assert.deepStrictEqual(outcome(answers, "c-1"), {
          _tag: "Written",
          id: made!.id,
          adopted: true,
          made: ["email"],
        })
        assert.deepInclude(outcome(answers, "c-2"), { _tag: "Refused", code: "validation", effect: "none" })
        // Whether it was taken is not known while nobody can read.
        sandbox.failNext({ status: 502, match: "batch/read" })
        const unread = yield* connector.write("contacts", rows.slice(0, 1))
        assert.deepInclude(outcome(unread, "c-1"), { _tag: "Refused", code: "busy", retry: true })
      }),
  )

  it.effect("[HS11] of one that another was merged into nobody knows what a create set there", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* prepared({ conflictNamesId: true })
      const rows = [creating("d-1", { dealname: "Ten seats" }, "deal")]
      yield* connector.write("deals", rows)
      const [ours] = sandbox.list("deals")
      const theirs = sandbox.put({ object: "deals", properties: { dealname: "Twelve seats" } })
      const id = sandbox.merge("deals", theirs.id, ours!.id)
      const answers = yield* connector.write("deals", rows)
      assert.deepStrictEqual(outcome(answers, "d-1"), { _tag: "Written", id, adopted: true })
    }),
  )

  it.effect(
    "[HS36] a record that holds another unique value is adopted where HubSpot names it, and else is a refusal",
    () =>
      Effect.gen(function* () {
        for (const conflictNamesId of [true, false]) {
          const { sandbox, connector, raw } = yield* prepared({ conflictNamesId })
          raw("POST", "/crm/properties/2026-09/deals", {
            name: "order_no",
            label: "Order",
            groupName: "dealinformation",
            type: "string",
            fieldType: "text",
            hasUniqueValue: true,
          })
          const { id } = sandbox.put({ object: "deals", properties: { dealname: "Theirs", order_no: "A-1" } })
          const answers = yield* connector.write("deals", [
            creating("d-1", { dealname: "Ours", order_no: "A-1" }, "deal"),
          ])
          assert.deepInclude(
            outcome(answers, "d-1"),
            conflictNamesId
              ? { _tag: "Written", id, adopted: true }
              : { _tag: "Refused", code: "uniqueness", field: "order_no" },
          )
        }
      }),
  )

  it.effect("[HS20] companies with one domain are two companies to HubSpot; with one own id they are one", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* prepared({ conflictNamesId: false })
      const acme = { name: "Acme", domain: "acme.example" }
      yield* connector.write("companies", [creating("o-1", acme, "company"), creating("o-2", acme, "company")])
      assert.strictEqual(sandbox.counts()["companies"], 2)
      const again = yield* connector.write("companies", [creating("o-2", acme, "company")])
      assert.deepInclude(outcome(again, "o-2"), { adopted: true })
      assert.strictEqual(sandbox.counts()["companies"], 2)
    }),
  )
})
