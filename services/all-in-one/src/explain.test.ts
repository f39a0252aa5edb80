/** What `explain` says of a value and a write is said of that write alone, and nothing is held where nothing is. */
import { appendTo } from "@concordat/engine/operations/append"
import { explain } from "@concordat/engine/operations/explain"
import * as streams from "@concordat/model/streams"
import type { EntityDoc, HeldState } from "@concordat/rules/state/documents"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { acme, from, put, withStore } from "./testing/acme.ts"

const ENTITY = { type: "contact" as const, id: "e1" }
const AT = { connection: "odoo", object: "res.partner" }
const RECORD = streams.record("acme", "odoo", "res.partner", "12")

const append = (stream: string, data: { readonly _tag: string; readonly [member: string]: unknown }) =>
  Effect.andThen(TestClock.adjust(1_000), appendTo(stream, [{ type: data._tag, data }]))

const observed = (title: string) => ({
  _tag: "RecordObserved",
  ...AT,
  externalId: "12",
  values: { clear: { function: title } },
  readStartedAt: 1,
  readBefore: 0,
  stamp: null,
  by: "person",
  via: "poll",
  ownId: null,
})

const intended = (key: string, title: string, externalId: string | null = "12") => ({
  _tag: "WriteIntended",
  ...AT,
  externalId,
  entity: ENTITY,
  due: 1,
  key,
  kind: externalId === null ? "create" : "update",
  sent: { clear: { groups: { title: { function: title } }, values: { function: title } } },
})

const written = (key: string, rest: object = {}) => ({
  _tag: "RecordWritten",
  ...AT,
  externalId: "12",
  entity: ENTITY,
  due: 1,
  key,
  kind: "update",
  held: null,
  stamp: null,
  adopted: false,
  refused: [],
  attempts: 1,
  ...rest,
})

/** The entity with what Odoo holds of its title; `link`: what is otherwise about its link there. */
const holding = (held: Partial<HeldState>, link: Partial<EntityDoc["links"][string]> = {}) => {
  const documents = acme("o")
  const entity = documents["entity contact:e1"] as EntityDoc
  const odoo = {
    ...entity.links["odoo"]!,
    groups: { title: { signature: "s", shadow: null, ...held } },
    ...link,
  }
  return put({
    ...documents,
    "due odoo|contact:e1": null,
    "entity contact:e1": { ...entity, links: { ...entity.links, odoo } },
  })
}

const atOdoo = Effect.gen(function* () {
  const { groups } = yield* explain("acme", { ...ENTITY, field: "title" })
  return groups[0]!.at.find(({ connection }) => connection === "odoo")!
})

