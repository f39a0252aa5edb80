/** The engine over the embedded store on the test clock: reconciler, workers and synthetic providers, crashed at will. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { makeConnection, type ConnectionHandle } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { appendTo } from "@concordat/engine/operations/append"
import { Journal, type RecordedEvent } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import * as streams from "@concordat/model/streams"
import { EDITION } from "@concordat/rules/edition"
import { parseMapping } from "@concordat/rules/mapping/parse"
import type { EntityDoc } from "@concordat/rules/state/documents"
import { decodeDocument } from "@concordat/rules/state/stored"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import type { World } from "./synthetic.ts"
import { definitionOf, mappingOf } from "./synthetic-traits.ts"

export const TENANT = "acme"
export const START = Date.parse("2026-11-20T12:00:00Z")

export const store = sqlite({ path: ":memory:", inPlace: true })

export interface Member {
  readonly world: World
  readonly armed?: boolean
  readonly create?: "never" | "always"
}

export interface Running {
  readonly handle: ConnectionHandle
  /** Stops it at once, as a crash would; drains like an ordinary stop where `drained`. */
  readonly stop: Effect.Effect<void>
}

const mappingDocument = (text: string) => {
  const parsed = parseMapping(text, "synthetic.yaml")
  if (Result.isFailure(parsed)) throw new Error(JSON.stringify(parsed.failure))
  return parsed.success
}

/** Opens a connection in the journal: who it is, how it is mapped. */
export const openConnection = Effect.fnUntraced(function* (
  name: string,
  member: Member,
  mapping: string = mappingOf(member.world.traits),
) {
  const definition = definitionOf(member.world.traits)
  const create = member.create ?? "always"
  yield* appendTo(streams.connection(TENANT, name), [
    {
      type: "ConnectionOpened",
      data: {
        _tag: "ConnectionOpened",
        connection: name,
        provider: definition.provider,
        class: definition.class,
        isApp: false,
        settings: {},
        create: { contact: create, company: create, deal: create, activity: create },
        pollEveryMs: definition.pollEveryMs,
        mark: "abcd1234",
        armed: member.armed ?? true,
        edition: EDITION,
      },
    },
    { type: "MappingChanged", data: { _tag: "MappingChanged", connection: name, document: mappingDocument(mapping) } },
  ])
})

export const changeMapping = (name: string, mapping: string) =>
  appendTo(streams.connection(TENANT, name), [
    { type: "MappingChanged", data: { _tag: "MappingChanged", connection: name, document: mappingDocument(mapping) } },
  ])

/** Runs the reconciler until the test ends. */
export const startReconciler = Effect.gen(function* () {
  const reconciler = yield* makeReconciler(makeCompilers())
  return yield* Effect.forkChild(reconciler.run, { startImmediately: true })
})

/** One that dies is started again, as a supervisor would. */
export const startSupervisedReconciler = Effect.gen(function* () {
  const seen = { deaths: 0 }
  const live = Effect.flatMap(makeReconciler(makeCompilers()), ({ run }) => run).pipe(
    Effect.catchCause(() =>
      Effect.sync(() => {
        seen.deaths += 1
      }),
    ),
    Effect.andThen(Effect.sleep(200)),
    Effect.forever,
  )
  yield* Effect.forkChild(live, { startImmediately: true })
  return seen
})

const connect = (name: string, world: World, rereadEveryMs?: number | null) =>
  makeConnection({
    tenant: TENANT,
    connection: name,
    definition: definitionOf(world.traits),
    connector: world.connector(),
    compilers: makeCompilers(),
    censusEveryMs: 20_000,
    ...(rereadEveryMs === undefined ? {} : { rereadEveryMs }),
  })

export const startWorker = Effect.fnUntraced(function* (name: string, world: World, rereadEveryMs?: number | null) {
  const scope = yield* Scope.make()
  const handle = yield* connect(name, world, rereadEveryMs).pipe(Effect.provideService(Scope.Scope, scope))
  const fiber = yield* Effect.forkChild(handle.run, { startImmediately: true })
  const running: Running = {
    handle,
    stop: Effect.andThen(Fiber.interrupt(fiber), Scope.close(scope, Exit.void)).pipe(Effect.asVoid),
  }
  return running
})

/** A worker that dies is started again, as a supervisor would; `handle` is that of the one that runs. */
export const startSupervised = Effect.fnUntraced(function* (name: string, world: World) {
  const running: { handle: ConnectionHandle | null; deaths: number } = { handle: null, deaths: 0 }
  const live = Effect.gen(function* () {
    running.handle = yield* connect(name, world)
    return yield* running.handle.run
  }).pipe(
    Effect.scoped,
    Effect.catchCause(() =>
      Effect.sync(() => {
        running.handle = null
        running.deaths += 1
      }),
    ),
    Effect.andThen(Effect.sleep(200)),
    Effect.forever,
  )
  yield* Effect.forkChild(live, { startImmediately: true })
  const idle = Effect.suspend(() => (running.handle === null ? Effect.succeed(false) : running.handle.idle))
  return { running, idle: Effect.orElseSucceed(idle, () => false) }
})

/** Lets time pass in steps small enough for everything that waits. */
export const pass = Effect.fnUntraced(function* (ms: number, step = 50) {
  for (let at = 0; at < ms; at += step) yield* TestClock.adjust(Math.min(step, ms - at))
})

/**
 * Lets time pass until the workers have nothing left to do and two polls have brought nothing new; fails the test where
 * that never comes.
 */
export const settleDown = Effect.fnUntraced(function* (
  handles: ReadonlyArray<Pick<ConnectionHandle, "idle">>,
  withinMs = 180_000,
) {
  const journal = yield* Journal
  let [end, since] = [yield* journal.end, 0]
  for (let at = 0; at < withinMs; at += 250) {
    yield* TestClock.adjust(250)
    const now = yield* journal.end
    if (now !== end) [end, since] = [now, at]
    if (at - since < 11_000) continue
    let isIdle = true
    for (const handle of handles) isIdle = isIdle && (yield* handle.idle)
    if (isIdle) return
  }
  return yield* Effect.die(new Error(`not quiet after ${withinMs} ms`))
})

export const eventsOf = Effect.fnUntraced(function* (...types: ReadonlyArray<string>) {
  const journal = yield* Journal
  const { events } = yield* journal.readAll({ after: null, prefixes: [], limit: 10_000 })
  return events
    .filter(({ type }) => types.includes(type))
    .map((event: RecordedEvent) => ({ ...event, data: JSON.parse(event.data) }))
})

export const entities = Effect.gen(function* () {
  const state = yield* State
  const found = yield* state.scan({ tenant: TENANT, kind: "entity", prefix: "", after: null, limit: 1_000 })
  return found.map(({ value }) => decodeDocument("entity", value) as EntityDoc)
})
