/** Traps of finding changes: a lagging index, capped results, ties, archives that move no date, cursors that don't mix. */
import type { Cursor, Hint } from "@concordat/engine/ports/Provider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ARCHIVE_SWEEP_MS } from "./definition.ts"
import { openPortal, seedTwo, START, type TestPortal } from "./testing/portal.ts"

const options = { fields: ["email"], limit: 200 }

/** One poll: pages until there are no more. */
const poll = Effect.fnUntraced(function* ({ connector }: TestPortal, object: string, from: Cursor) {
  const hints: Array<Hint> = []
  let cursor = from
  for (let pages = 1; ; pages += 1) {
    assert.isBelow(pages, 200, "the walk does not end")
    const page = yield* connector.changes(object, cursor, options)
    hints.push(...page.hints)
    cursor = page.next ?? cursor
    if (!page.more) return { hints, cursor, pages }
  }
})

const people = (count: number, updatedAt: number) =>
  Array.from({ length: count }, (_, i) => ({
    properties: { email: `p${i}@example.com` },
    createdAt: updatedAt,
    updatedAt,
  }))

const restored = (id: string) => ({
  method: "POST",
  url: "https://sync.example.com/hooks",
  headers: {},
  body: new TextEncoder().encode(JSON.stringify([{ subscriptionType: "contact.restore", objectId: Number(id) }])),
})

