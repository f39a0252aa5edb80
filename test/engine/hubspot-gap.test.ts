/** HubSpot through the engine: a person edits between our read of a record and our write to it. */
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { appendTo } from "@concordat/engine/operations/append"
import { ProviderError, Unavailable } from "@concordat/engine/ports/ProviderError"
import { explain } from "@concordat/engine/operations/explain"
import { State } from "@concordat/engine/ports/State"
import type { JsonObject } from "@concordat/model/json"
import * as streams from "@concordat/model/streams"
import { makeHubspot } from "@concordat/providers/hubspot/provider"
import { openPortal } from "@concordat/providers/hubspot/testing/portal"
import { EDITION } from "@concordat/rules/edition"
import { parseMapping } from "@concordat/rules/mapping/parse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import {
  eventsOf,
  openConnection,
  pass,
  settleDown,
  START,
  startReconciler,
  startWorker,
  store,
  TENANT,
} from "./system.ts"

const { definition, mapping } = makeHubspot()

const PEOPLE = `
objects:
  people:
    object: person
    type: contact
    lookup: [email]
    fields: { email: mail, firstName: first, lastName: last, title: job, city: town, country: land }
`

const noAnswer = new ProviderError({
  provider: "hubspot",
  operation: "write",
  reason: new Unavailable({ detail: "no answer", effect: "unknown" }),
})

const opened = appendTo(streams.connection(TENANT, "hubspot"), [
  {
    type: "ConnectionOpened",
    data: {
      _tag: "ConnectionOpened",
      connection: "hubspot",
      provider: definition.provider,
      class: definition.class,
      isApp: false,
      settings: {},
      create: { contact: "never", company: "never", deal: "never", activity: "never" },
      pollEveryMs: definition.pollEveryMs,
      mark: "abcd1234",
      armed: true,
      edition: EDITION,
    },
  },
  {
    type: "MappingChanged",
    data: {
      _tag: "MappingChanged",
      connection: "hubspot",
      document: Result.getOrThrow(parseMapping(mapping, "hubspot/mapping.yaml")),
    },
  },
])

/** Somebody who is in both systems, and a HubSpot where people are quick and answers get lost. */
const start = Effect.fnUntraced(function* (person: Readonly<Record<string, string>>, there: Record<string, string>) {
  yield* TestClock.setTime(START)
  const left = new World()
  const ada = left.put(null, { ...person })
  const { connector, sandbox } = yield* openPortal({ indexLagMs: [0, 0], webhooks: { target: null } })
  const id = sandbox.seed({ records: { contacts: [{ properties: there }] } })["contacts"]![0]!
  /** The next write stands over this title, its answer is lost and maybe this title set right after it, or it never arrives. */
  const next: { quick: string | null; isLost: boolean; after: string | null; isGone: boolean } = {
    quick: null,
    isLost: false,
    after: null,
    isGone: false,
  }
  const hasty = {
    ...connector,
    write: (object: string, rows: Parameters<typeof connector.write>[1]) =>
      Effect.suspend(() => {
        sandbox.advance(500)
        if (next.quick !== null) {
          sandbox.put({ object: "contacts", id, properties: { jobtitle: next.quick } })
          sandbox.advance(500)
          next.quick = null
        }
        const written = connector.write(object, rows)
        if (next.isGone) {
          next.isGone = false
          return noAnswer
        }
        if (!next.isLost) return written
        next.isLost = false
        const { after } = next
        next.after = null
        const follows = Effect.sync(() => {
          if (after === null) return
          sandbox.advance(500)
          sandbox.put({ object: "contacts", id, properties: { jobtitle: after }, byWorkflow: after.endsWith("!") })
        })
        return written.pipe(Effect.andThen(follows), Effect.andThen(noAnswer))
      }),
  }
  yield* openConnection("left", { world: left }, PEOPLE)
  yield* opened
  const startAll = Effect.gen(function* () {
    const reconciler = yield* startReconciler
    const other = yield* startWorker("left", left)
    const scope = yield* Scope.make()
    const hubspot = yield* makeConnection({
      tenant: TENANT,
      connection: "hubspot",
      definition,
      connector: hasty,
      compilers: makeCompilers(),
    }).pipe(Effect.provideService(Scope.Scope, scope))
    const fiber = yield* Effect.forkChild(hubspot.run, { startImmediately: true })
    const stop = Effect.all([
      other.stop,
      Fiber.interrupt(fiber),
      Scope.close(scope, Exit.void),
      Fiber.interrupt(reconciler),
    ])
    return { hubspot, other: other.handle, stop }
  })
  let running = yield* startAll
  const { hubspot } = running
  const quiet = Effect.andThen(
    pass(definition.pollEveryMs + 5_000, 1_000),
    Effect.suspend(() => settleDown([running.other, running.hubspot])),
  )
  /** Everything ends once the answer is lost, and begins again with the journal alone. */
  const dropState = Effect.gen(function* () {
    for (let at = 0; next.isLost && at < 60_000; at += 50) yield* pass(50)
    assert.isFalse(next.isLost)
    yield* running.stop
    yield* Effect.flatMap(State, (state) => state.clear)
    running = yield* startAll
  })
  yield* quiet
  const values = () => sandbox.get("contacts", id)!.properties
  return { left, ada, dropState, hubspot, next, quiet, sandbox, there: id, values }
})

