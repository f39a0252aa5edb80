/** The app through the engine: the first edit of a record says all of it, so that nothing stays unknown there. */
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { appendTo } from "@concordat/engine/operations/append"
import { Journal } from "@concordat/engine/ports/Journal"
import type { JsonObject } from "@concordat/model/json"
import * as streams from "@concordat/model/streams"
import { makeAppAccess } from "@concordat/providers/app/AppAccess"
import { makeApp } from "@concordat/providers/app/provider"
import { AppUnavailable } from "@concordat/providers/app/submit"
import { EDITION } from "@concordat/rules/edition"
import { parseMapping } from "@concordat/rules/mapping/parse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { MAPPING } from "./synthetic-traits.ts"
import { eventsOf, openConnection, settleDown, START, startReconciler, startWorker, store, TENANT } from "./system.ts"

const AT = { tenant: TENANT, connection: "app" }
const WITH_ADDRESS = `${MAPPING.trimEnd()}
      phone: phone
      street: street
      city: city
`
const ada = {
  mail: "ada@engines.example",
  first: "Ada",
  last: "Lovelace",
  job: "",
  phone: "+442079460000",
  street: "",
  city: "",
}

const openApp = (document: string, create: "never" | "always") =>
  appendTo(streams.connection(TENANT, "app"), [
    {
      type: "ConnectionOpened",
      data: {
        _tag: "ConnectionOpened",
        connection: "app",
        provider: "app",
        class: "peer",
        isApp: true,
        settings: {},
        create: { contact: create, company: create, deal: create, activity: create },
        pollEveryMs: 30_000,
        mark: "abcd1234",
        armed: true,
        edition: EDITION,
      },
    },
    {
      type: "MappingChanged",
      data: {
        _tag: "MappingChanged",
        connection: "app",
        document: Result.getOrThrow(parseMapping(document, "app/mapping.yaml")),
      },
    },
  ])

/** The app and a CRM that has these people, both at rest. */
const running = Effect.fnUntraced(function* (people: ReadonlyArray<Record<string, string>>) {
  yield* TestClock.setTime(START)
  const world = new World()
  const ids = people.map((person) => world.put(null, person))
  const { provider, versionsOf } = makeApp()
  yield* openConnection("crm", { world }, WITH_ADDRESS)
  yield* openApp(provider.mapping, "never")
  yield* startReconciler
  const crm = yield* startWorker("crm", world)
  const connector = yield* Effect.orDie(
    provider.connect({ ...AT, settings: {}, credentials: {}, opaqueId: (id) => id }, {
      execute: () => Effect.die("the app calls nobody"),
    } as never),
  )
  const app = yield* makeConnection({
    ...AT,
    definition: provider.definition,
    connector,
    compilers: makeCompilers(),
  })
  yield* Effect.forkChild(app.run, { startImmediately: true })
  const later = () => new AppUnavailable({ detail: "worker", retryAfterMs: 1_000 })
  const handle = {
    submit: (records: Parameters<typeof app.submit>[0]) => Effect.mapError(app.submit(records), later),
    gone: (records: Parameters<typeof app.gone>[0]) => Effect.mapError(app.gone(records), later),
    populated: Effect.mapError(app.finishBackfill, later),
    followed: (isKnown: boolean) => Effect.mapError(app.followed(isKnown), later),
  }
  const journal = yield* Journal
  /** A new one knows nothing of what an earlier one did, as after a restart. */
  const open = () =>
    makeAppAccess({
      journal,
      versionsOf,
      token: () => Effect.succeed(Redacted.make("t")),
      handle: () => Effect.succeed(handle),
      opaqueId: (_, id) => id,
    })
  let access = open()
  const put = (key: string, values: JsonObject | null, basedOn: number | null = null, id = "42") =>
    Effect.map(access.submit(AT, [{ object: "contact", id, key, values, basedOn }]), ([outcome]) => outcome!)
  const settle = Effect.suspend(() => settleDown([crm.handle, app]))
  yield* access.ready(AT)
  yield* settle
  const delivered = Effect.map(
    Effect.suspend(() => access.changes(AT, { after: null, waitMs: 0, limit: 100 })),
    ({ changes }) => Object.assign({}, ...changes.map(({ values }) => values)) as JsonObject,
  )
  const observed = Effect.map(eventsOf("RecordObserved"), (events) =>
    events.flatMap(({ data }) => (data.connection === "app" ? [data.values.clear as JsonObject] : [])),
  )
  return { world, ids, put, settle, delivered, observed, access, crm: crm.handle, restart: () => (access = open()) }
})