describe("changes", () => {
  it.effect("[HS1] a change that search shows late is found by the overlap of the next windows", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal({ indexLagMs: [9_000, 9_000] })
      const { sandbox, connector } = portal
      const start = yield* connector.changesFrom("contacts")
      sandbox.advance(5_000)
      const { id } = sandbox.put({ object: "contacts", properties: { email: "late@example.com" } })
      sandbox.advance(2_000)
      const first = yield* poll(portal, "contacts", start)
      assert.deepStrictEqual(first.hints, [])
      sandbox.advance(30_000)
      const second = yield* poll(portal, "contacts", first.cursor)
      assert.deepStrictEqual(second.hints, [{ object: "contacts", id, kind: "changed", about: "fields" }])
    }),
  )

  it.effect("[HS2] [HS3] 10,500 records with one and the same modified date are walked to the end, each once", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal()
      const { sandbox, connector } = portal
      sandbox.seed({ records: { contacts: people(10_500, START - 86_400_000) } })
      const start = yield* connector.changesFrom("contacts")
      sandbox.advance(30_000)
      sandbox.calculate({ object: "contacts", property: "hs_is_unworked", value: "true" })
      sandbox.advance(1_000)
      const { hints, pages } = yield* poll(portal, "contacts", start)
      assert.strictEqual(new Set(hints.map((hint) => hint.id)).size, 10_500)
      assert.strictEqual(hints.length, 10_500)
      assert.strictEqual(pages, Math.ceil(10_501 / 200))
    }),
  )

  it.effect("[HS3] an offset past 10,000 results is refused, and shifts under a write before it", () =>
    Effect.gen(function* () {
      const { sandbox, raw } = yield* openPortal({ indexLagMs: [0, 0] })
      const { contacts } = sandbox.seed({ records: { contacts: people(10_100, START) } })
      const search = (after: number) =>
        raw("POST", "/crm/objects/2026-09/contacts/search", { limit: 100, after: String(after) })
      assert.strictEqual(search(9_900).json.paging?.next.after, "10000")
      assert.strictEqual(search(10_000).status, 400)
      const second = search(100).json.results[0]!.id
      sandbox.archive("contacts", contacts![0]!)
      assert.notStrictEqual(search(100).json.results[0]!.id, second)
    }),
  )

  it.effect("[HS4] an archived record keeps its date and leaves the search; the archived list gives the hint", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal()
      const { sandbox, connector } = portal
      const { contacts } = sandbox.seed({ records: { contacts: people(150, START - 86_400_000) } })
      for (const id of contacts!.slice(0, 120)) sandbox.archive("contacts", id)
      sandbox.advance(86_400_000)
      const start = yield* connector.changesFrom("contacts")
      sandbox.advance(ARCHIVE_SWEEP_MS)
      const gone = contacts![140]!
      sandbox.archive("contacts", gone)
      assert.strictEqual(sandbox.get("contacts", gone)?.updatedAt, START - 86_400_000)
      const first = yield* poll(portal, "contacts", start)
      assert.deepStrictEqual(first.hints, [{ object: "contacts", id: gone, kind: "gone" }])
      const readings = yield* connector.read("contacts", [gone], options)
      assert.deepStrictEqual(readings, [{ _tag: "Gone", object: "contacts", id: gone, reason: "archived" }])
      sandbox.advance(30_000)
      assert.strictEqual(
        (yield* poll(portal, "contacts", first.cursor)).pages,
        1,
        "the list is not walked at every poll",
      )
    }),
  )

  it.effect("[HS5] after a merge both old ids lead to a third record, and are hinted at through it", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal({ indexLagMs: [0, 0] })
      const { sandbox, connector } = portal
      const { contacts } = sandbox.seed({ records: { contacts: people(3, START - 86_400_000) } })
      const [kept, lost, other] = contacts as [string, string, string]
      const start = yield* connector.changesFrom("contacts")
      sandbox.advance(30_000)
      const into = sandbox.merge("contacts", kept, lost)
      assert.notInclude([kept, lost], into)
      sandbox.advance(1_000)
      const { hints } = yield* poll(portal, "contacts", start)
      assert.sameDeepMembers(hints, [
        { object: "contacts", id: into, kind: "changed", about: "fields" },
        { object: "contacts", id: kept, kind: "merged" },
        { object: "contacts", id: lost, kind: "merged" },
      ])
      const readings = yield* connector.read("contacts", [kept, lost, other], options)
      assert.sameDeepMembers(
        readings.map((reading) => (reading._tag === "Found" ? reading.record.id : reading)),
        [
          other,
          { _tag: "Merged", object: "contacts", id: kept, into },
          { _tag: "Merged", object: "contacts", id: lost, into },
        ],
      )
    }),
  )

  it.effect(
    "[HS5] a record that is read alone says first which others are part of it, or it would be somebody new",
    () =>
      Effect.gen(function* () {
        const { sandbox, connector } = yield* openPortal({ indexLagMs: [0, 0] })
        const { contacts } = sandbox.seed({ records: { contacts: people(2, START) } })
        const into = sandbox.merge("contacts", contacts![0]!, contacts![1]!)
        const readings = yield* connector.read("contacts", [into], options)
        assert.deepStrictEqual(
          readings.map((reading) => (reading._tag === "Found" ? reading.record.id : reading)),
          [...contacts!.map((id) => ({ _tag: "Merged", object: "contacts", id, into }) as const), into],
        )
      }),
  )

  it.effect("[HS5] an id of an earlier merge is followed to the record it is now, though that does not name it", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* openPortal({ mergeNamesChain: false })
      const { contacts } = sandbox.seed({ records: { contacts: people(3, START) } })
      const [first, second, third] = contacts as [string, string, string]
      const between = sandbox.merge("contacts", first, second)
      const into = sandbox.merge("contacts", between, third)
      assert.deepStrictEqual(yield* connector.read("contacts", [first], options), [
        { _tag: "Merged", object: "contacts", id: first, into },
      ])
    }),
  )

  it.effect(
    "[HS5] an id of an earlier merge is followed too where the record that it is now, or a later id of it, is read with it",
    () =>
      Effect.gen(function* () {
        const { sandbox, connector } = yield* openPortal({ mergeNamesChain: false })
        const { contacts } = sandbox.seed({ records: { contacts: people(3, START) } })
        const [first, second, third] = contacts as [string, string, string]
        const into = sandbox.merge("contacts", third, sandbox.merge("contacts", first, second))
        const merged = (id: string) => ({ _tag: "Merged", object: "contacts", id, into }) as const
        for (const also of [into, third]) {
          const readings = yield* connector.read("contacts", [first, second, also], options)
          assert.includeDeepMembers([...readings], [merged(first), merged(second)])
        }
      }),
  )

  it.effect("[HS40] a restored record keeps its date: no search shows it, the census and a webhook do", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal({ indexLagMs: [0, 0] })
      const { sandbox, connector } = portal
      const { contacts } = sandbox.seed({
        records: { contacts: [{ properties: { email: "a@example.com" }, updatedAt: START - 86_400_000 }] },
      })
      const id = contacts![0]!
      sandbox.archive("contacts", id)
      const start = yield* connector.changesFrom("contacts")
      sandbox.advance(ARCHIVE_SWEEP_MS / 2)
      sandbox.restore("contacts", id)
      sandbox.advance(2 * ARCHIVE_SWEEP_MS)
      const { hints } = yield* poll(portal, "contacts", start)
      assert.deepStrictEqual(hints, [])
      assert.deepStrictEqual((yield* connector.census("contacts", null)).hints, [
        { object: "contacts", id, kind: "changed" },
      ])
      assert.deepStrictEqual((yield* connector.webhook.parse(restored(id))) as ReadonlyArray<unknown>, [
        { object: "contacts", id, kind: "restored" },
      ])
    }),
  )

  it.effect("[HS17] a list does not go on from a foreign cursor, and says that the walk has to start again", () =>
    Effect.gen(function* () {
      const { connector } = yield* openPortal()
      const error = yield* connector.backfill("contacts", { after: "MTAw" }, options).pipe(Effect.flip)
      assert.strictEqual(error.reason._tag, "CursorExpired")
      const other = yield* connector.changes("contacts", { token: 1 }, options).pipe(Effect.flip)
      assert.strictEqual(other.reason._tag, "CursorExpired")
    }),
  )

  it.effect("[HS24] a background job moves dates and no value: what is read stays the same", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal()
      const { sandbox, connector } = portal
      const { contacts } = sandbox.seed({ records: { contacts: people(1, START - 86_400_000) } })
      const before = yield* connector.read("contacts", contacts!, options)
      sandbox.advance(60_000)
      sandbox.calculate({ object: "contacts", property: "hs_is_unworked", value: "true" })
      const after = yield* connector.read("contacts", contacts!, options)
      assert.ok(before[0]?._tag === "Found" && after[0]?._tag === "Found")
      assert.deepStrictEqual(after[0].record.values, before[0].record.values)
      assert.isAbove(after[0].record.stamp!, before[0].record.stamp!)
    }),
  )

  it.effect("[HS27] ids are walked as numbers: 9,999 comes before 10,000", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal({ indexLagMs: [0, 0] })
      const { sandbox, connector } = portal
      const start = yield* connector.changesFrom("companies")
      const ids = ["9998", "9999", "10000", "100000"]
      sandbox.seed({
        records: {
          companies: ids.map((id, i) => ({
            id,
            properties: { name: id },
            // The higher the id, the older: without an order of our own these would come the other way round.
            createdAt: START - i * 1_000,
            updatedAt: START + 1_000,
          })),
        },
      })
      sandbox.advance(2_000)
      const seen: Array<string> = []
      let cursor = start
      for (let more = true; more;) {
        const page = yield* connector.changes("companies", cursor, { fields: ["name"], limit: 1 })
        seen.push(...page.hints.map((hint) => hint.id))
        cursor = page.next ?? cursor
        more = page.more
      }
      assert.deepStrictEqual(seen, ids)
    }),
  )

  it.effect("[HS5] what a list or a lookup shows names what was merged into it, and another record names nothing", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal()
      const [a, b] = seedTwo(portal)
      portal.sandbox.seed({ records: { contacts: [{ properties: { email: "c@example.com" } }] } })
      const into = portal.sandbox.merge("contacts", a, b)
      const page = yield* portal.connector.backfill("contacts", null, options)
      assert.sameDeepMembers(
        page.records.map(({ id, merged }) => [id === into, merged]),
        [
          [false, undefined],
          [true, [a, b]],
        ],
      )
      const keys = [{ fields: { email: "b@example.com" } }]
      const found = yield* portal.connector.lookup("contacts", keys, options)
      assert.deepStrictEqual(
        found.map(({ record }) => [record.id, record.merged]),
        [[into, [a, b]]],
      )
    }),
  )
})