const SPELLED = "[HS46] what was read before a write without an answer is none, however HubSpot spells it"
const alsoAfter = (isDropped: boolean): string => (isDropped ? ", also after a dropped state" : "")

describe("the gap between a read and a write", () => {
  it.effect("[HS46] an edit that lands in it is found in the history, and not lost", () =>
    Effect.gen(function* () {
      const person = { mail: "ada@engines.example", first: "Ada", last: "Lovelace", job: "Analyst" }
      const named = { email: person.mail, firstname: "Ada", lastname: "Lovelace", jobtitle: "Analyst" }
      const { ada, hubspot, left, next, quiet, there, values } = yield* start(person, named)
      const titles = () => [values()["jobtitle"], left.get(ada)?.["job"]]
      assert.deepStrictEqual(titles(), ["Analyst", "Analyst"])

      left.put(ada, { job: "Baroness" })
      yield* quiet
      assert.deepStrictEqual(titles(), ["Baroness", "Baroness"])
      assert.lengthOf(yield* eventsOf("EditOverwritten"), 0)

      next.quick = "Duchess"
      left.put(ada, { job: "Countess" })
      yield* quiet
      const [slipped] = yield* eventsOf("EditOverwritten")
      assert.deepInclude(slipped?.data, { externalId: there, by: "person" })
      assert.deepStrictEqual(slipped?.data.values, { clear: { jobtitle: "Duchess" } })
      assert.strictEqual((yield* hubspot.stats).overwritten, 1)
      // The two sides agree again, and who lost stands in an event.
      const [here, other] = titles()
      assert.strictEqual(here, other)
      const said = JSON.stringify(yield* eventsOf("ContactChanged"))
      assert.include(said, "Duchess")
      assert.include(said, "Countess")
      // Nobody read the value that stands before it was overwritten: it is explained by the history it was found in.
      const why = yield* explain(TENANT, { type: "contact", id: `hubspot:contacts:${there}`, field: "title" })
      assert.deepStrictEqual(why.groups[0]?.value, { title: "Duchess" })
      assert.deepInclude(why.groups[0]?.observation, { id: there, via: "history", by: "person" })
      assert.deepStrictEqual(why.groups[0]?.observation?.values, { jobtitle: "Duchess" })

      // Also where our write was taken and its answer never came.
      next.quick = "Princess"
      next.isLost = true
      left.put(ada, { job: "Queen" })
      yield* quiet
      const [, lost] = yield* eventsOf("EditOverwritten")
      assert.deepStrictEqual(lost?.data.values, { clear: { jobtitle: "Princess" } })
      assert.isAbove(lost?.data.readBefore, START)
      const [after, elsewhere] = titles()
      assert.strictEqual(after, elsewhere)
      assert.include(JSON.stringify(yield* eventsOf("ContactChanged")), "Princess")
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  for (const isDropped of [false, true])
    it.effect(`${SPELLED}${alsoAfter(isDropped)}`, () =>
      Effect.gen(function* () {
        const person = { mail: "ada@engines.example", first: "Ada", last: "Lovelace", town: "Bonn", land: "DE" }
        const named = { email: person.mail, firstname: "Ada", lastname: "Lovelace", city: "Bonn" }
        const { ada, dropState, left, next, quiet, sandbox, there, values } = yield* start(person, named)
        sandbox.put({ object: "contacts", id: there, properties: { country: "Deutschland" } })
        yield* quiet
        next.isLost = true
        left.put(ada, { town: "Trier" })
        if (isDropped) yield* dropState
        yield* quiet
        assert.deepInclude(values(), { city: "Trier", country: "Germany" })
        assert.lengthOf(yield* eventsOf("EditOverwritten"), 0)
      }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
    )

  it.effect("[HS46] nor is what stood in one of two that HubSpot's people made one, before they did", () =>
    Effect.gen(function* () {
      const person = { mail: "ada@engines.example", first: "Ada", last: "Lovelace", job: "Analyst" }
      const named = { email: person.mail, firstname: "Ada", lastname: "Lovelace", jobtitle: "Analyst" }
      const { ada, left, next, quiet, sandbox, there } = yield* start(person, named)
      const other = sandbox.put({ object: "contacts", properties: { firstname: "Augusta", jobtitle: "Clerk" } }).id
      yield* quiet
      sandbox.put({ object: "contacts", id: there, properties: { jobtitle: "" } })
      yield* quiet
      const id = sandbox.merge("contacts", there, other)
      yield* quiet
      const title = () => sandbox.get("contacts", id)!.properties["jobtitle"]
      assert.strictEqual(title(), "Clerk")
      for (const [job, isLost] of [
        ["Baroness", false],
        ["Countess", true],
      ] as const) {
        next.isLost = isLost
        left.put(ada, { job })
        yield* quiet
        assert.strictEqual(title(), job)
      }
      assert.lengthOf(yield* eventsOf("EditOverwritten"), 0)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  for (const [title, after] of [
    ["[R26] [HS46] a write without an answer was taken before an automation rewrote it", "Baroness!"],
    ["[R26] [HS46] a write without an answer was taken before a person wrote another one", "Duchess"],
    ["[R26] [HS46] a write without an answer was taken before a person took it back", "Analyst"],
  ] as const)
    for (const isDropped of [false, true])
      it.effect(`${title}${alsoAfter(isDropped)}`, () =>
        Effect.gen(function* () {
          const person = { mail: "ada@engines.example", first: "Ada", last: "Lovelace", job: "Analyst" }
          const named = { email: person.mail, firstname: "Ada", lastname: "Lovelace", jobtitle: "Analyst" }
          const { ada, dropState, left, next, quiet, values } = yield* start(person, named)
          next.isLost = true
          next.after = after
          left.put(ada, { job: "Baroness" })
          if (isDropped) yield* dropState
          yield* quiet
          assert.deepStrictEqual([values()["jobtitle"], left.get(ada)?.["job"]], [after, after])
          const written = (yield* eventsOf("RecordWritten")).filter(({ data }) => data.connection === "hubspot")
          assert.deepStrictEqual(
            written.map(({ data }) => [data.attempts, data.held]),
            [[1, null]],
          )
          const changed = yield* eventsOf("ContactChanged")
          assert.deepStrictEqual(
            changed.flatMap(({ data }) =>
              (data.changes as ReadonlyArray<JsonObject>).map((one) => [one["rule"], one["loser"]]),
            ),
            [
              ["edit", null],
              ["edit", null],
            ],
          )
          assert.lengthOf(yield* eventsOf("EditOverwritten"), 0)
        }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
      )

  it.effect("[HS46] a write that never arrived is sent again", () =>
    Effect.gen(function* () {
      const person = { mail: "ada@engines.example", first: "Ada", last: "Lovelace", job: "Analyst" }
      const named = { email: person.mail, firstname: "Ada", lastname: "Lovelace", jobtitle: "Analyst" }
      const { ada, left, next, quiet, values } = yield* start(person, named)
      next.isGone = true
      left.put(ada, { job: "Baroness" })
      yield* quiet
      assert.deepStrictEqual([values()["jobtitle"], left.get(ada)?.["job"]], ["Baroness", "Baroness"])
      const written = (yield* eventsOf("RecordWritten")).filter(({ data }) => data.connection === "hubspot")
      assert.deepStrictEqual(
        written.map(({ data }) => data.attempts),
        [2],
      )
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )
})
