/** The trap of the lifecycle stage, which goes forward only. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { outcome, prepared, updating } from "./testing/portal.ts"

const customer = Effect.gen(function* () {
  const portal = yield* prepared()
  const { contacts } = portal.sandbox.seed({
    records: { contacts: [{ properties: { email: "a@example.com", lifecyclestage: "customer" } }] },
  })
  const id = contacts![0]!
  const held = () => portal.sandbox.get("contacts", id)?.properties["lifecyclestage"]
  const updates = () => portal.calls.filter(({ url }) => url.endsWith("batch/update")).length
  return { ...portal, id, held, updates }
})

const BEFORE = { lifecyclestage: "customer" }

describe("the lifecycle stage", () => {
  it.effect("[HS48] an earlier stage is answered as written and is not; cleared first it is taken", () =>
    Effect.gen(function* () {
      const { connector, held, id, raw, sandbox, updates } = yield* customer
      const told = raw("PATCH", `/crm/objects/2026-09/contacts/${id}`, { properties: { lifecyclestage: "lead" } })
      assert.deepStrictEqual([told.status, told.json.properties["lifecyclestage"]], [200, "lead"])
      assert.strictEqual(held(), "customer")
      const before = { ...BEFORE, firstname: "Ada" }
      const row = updating(id, "c-1", { lifecyclestage: "lead", firstname: "Ann" }, before)
      const answer = outcome(yield* connector.write("contacts", [row]), "c-1")
      assert.deepInclude(answer, { _tag: "Written", held: { lifecyclestage: "lead", firstname: "Ann" } })
      assert.strictEqual(held(), "lead")
      assert.strictEqual(sandbox.get("contacts", id)?.properties["firstname"], "Ann")
      assert.strictEqual(updates(), 3)
      // Our own clearing is nobody's edit.
      const taken = { key: row.key, id, held: row.values, before }
      assert.deepStrictEqual(yield* connector.overwritten!("contacts", [taken]), [])
    }),
  )

  it.effect("[HS48] what goes forward, or from nothing, is one write as ever", () =>
    Effect.gen(function* () {
      const { connector, held, id, updates } = yield* customer
      yield* connector.write("contacts", [updating(id, "c-1", { lifecyclestage: "evangelist" }, BEFORE)])
      assert.deepStrictEqual([held(), updates()], ["evangelist", 1])
      yield* connector.write("contacts", [
        updating(id, "c-1", { lifecyclestage: null }, { lifecyclestage: "evangelist" }),
      ])
      yield* connector.write("contacts", [updating(id, "c-1", { lifecyclestage: "lead" }, { lifecyclestage: null })])
      assert.deepStrictEqual([held(), updates()], ["lead", 3])
    }),
  )

  it.effect("[HS48] is not cleared for a row that is refused, and a row that is broken off is tried again whole", () =>
    Effect.gen(function* () {
      const { connector, held, id, sandbox } = yield* customer
      const bad = updating(id, "c-1", { lifecyclestage: "lead", nonsense: "1" }, BEFORE)
      assert.deepInclude(outcome(yield* connector.write("contacts", [bad]), "c-1"), {
        _tag: "Refused",
        field: "nonsense",
      })
      assert.strictEqual(held(), "customer")
      const row = updating(id, "c-1", { lifecyclestage: "lead" }, BEFORE)
      sandbox.failNext({ status: 0, match: "batch/update" })
      assert.strictEqual((yield* Effect.flip(connector.write("contacts", [row]))).reason._tag, "Unavailable")
      for (const afterEffect of [false, true]) {
        // The first request is taken, and that which clears the stage breaks off.
        sandbox.failNext({ status: 0, afterEffect, match: "batch/update", after: 1 })
        assert.deepInclude(outcome(yield* connector.write("contacts", [row]), "c-1"), {
          _tag: "Refused",
          retry: true,
          effect: "unknown",
        })
      }
      assert.deepInclude(outcome(yield* connector.write("contacts", [row]), "c-1"), { _tag: "Written" })
      assert.strictEqual(held(), "lead")
    }),
  )
})
