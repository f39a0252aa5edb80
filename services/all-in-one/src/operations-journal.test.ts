import { appendTo } from "@concordat/engine/operations/append"
import { explain } from "@concordat/engine/operations/explain"
import { ask } from "@concordat/engine/operations/requests"
import { tail } from "@concordat/engine/operations/tail"
import type { TailEvent } from "@concordat/engine/operations/views"
import { Journal } from "@concordat/engine/ports/Journal"
import type { EntityDoc } from "@concordat/rules/state/documents"
import * as streams from "@concordat/model/streams"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { acme, from, gone, put, withStore } from "./testing/acme.ts"

describe("operations on the journal", () => {
  withStore("a request is in the journal, once, after what was there", () =>
    Effect.gen(function* () {
      yield* put(acme("o"))
      const first = yield* ask("acme", { _tag: "ArmRequested", connection: "odoo", by: "kim", writesPerHour: null })
      const second = yield* ask("acme", { _tag: "ArmRequested", connection: "odoo", by: "kim", writesPerHour: null })
      assert.deepStrictEqual([first.revision, second.revision], [0, 1])
      assert.notStrictEqual(first.id, second.id)
      const journal = yield* Journal
      const events = yield* journal.read(streams.request("acme"), { from: 0, direction: "forward", limit: 10 })
      assert.deepStrictEqual(
        events.map(({ id, type }) => [id, type]),
        [
          [first.id, "ArmRequested"],
          [second.id, "ArmRequested"],
        ],
      )
    }),
  )

  withStore("a request that names what is not there is refused and leaves no trace", () =>
    Effect.gen(function* () {
      yield* put(acme("o"))
      const entity = { type: "contact" as const, id: "e1" }
      const other = (id: string) => ({ type: "deal" as const, id })
      yield* put({
        "entity contact:e5": { ...acme("o")["entity contact:e1"], id: "e5", mergedInto: "e1" },
        "entity deal:d1": gone("deal", "d1", null),
        "entity deal:d2": gone("deal", "d2", "deleted in app"),
      })
      const wrong = [
        ask("acme", { _tag: "ArmRequested", connection: "nowhere", by: "kim", writesPerHour: null }),
        ask("acme", {
          _tag: "ResolveRequested",
          connection: "odoo",
          by: "kim",
          entity,
          group: "email",
          keep: "entity",
        }),
        ask("acme", {
          _tag: "MatchRequested",
          connection: "odoo",
          by: "kim",
          record: { object: "x", id: "1" },
          entity,
        }),
        ask("acme", { _tag: "SplitRequested", by: "kim", entity, merged: "e2" }),
        ask("acme", { _tag: "ReplayRequested", connection: "hubspot", by: "kim", entity }),
        ask("acme", { _tag: "ReleaseRequested", connection: "odoo", by: "kim", entity, group: "email" }),
        ask("acme", { _tag: "ReleaseRequested", connection: "odoo", by: "kim", entity, group: null }),
        ask("acme", { _tag: "MergeRequested", by: "kim", from: entity, into: { type: "company", id: "c1" } }),
        ask("acme", { _tag: "MergeRequested", by: "kim", from: entity, into: { type: "contact", id: "e5" } }),
        ask("acme", { _tag: "MergeRequested", by: "kim", from: entity, into: { type: "contact", id: "nobody" } }),
        ask("acme", {
          _tag: "MatchRequested",
          connection: "odoo",
          by: "kim",
          record: { object: "res.partner", id: "a:b" },
          entity: { type: "deal", id: "d1" },
        }),
        ask("acme", { _tag: "ReleaseRequested", connection: "odoo", by: "kim", entity: other("d1"), group: null }),
        ask("acme", { _tag: "ReleaseRequested", connection: "odoo", by: "kim", entity: other("d2"), group: null }),
      ]
      const failures = yield* Effect.forEach(wrong, (request) => Effect.flip(request))
      assert.deepStrictEqual(
        failures.map((failure) => failure.message),
        [
          "there is no connection nowhere; there are: hubspot, odoo",
          "there is no conflict about email of contact:e1 at odoo; there is: title",
          "there is no match about x:1 at odoo",
          "there is no merge of e2 into e1",
          "there is no refusal of contact:e1 at hubspot",
          "there is no quarantine of email of contact:e1 at odoo",
          "there is no tombstone of contact:e1 at odoo",
          "a contact can't be merged into a company",
          "contact:e1 and contact:e5 are one already",
          "there is no entity contact:nobody",
          "res.partner:a:b is a contact, and no deal",
          "odoo gets no new deal: its create.deal is never",
          "deal:d2 is archived (deleted in app), so it is created nowhere",
        ],
      )
      const journal = yield* Journal
      assert.deepStrictEqual(
        yield* journal.read(streams.request("acme"), { from: 0, direction: "forward", limit: 1 }),
        [],
      )
    }),
  )

  withStore("a merge, a split, a release and a create that is asked for again are requests", () =>
    Effect.gen(function* () {
      const { "connection odoo": odoo } = acme("o")
      const merges = [
        { from: "e5", at: 7, brought: { groups: {}, links: [], doc: {} }, kept: { groups: {}, links: [] } },
      ]
      const e1 = { ...acme("o")["entity contact:e1"], merges }
      yield* put({
        ...acme("o"),
        "connection odoo": { ...odoo, opened: { ...odoo.opened, create: { deal: "afterPlan" } } },
        "entity contact:e1": e1,
        "entity contact:e6": { ...e1, id: "e6", merges: [] },
        "entity deal:d1": gone("deal", "d1", null),
        "issue odoo|contact:e1|title": { kind: "quarantined", code: "oscillation", message: "m", at: 1 },
      })
      const [e, f] = [
        { type: "contact" as const, id: "e1" },
        { type: "contact" as const, id: "e6" },
      ]
      const deal = { type: "deal" as const, id: "d1" }
      yield* ask("acme", { _tag: "MergeRequested", by: "kim", from: f, into: e })
      yield* ask("acme", { _tag: "SplitRequested", by: "kim", entity: e, merged: "e5" })
      yield* ask("acme", { _tag: "ReleaseRequested", connection: "odoo", by: "kim", entity: e, group: "title" })
      yield* ask("acme", { _tag: "ReleaseRequested", connection: "odoo", by: "kim", entity: deal, group: null })
      const journal = yield* Journal
      const events = yield* journal.read(streams.request("acme"), { from: 0, direction: "forward", limit: 10 })
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["MergeRequested", "SplitRequested", "ReleaseRequested", "ReleaseRequested"],
      )
    }),
  )

  withStore("an entity is explained by a record of it, with what was merged into it and where it is gone", () =>
    Effect.gen(function* () {
      yield* put({
        ...acme("o"),
        "record odoo|res.partner:12": { type: "contact", entity: "e1", primary: true, state: "linked" },
        "record odoo|res.partner:99": { type: "contact", entity: null, primary: false, state: "parked" },
        "record odoo|crm.lead:7": { type: "deal", entity: "d1", primary: false, state: "gone" },
        "entity deal:d1": gone("deal", "d1", null),
      })
      const explained = (type: "contact" | "deal", id: string) => explain("acme", { type, id, field: null })
      assert.strictEqual((yield* explained("contact", "odoo:res.partner:12")).id, "e1")
      const lead = yield* explained("deal", "odoo:crm.lead:7")
      assert.deepStrictEqual(lead.tombstones, [{ connection: "odoo", object: "crm.lead", id: "7", reason: "deleted" }])
      const wrong = [explained("contact", "odoo:res.partner:99"), explained("contact", "odoo:crm.lead:7")]
      const failures = yield* Effect.forEach(wrong, (one) => Effect.flip(one))
      assert.deepStrictEqual(
        failures.map(({ message }) => message),
        ["there is no entity of odoo res.partner:99 (parked)", "there is no entity of odoo crm.lead:7: it is a deal"],
      )
    }),
  )

  withStore("an append goes on when somebody else was quicker", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const stream = streams.request("acme")
      let others = 3
      const busy = Journal.of({
        ...journal,
        append: (append) =>
          others-- > 0
            ? Effect.andThen(
                journal.append({ ...append, events: [{ ...append.events[0]!, id: `other-${others}` }] }),
                journal.append(append),
              )
            : journal.append(append),
      })
      const said = { type: "PauseRequested", data: { _tag: "PauseRequested", connection: "odoo", by: "kim" } }
      const { id, revision } = yield* appendTo(stream, [said]).pipe(Effect.provideService(Journal, busy))
      const events = yield* journal.read(stream, { from: 0, direction: "forward", limit: 10 })
      assert.strictEqual(revision, 3)
      assert.strictEqual(events.filter((event) => event.id === id).length, 1)
      assert.strictEqual(events.length, 4)
    }),
  )

  withStore("a burst of appends to one stream is taken whole, each once", () =>
    Effect.gen(function* () {
      const stream = streams.request("acme")
      const journal = yield* Journal
      // Between what one reads and what it appends the others get their turn, as with a store on another thread.
      const slow = Journal.of({
        ...journal,
        append: (append) => Effect.andThen(Effect.yieldNow, journal.append(append)),
      })
      const appended = yield* Effect.forEach(
        Array.from({ length: 200 }, (_, i) => String(i)),
        (connection) =>
          appendTo(stream, [{ type: "PauseRequested", data: { _tag: "PauseRequested", connection, by: "kim" } }]),
        { concurrency: "unbounded" },
      ).pipe(Effect.provideService(Journal, slow))
      const events = yield* journal.read(stream, { from: 0, direction: "forward", limit: 1000 })
      assert.strictEqual(new Set(events.map(({ id }) => id)).size, 200)
      assert.deepStrictEqual(
        appended.map(({ revision }) => revision).toSorted((a, b) => a - b),
        Array.from({ length: 200 }, (_, i) => i),
      )
      for (const { id, revision } of appended) assert.strictEqual(events[revision]?.id, id)
    }),
  )

  withStore("whoever appended to a stream last asks for its end only where somebody else has appended since", () =>
    Effect.gen(function* () {
      const stream = streams.request("acme")
      const journal = yield* Journal
      let reads = 0
      const counted = Journal.of({
        ...journal,
        read: (...args) => {
          reads += 1
          return journal.read(...args)
        },
      })
      const say = (connection: string) =>
        appendTo(stream, [{ type: "PauseRequested", data: { _tag: "PauseRequested", connection, by: "kim" } }]).pipe(
          Effect.provideService(Journal, counted),
        )
      yield* say("odoo")
      yield* say("hubspot")
      assert.strictEqual(reads, 1)
      const other = { id: "other", type: "PauseRequested", data: "{}", metadata: {} }
      yield* journal.append({ stream, expected: 1, events: [other] })
      assert.strictEqual((yield* say("zoho")).revision, 3)
    }),
  )

  withStore("an append whose answer got lost is taken as made", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      let lost = false
      const flaky = Journal.of({
        ...journal,
        append: (append) => {
          if (lost) return journal.append(append)
          lost = true
          return Effect.as(journal.append(append), { _tag: "Indeterminate" as const })
        },
      })
      const said = { type: "PauseRequested", data: { _tag: "PauseRequested", connection: "odoo", by: "kim" } }
      const { revision } = yield* appendTo(streams.request("acme"), [said]).pipe(Effect.provideService(Journal, flaky))
      const events = yield* journal.read(streams.request("acme"), { from: 0, direction: "forward", limit: 10 })
      assert.deepStrictEqual([revision, events.length], [0, 1])
    }),
  )

  withStore("explain goes from a value to its reading, its losers, and the writes that took it elsewhere", () =>
    Effect.gen(function* () {
      const observed = {
        _tag: "RecordObserved",
        connection: "hubspot",
        object: "contacts",
        externalId: "7",
        values: { clear: { jobtitle: "CEO" } },
        readStartedAt: 1,
        readBefore: 0,
        stamp: 2,
        by: "person",
        via: "poll",
        ownId: null,
      }
      const seen = yield* appendTo(streams.record("acme", "hubspot", "contacts", "7"), [
        { type: observed._tag, data: observed },
      ])
      const loser = from("odoo", "12", "x")
      yield* appendTo(streams.entity("contact", "acme", "e1"), [
        {
          type: "ContactChanged",
          data: {
            type: "contact",
            values: { clear: { title: { value: { title: "CEO" }, loser: { title: "Boss" } } } },
            changes: [{ groups: ["title"], rule: "crm", provenance: from("hubspot", "7", seen.id), loser }],
          },
        },
      ])
      const entity = { type: "contact", id: "e1" }
      const written = { connection: "odoo", object: "res.partner", entity, due: 3, key: "k1", kind: "update" }
      yield* appendTo(streams.record("acme", "odoo", "res.partner", "12"), [
        {
          type: "WriteIntended",
          data: {
            _tag: "WriteIntended",
            ...written,
            externalId: "12",
            sent: { clear: { groups: { title: { function: "CEO" } }, values: { function: "CEO" } } },
          },
        },
        {
          type: "RecordWritten",
          data: {
            _tag: "RecordWritten",
            ...written,
            externalId: "12",
            held: { clear: { function: "CEO" } },
            stamp: null,
            adopted: false,
            refused: [],
            attempts: 1,
          },
        },
      ])
      yield* put(acme(seen.id))
      const { groups, records } = yield* explain("acme", { type: "contact", id: "e1", field: "title" })
      assert.strictEqual(records.length, 3)
      assert.strictEqual(groups.length, 1)
      const [title] = groups
      assert.deepStrictEqual(title?.value, { title: "CEO" })
      assert.deepStrictEqual(title?.observation?.values, { jobtitle: "CEO" })
      assert.strictEqual(title?.observation?.by, "person")
      const [change] = title?.history ?? []
      assert.deepStrictEqual([change?.rule, change?.loser?.value], ["crm", { title: "Boss" }])
      const odoo = title?.at.find(({ connection }) => connection === "odoo")
      assert.strictEqual(odoo?.state, "parked")
      assert.deepStrictEqual(
        odoo?.writes.map(({ held, outcome, sent }) => ({ held, outcome, sent })),
        [{ held: { function: "CEO" }, outcome: "confirmed", sent: { function: "CEO" } }],
      )
      assert.strictEqual(title?.at.find(({ connection }) => connection === "hubspot")?.state, "held")
      const missing = yield* Effect.flip(explain("acme", { type: "contact", id: "e1", field: "phone" }))
      assert.strictEqual(missing.message, "there is no field contact.phone; there are: email, title")
      // What a record brought stays explained when it is gone.
      const document = acme(seen.id)["entity contact:e1"] as EntityDoc
      const hubspot = { ...document.links["hubspot"]!, primary: null }
      const tombstone = { record: { object: "contacts", id: "7" }, reason: "deleted" }
      const links = { ...document.links, hubspot: { ...hubspot, tombstone } }
      yield* put({ "entity contact:e1": { ...document, links } })
      const after = yield* explain("acme", { type: "contact", id: "e1", field: "title" })
      assert.deepStrictEqual(after.groups[0]?.observation?.values, { jobtitle: "CEO" })
    }),
  )

  withStore("the log tells what happened to what, in order, and no value", () =>
    Effect.gen(function* () {
      const provenance = from("hubspot", "7", "o")
      yield* appendTo(streams.entity("contact", "acme", "e1"), [
        {
          type: "ContactChanged",
          data: {
            type: "contact",
            values: { clear: { title: { value: { title: "Chief Secret" } } } },
            changes: [{ groups: ["title"], rule: "crm", provenance, loser: provenance }],
          },
        },
      ])
      yield* appendTo(streams.request("acme"), [
        { type: "PauseRequested", data: { _tag: "PauseRequested", connection: "odoo", by: "Kim Person" } },
      ])
      // Another tenant, in the same partition or not, whose name begins alike.
      yield* appendTo(streams.request("acme").replace("acme", "acme2"), [
        { type: "PauseRequested", data: { _tag: "PauseRequested", connection: "odoo", by: "x" } },
      ])
      const told = yield* tail("acme", null).pipe(
        Stream.takeUntil((item) => item._tag === "Mark" && item.caughtUp),
        Stream.runCollect,
      )
      const events = told.flatMap((item): ReadonlyArray<TailEvent> => (item._tag === "Event" ? [item.event] : []))
      assert.deepStrictEqual(
        events.map(({ category, connection, detail, entity, event }) => [category, event, connection, entity, detail]),
        [
          ["contact", "ContactChanged", null, "contact:e1", "title (conflict, crm)"],
          ["request", "PauseRequested", "odoo", null, ""],
        ],
      )
      assert.notInclude(JSON.stringify(told), "Secret")
      assert.notInclude(JSON.stringify(told), "Kim")
    }),
  )
})
