import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { appendTo } from "@concordat/engine/operations/append"
import { explain } from "@concordat/engine/operations/explain"
import { links } from "@concordat/engine/operations/links"
import { conflicts, issues, matches } from "@concordat/engine/operations/lists"
import { plan } from "@concordat/engine/operations/plan"
import { ask } from "@concordat/engine/operations/requests"
import { status } from "@concordat/engine/operations/status"
import { tail } from "@concordat/engine/operations/tail"
import type { TailEvent } from "@concordat/engine/operations/views"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import type { Provenance } from "@concordat/model/events/entity"
import * as streams from "@concordat/model/streams"
import type {
  ConflictDoc,
  ConnectionDoc,
  CursorDoc,
  DueDoc,
  EntityDoc,
  IssueDoc,
  LinkState,
  QuestionDoc,
  TenantDoc,
} from "@concordat/rules/state/documents"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const connection = (provider: string, armed: boolean): ConnectionDoc => ({
  opened: {
    _tag: "ConnectionOpened",
    connection: provider,
    provider,
    class: "peer",
    isApp: false,
    settings: {},
    create: {},
    pollEveryMs: 1000,
    mark: "abcdefgh",
    armed,
  },
  metadata: null,
  mapping: null,
  armed,
  armedAt: armed ? 5 : null,
  writesPerHour: null,
  paused: armed ? [] : ["operator"],
  closed: false,
  backfill: { state: "running", startedAt: 0, finishedAt: 0 },
  creating: {},
  linked: 2,
  gone: [],
})

const from = (connection: string, id: string, event: string): Provenance => ({
  connection,
  record: { object: "contacts", id },
  event,
  after: 0,
  until: 1_700_000_000_000,
  provider: true,
})

const link = (rest: Partial<LinkState>): LinkState => ({
  primary: null,
  duplicates: [],
  tombstone: null,
  groups: {},
  intents: [],
  due: { seq: 0, hash: null },
  ...rest,
})

const page = { connection: null, after: null, limit: 100 }

const put = Effect.fnUntraced(function* (documents: Readonly<Record<string, unknown>>, tenant = "acme") {
  const commit = yield* Commit
  const result = yield* commit.commit({
    appends: [],
    documents: Object.entries(documents).map(([name, value]) => {
      const at = name.indexOf(" ")
      return { tenant, kind: name.slice(0, at), key: name.slice(at + 1), value: JSON.stringify(value) }
    }),
    commands: [],
    checkpoint: null,
  })
  assert.strictEqual(result._tag, "Appended")
})

/** An entity that HubSpot's record brought, whose title is parked with Odoo, with every kind of thing that waits. */
const acme = (observed: string) => {
  const entity: EntityDoc = {
    type: "contact",
    id: "e1",
    revision: 1,
    groups: {
      title: { value: { title: "CEO" }, revision: 1, provenance: from("hubspot", "7", observed) },
      email: { value: { email: "a@b.example" }, revision: 0, provenance: from("hubspot", "7", observed) },
    },
    links: {
      hubspot: link({
        primary: { object: "contacts", id: "7" },
        groups: { title: { signature: "s", shadow: { title: "CEO" } } },
      }),
      odoo: link({
        primary: { object: "res.partner", id: "12" },
        duplicates: [{ object: "res.partner", id: "13" }],
        groups: {
          title: {
            signature: "s",
            shadow: { function: "Boss" },
            parked: { rule: "manual", theirs: from("odoo", "12", "x") },
          },
          email: { signature: "s", shadow: { email: "old@b.example" } },
        },
        due: { seq: 3, hash: "h" },
      }),
    },
    keys: [],
    archived: null,
    mergedInto: null,
    merges: [],
    notSame: [],
    questions: [],
  }
  const conflict: ConflictDoc = {
    rule: "manual",
    ours: from("hubspot", "7", observed),
    theirs: from("odoo", "12", "x"),
    at: 9,
  }
  const due = (kind: DueDoc["kind"], groups: ReadonlyArray<string>): DueDoc => ({ seq: 1, kind, groups, since: 0 })
  const question: QuestionDoc = { type: "contact", candidates: ["e1", "e9"], reason: "two candidates", at: 4 }
  const issue = (kind: IssueDoc["kind"]): IssueDoc => ({ kind, code: "c", message: "m", at: 1 })
  const cursor: CursorDoc = { cursor: null, done: 200, total: 1000, finished: false, startedAt: 0 }
  const tenant: TenantDoc = { connections: ["hubspot", "odoo"], policy: null, decisionRevision: -1 }
  return {
    "tenant ": tenant,
    "connection hubspot": connection("hubspot", true),
    "connection odoo": connection("odoo", false),
    "entity contact:e1": entity,
    "conflict odoo|contact:e1|title": conflict,
    "due odoo|contact:e1": due("update", ["email", "title"]),
    "due odoo|contact:e2": due("update", ["email"]),
    "due odoo|contact:e3": due("create", []),
    "due odoo|company:c1": due("create", []),
    "due odoo2|company:c1": due("create", []),
    "question odoo|res.partner:a:b": question,
    "issue odoo|contact:e1|email": issue("refused"),
    "issue odoo|contact:e4|": issue("problem"),
    "issue hubspot|contact:e4|email": issue("waiting"),
    "cursor odoo|backfill|res.partner": cursor,
    "cursor odoo|changes|res.partner": cursor,
    "count odoo|conflict.crm": 4,
  }
}

const store = sqlite({ path: ":memory:", inPlace: true })
const withStore = <A, E>(name: string, test: () => Effect.Effect<A, E, Layer.Success<typeof store>>) =>
  it.effect(name, () => test().pipe(Effect.provide(Layer.fresh(store))))

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
      assert.deepStrictEqual(odoo.counters, { "conflict.crm": 4 })
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
      assert.strictEqual(failure.message, "there is no tenant other")
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
      ]
      const failures = yield* Effect.forEach(wrong, (request) => Effect.flip(request))
      assert.deepStrictEqual(
        failures.map((failure) => failure.message),
        [
          "there is no connection nowhere",
          "there is no conflict odoo|contact:e1|email",
          "there is no match odoo|x:1",
          "there is no merge of e2 into e1",
          "there is no refusal hubspot|contact:e1",
        ],
      )
      const journal = yield* Journal
      assert.deepStrictEqual(
        yield* journal.read(streams.request("acme"), { from: 0, direction: "forward", limit: 1 }),
        [],
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
            changes: [{ group: "title", rule: "crm", provenance: from("hubspot", "7", seen.id), loser }],
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
      assert.strictEqual(missing.message, "there is no field contact.phone")
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
            changes: [{ group: "title", rule: "crm", provenance, loser: provenance }],
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