describe("the first edit of a record of the app's", () => {
  it.effect("[AP16] [R3] a partial first PUT gets what the CRM has, and takes nothing from it", () =>
    Effect.gen(function* () {
      const { delivered, ids, put, settle, world } = yield* running([{ ...ada, city: "London" }])
      yield* put("k1", { email: "ada@engines.example", firstName: "Ada" })
      yield* settle
      const { city, lastName, phone } = yield* delivered
      assert.deepStrictEqual({ city, lastName, phone }, { city: "London", lastName: "Lovelace", phone: ada.phone })
      assert.lengthOf(world.writes, 0)
      assert.strictEqual(world.get(ids[0]!)?.["phone"], ada.phone)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("[AP16] a city without a street travels to a CRM that has no address", () =>
    Effect.gen(function* () {
      const { ids, put, settle, world } = yield* running([ada])
      yield* put("k1", { email: "ada@engines.example", city: "London" })
      yield* put("k2", { email: "grace@ships.example", lastName: "Hopper", city: "New York" }, null, "43")
      yield* settle
      assert.strictEqual(world.get(ids[0]!)?.["city"], "London")
      const grace = world.live().find(({ values }) => values["mail"] === "grace@ships.example")
      assert.deepInclude(grace?.values, { city: "New York", last: "Hopper" })
      assert.deepStrictEqual(world.writes.map(({ kind }) => kind).toSorted(), ["create", "update"])
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("[AP16] of two first PUTs at once one is whole and neither undoes the other", () =>
    Effect.gen(function* () {
      const { observed, put, settle, world } = yield* running([])
      const both = [
        put("k1", { email: "ada@engines.example", lastName: "Lovelace" }),
        put("k2", { title: "Countess", phone: ada.phone }),
      ]
      const outcomes = yield* Effect.all(both, { concurrency: "unbounded" })
      assert.deepStrictEqual(outcomes.map((one) => one._tag).toSorted(), ["Taken", "Taken"])
      yield* settle
      const [first, second, ...more] = yield* observed
      assert.deepStrictEqual([first?.["zip"], second?.["zip"], more.length], [null, undefined, 0])
      assert.deepInclude(world.live()[0]?.values, { last: "Lovelace", job: "Countess", phone: ada.phone })
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("[AP16] a repeat with the same key after a restart says nothing again, a later PUT is partial", () =>
    Effect.gen(function* () {
      const { observed, put, restart, settle } = yield* running([])
      const values = { email: "ada@engines.example", phone: ada.phone }
      const taken = yield* put("k1", values)
      assert.deepStrictEqual(taken, { _tag: "Taken", revision: 0, repeated: false })
      restart()
      assert.deepStrictEqual(yield* put("k1", values), { _tag: "Taken", revision: 0, repeated: true })
      // As where its key was not kept: another key, the same edit.
      assert.deepStrictEqual(yield* put("k1-again", values), taken)
      yield* put("k2", { title: "Countess" }, 0)
      yield* settle
      const all = yield* observed
      assert.lengthOf(all, 2)
      assert.deepStrictEqual(all[1], { title: "Countess" })
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("[AP16] [R16] deleted and put again it is filled, and empties no other side", () =>
    Effect.gen(function* () {
      const { delivered, ids, put, restart, settle, world } = yield* running([{ ...ada, street: "Ockham", city: "X" }])
      yield* put("k1", { email: "ada@engines.example", phone: ada.phone, street: "Ockham", city: "X" })
      yield* settle
      yield* put("k2", null)
      yield* settle
      restart()
      yield* put("k3", { email: "ada@engines.example", title: "Countess", city: "X" })
      yield* settle
      assert.deepInclude(world.get(ids[0]!), { phone: ada.phone, street: "Ockham", last: "Lovelace", job: "Countess" })
      const { phone, street } = yield* delivered
      assert.deepStrictEqual({ phone, street }, { phone: ada.phone, street: "Ockham" })
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )
})

describe("an app that has seen another journal", () => {
  it.effect("[AP17] is written to when it has sent all that it has, and not before", () =>
    Effect.gen(function* () {
      const { access, crm, delivered, ids, put, settle, world } = yield* running([ada])
      yield* put("k1", { email: ada.mail, firstName: "Ada", lastName: "Lovelace" })
      yield* settle
      const { position } = yield* access.changes(AT, { after: null, waitMs: 0, limit: 100 })
      const after = String(Number(position) + 1_000)
      const ask = Effect.flip(access.changes(AT, { after, waitMs: 0, limit: 100 }))
      assert.strictEqual((yield* ask)._tag, "JournalRestored")
      assert.strictEqual((yield* ask)._tag, "JournalRestored")
      world.put(ids[0]!, { job: "Countess" })
      yield* crm.wake
      yield* settle
      yield* TestClock.adjust(120_000)
      yield* settle
      assert.notProperty(yield* delivered, "title")
      assert.lengthOf(yield* eventsOf("ConnectionPaused"), 1)
      yield* access.ready(AT)
      yield* settle
      assert.propertyVal(yield* delivered, "title", "Countess")
      assert.lengthOf(yield* eventsOf("ConnectionResumed"), 1)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )
})
