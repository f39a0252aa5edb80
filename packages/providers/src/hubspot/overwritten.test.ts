/** What HubSpot's history says of the gap between a read and a write. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { openPortal } from "./testing/portal.ts"

const row = (id: string, values: Record<string, string>) => ({
  key: `key ${id}`,
  kind: "update" as const,
  id,
  ownId: `mark-${id}`,
  type: "contact",
  values,
  before: {},
})

describe("HubSpot's histories", () => {
  it.effect("[HS46] show what a write stood over, and nothing where nobody came in between or after", () =>
    Effect.gen(function* () {
      const { connector, sandbox } = yield* openPortal()
      yield* connector.prepare
      const people = Array.from({ length: 60 }, (_, i) => ({
        properties: { email: `p${i}@example.com`, jobtitle: "Analyst", city: "Bonn" },
      }))
      const ids = sandbox.seed({ records: { contacts: people } })["contacts"]!
      const [slipped, cleared, after, workflow, plain] = ids as ReadonlyArray<string> as [
        string,
        string,
        string,
        string,
        string,
      ]
      sandbox.advance(1_000)
      sandbox.put({ object: "contacts", id: slipped, properties: { jobtitle: "Countess" } })
      sandbox.put({ object: "contacts", id: slipped, properties: { jobtitle: "Duchess", city: "Trier" } })
      sandbox.put({ object: "contacts", id: cleared, properties: { jobtitle: "" } })
      sandbox.put({ object: "contacts", id: workflow, properties: { jobtitle: "Lead" }, byWorkflow: true })
      sandbox.advance(1_000)
      for (const some of [ids.slice(0, 50), ids.slice(50)])
        yield* connector.write(
          "contacts",
          some.map((id) => row(id, { jobtitle: "Baroness" })),
        )
      sandbox.advance(1_000)
      sandbox.put({ object: "contacts", id: after, properties: { jobtitle: "Queen" } })
      const writes = ids.map((id) => ({
        key: `key ${id}`,
        id,
        held: { jobtitle: "Baroness" },
        before: { jobtitle: "Analyst" },
      }))
      const found = yield* connector.overwritten!("contacts", writes)
      assert.deepStrictEqual(
        found.map(({ by, key, values }) => [key, values, by]),
        [
          [`key ${slipped}`, { jobtitle: "Duchess" }, "person"],
          [`key ${cleared}`, { jobtitle: null }, "person"],
          [`key ${workflow}`, { jobtitle: "Lead" }, "automation"],
        ],
      )
      assert.isFalse(found.some(({ key }) => key === `key ${plain}`))
    }),
  )

  it.effect("[HS46] say of a record that was made of two what stood there before, which no write stood over", () =>
    Effect.gen(function* () {
      const { connector, sandbox } = yield* openPortal()
      yield* connector.prepare
      const stoodOver = Effect.fnUntraced(function* (isEdited: boolean) {
        const [one, other] = sandbox.seed({
          records: { contacts: ["one", "other"].map((name) => ({ properties: { firstname: name } })) },
        })["contacts"]! as [string, string]
        sandbox.put({ object: "contacts", id: other, properties: { jobtitle: "Analyst", city: "Bonn" } })
        sandbox.put({ object: "contacts", id: one, properties: { jobtitle: "Lead", city: "Trier" } })
        sandbox.advance(1_000)
        // One that is emptied gets what the other has, and one that is older stays.
        sandbox.put({ object: "contacts", id: one, properties: { jobtitle: "" } })
        sandbox.put({ object: "contacts", id: other, properties: { city: "Aachen" } })
        sandbox.advance(1_000)
        const id = sandbox.merge("contacts", one, other)
        const read = (yield* connector.read!("contacts", [id], { fields: ["jobtitle", "city"], limit: 10 })).at(-1)
        assert.deepStrictEqual(
          read?._tag === "Found" ? [read.record.values["jobtitle"], read.record.values["city"]] : read,
          ["Analyst", "Trier"],
        )
        sandbox.advance(1_000)
        if (isEdited) sandbox.put({ object: "contacts", id, properties: { city: "Mainz" } })
        yield* connector.write("contacts", [row(id, { jobtitle: "Baroness", city: "Ulm" })])
        const stamp = read?._tag === "Found" ? read.record.stamp : undefined
        const found = yield* connector.overwritten!("contacts", [
          {
            key: "key",
            id,
            held: { jobtitle: "Baroness", city: "Ulm" },
            before: { jobtitle: "Analyst", city: "Trier" },
            ...(stamp === undefined ? {} : { stamp }),
          },
        ])
        return found.map(({ values }) => values)
      })
      assert.deepStrictEqual([yield* stoodOver(false), yield* stoodOver(true)], [[], [{ city: "Mainz" }]])
    }),
  )

  it.effect("[HS46] say nothing of what we wrote into the one of two, before it was made one with the other", () =>
    Effect.gen(function* () {
      const { connector, sandbox } = yield* openPortal({ mergeMintsId: false })
      yield* connector.prepare
      const stoodOver = Effect.fnUntraced(function* (isEdited: boolean) {
        const [one, other] = sandbox.seed({
          records: { contacts: ["one", "other"].map((name) => ({ properties: { firstname: name } })) },
        })["contacts"]! as [string, string]
        sandbox.advance(1_000)
        const [read] = yield* connector.read!("contacts", [one], { fields: ["jobtitle"], limit: 10 })
        const stamp = read?._tag === "Found" ? read.record.stamp : undefined
        sandbox.advance(1_000)
        if (isEdited) sandbox.put({ object: "contacts", id: one, properties: { jobtitle: "Duchess" } })
        sandbox.advance(1_000)
        yield* connector.write("contacts", [row(other, { jobtitle: "Clerk" })])
        sandbox.advance(1_000)
        yield* connector.write("contacts", [row(one, { jobtitle: "Baroness" })])
        sandbox.advance(1_000)
        assert.strictEqual(sandbox.merge("contacts", one, other), one)
        const write = { key: "key", id: one, held: { jobtitle: "Baroness" }, before: { jobtitle: null } }
        const found = yield* connector.overwritten!("contacts", [{ ...write, ...(stamp !== undefined && { stamp }) }])
        return found.map(({ by, values }) => [values, by])
      })
      assert.deepStrictEqual(
        [yield* stoodOver(false), yield* stoodOver(true)],
        [[], [[{ jobtitle: "Duchess" }, "person"]]],
      )
    }),
  )

  it.effect("[HS46] show a write whatever came after it, and no older one of the same value", () =>
    Effect.gen(function* () {
      const { connector, sandbox } = yield* openPortal()
      yield* connector.prepare
      const names = ["plain", "rewritten", "taken back", "older", "of another", "never", "merged"]
      const people = names.map((lastname) => ({ properties: { lastname, jobtitle: "Analyst", city: "Bonn" } }))
      const ids = sandbox.seed({ records: { contacts: people } })["contacts"]! as ReadonlyArray<string>
      const idOf = (name: string): string => ids[names.indexOf(name)]!
      const put = (name: string, jobtitle: string, byWorkflow = false) => {
        sandbox.advance(1_000)
        sandbox.put({ object: "contacts", id: idOf(name), properties: { jobtitle }, byWorkflow })
      }
      sandbox.advance(1_000)
      // The city stood there already: the write makes no version of it.
      const values = { jobtitle: "Baroness", city: "Bonn" }
      yield* connector.write("contacts", [row(idOf("older"), values)])
      put("older", "Analyst")
      sandbox.advance(1_000)
      const read = yield* connector.read!("contacts", ids, { fields: ["jobtitle"], limit: 10 })
      const stamps = new Map(
        read.flatMap((one) => (one._tag === "Found" ? [[one.record.id, one.record.stamp] as const] : [])),
      )
      sandbox.advance(1_000)
      const written = ["plain", "rewritten", "taken back", "merged"].map(idOf)
      yield* connector.write(
        "contacts",
        written.map((id) => row(id, values)),
      )
      put("rewritten", "Baroness!", true)
      put("taken back", "Analyst")
      put("of another", "Baroness")
      sandbox.advance(1_000)
      const other = sandbox.put({ object: "contacts", properties: { lastname: "Other" } }).id
      const merged = sandbox.merge("contacts", idOf("merged"), other)
      const shown = Effect.fnUntraced(function* (hasStamps: boolean) {
        const writes = names.map((key) => {
          const stamp = hasStamps ? stamps.get(idOf(key)) : undefined
          return {
            key,
            id: key === "merged" ? merged : idOf(key),
            held: values,
            before: { jobtitle: "Analyst", city: "Bonn" },
            ...(stamp === undefined ? {} : { stamp }),
          }
        })
        return (yield* connector.shown!("contacts", writes)).map(({ key, stamp }) => [key, typeof stamp])
      })
      assert.deepStrictEqual(yield* shown(true), [
        ["plain", "number"],
        ["rewritten", "number"],
        ["taken back", "number"],
      ])
      // Without a time what stood there before and stands above it is taken for older: so it is not told.
      assert.deepStrictEqual(yield* shown(false), [
        ["plain", "number"],
        ["rewritten", "number"],
      ])
    }),
  )
})