describe("explain", () => {
  withStore("names a write beside a value only where that write wrote it", () =>
    Effect.gen(function* () {
      yield* append(RECORD, intended("k1", "CEO"))
      yield* append(RECORD, written("k1"))
      yield* holding({ shadow: { function: "CEO" }, wrote: { view: { function: "CEO" }, at: 2_000 } })
      const mine = yield* atOdoo
      assert.deepStrictEqual([mine.state, mine.since?.how, mine.since?.key], ["held", "written", "k1"])
      // A person has typed over it since.
      const seen = yield* append(RECORD, observed("Boss"))
      const read = { seen: from("odoo", "12", seen.id), wrote: { view: { function: "CEO" }, at: 2_000 } }
      yield* holding({ shadow: { function: "Boss" }, ...read })
      const theirs = yield* atOdoo
      assert.deepStrictEqual(theirs.view, { function: "Boss" })
      assert.deepStrictEqual(theirs.since, { how: "read", at: 3_000, via: "poll", by: "person", key: null })
      // And has typed our value again: it is theirs now.
      yield* holding({ shadow: { function: "CEO" }, ...read })
      assert.strictEqual((yield* atOdoo).since?.how, "read")
    }),
  )

  withStore("does not call a field written that the answer names as refused", () =>
    Effect.gen(function* () {
      yield* append(RECORD, intended("k1", "CEO"))
      const refused = [{ name: "function", code: "validation", message: "too long" }]
      yield* append(RECORD, written("k1", { refused }))
      yield* holding({ shadow: { function: "Boss" }, refused: { view: {}, code: "validation", message: "too long" } })
      const { reason, state, writes } = yield* atOdoo
      assert.deepStrictEqual([state, reason], ["refused", "validation: too long"])
      assert.deepStrictEqual(
        writes.map(({ message, outcome }) => [outcome, message]),
        [["refused", "too long"]],
      )
    }),
  )

  withStore("says of a record that is gone that it is, and what it held last", () =>
    Effect.gen(function* () {
      const tombstone = { record: { object: "res.partner", id: "12" }, reason: "deleted" }
      yield* holding({ shadow: { function: "CEO" } }, { primary: null, duplicates: [], tombstone })
      const { reason, record, state, view } = yield* atOdoo
      assert.deepStrictEqual([state, reason, record?.id, view], ["gone", "deleted", "12", { function: "CEO" }])
    }),
  )

  withStore("takes a create that found another's record, or made another record, for no write of this one", () =>
    Effect.gen(function* () {
      const creates = streams.create("acme", "odoo", "e1")
      yield* append(creates, intended("k1", "CEO", null))
      yield* append(creates, written("k1", { kind: "create", externalId: "77", adopted: true }))
      const refused = { view: {}, code: "uniqueness", message: "somebody else has it" }
      yield* holding({ refused }, { primary: null, duplicates: [] })
      const none = yield* atOdoo
      assert.deepStrictEqual([none.state, none.record, none.view], ["refused", null, null])
      assert.deepStrictEqual(
        none.writes.map(({ outcome }) => outcome),
        ["adopted"],
      )
      yield* holding({ shadow: { function: "CEO" } })
      assert.deepStrictEqual((yield* atOdoo).writes, [])
    }),
  )

  withStore("tells what a conflict left as it was from what it changed, and a split from a value", () =>
    Effect.gen(function* () {
      const change = (title: string, loser: string | null, rule: string) => ({
        _tag: "ContactChanged",
        type: "contact",
        values: { clear: { title: { value: { title }, ...(loser === null ? {} : { loser: { title: loser } }) } } },
        changes: [
          {
            groups: ["title"],
            rule,
            provenance: from("hubspot", "7", "o"),
            loser: loser === null ? null : from("odoo", "12", "x"),
          },
        ],
      })
      const stream = streams.entity("contact", "acme", "e1")
      yield* append(stream, change("CEO", null, "filled"))
      yield* append(stream, change("CEO", "Boss", "crm"))
      yield* append(stream, {
        _tag: "ContactSplit",
        type: "contact",
        off: "e9",
        values: { clear: { title: { title: "Driver" } } },
        links: [],
        by: "kim",
      })
      yield* holding({ shadow: { function: "CEO" } })
      const { groups } = yield* explain("acme", { ...ENTITY, field: "title" })
      assert.deepStrictEqual(
        groups[0]!.history.map(({ kind, loser, value }) => [kind, value, loser?.value ?? null]),
        [
          ["split", null, null],
          ["kept", { title: "CEO" }, { title: "Boss" }],
          ["changed", { title: "CEO" }, null],
        ],
      )
    }),
  )

  withStore("tells what became of the entity as a whole, a split also from the stream of the other one", () =>
    Effect.gen(function* () {
      const own = streams.entity("contact", "acme", "e1")
      const other = streams.entity("contact", "acme", "e2")
      const record = { object: "res.partner", id: "12" }
      const link = { connection: "odoo", record, primary: true, how: "email" }
      const say = (stream: string, type: string, data: object) =>
        Effect.andThen(TestClock.adjust(1_000), appendTo(stream, [{ type, data: { type: "contact", ...data } }]))
      yield* say(own, "ContactLinked", { link })
      yield* say(own, "ContactUnlinked", { link: { ...link, how: "deleted" }, reason: "deleted" })
      yield* say(own, "ContactMergedAway", { into: "e2", by: "carol" })
      yield* say(other, "ContactSplit", { off: "e1", values: { clear: {} }, links: [], by: "dave" })
      yield* say(other, "ContactSplit", { off: "e3", values: { clear: {} }, links: [], by: "dave" })
      yield* holding({})
      const { history } = yield* explain("acme", { ...ENTITY, field: "title" })
      assert.deepStrictEqual(
        history.map(({ at, by, entity, kind, reason }) => [at, kind, entity, reason, by]),
        [
          [4_000, "splitOff", "e2", null, "dave"],
          [3_000, "mergedAway", "e2", null, "carol"],
          [2_000, "unlinked", null, "deleted", null],
          [1_000, "linked", null, "email", null],
        ],
      )
      assert.deepStrictEqual(history[3]?.record, record)
    }),
  )
})
