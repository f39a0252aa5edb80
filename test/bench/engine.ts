/**
 * An engine in this process as `services/all-in-one` puts it together, without its server: the embedded store with its
 * thread, the reconciler, and workers over generated records.
 */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { type ConnectionHandle, makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeWatch } from "@concordat/engine/connection/watch"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { appendTo } from "@concordat/engine/operations/append"
import type { Bus } from "@concordat/engine/ports/Bus"
import type { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import * as streams from "@concordat/model/streams"
import { EDITION } from "@concordat/rules/edition"
import type { RecordDoc } from "@concordat/rules/state/documents"
import { decodeDocument } from "@concordat/rules/state/stored"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type * as Scope from "effect/Scope"
import type { Context } from "./harness/line.ts"
import { PERSONS, personMapping } from "./mapping.ts"
import type { Source } from "./source.ts"

export const TENANT = "bench"
export const EMBEDDED = "SQLite, WAL, synchronous=FULL, journal, state and bus in one file, committed together"
export const ONE_PROCESS =
  "one process: pages, workers and reconciler on its main thread, SQLite on a worker thread; not pinned to cores"

export type Stores = Journal | State | Bus | Commit
const LOOK_MS = 2

/** Says in the journal what a configuration would say of a connection. */
const openConnection = Effect.fnUntraced(function* (
  name: string,
  source: Source,
  tenant = TENANT,
  mapping = personMapping(),
) {
  const { isApp = false, pollEveryMs, provider } = source.definition
  const create = { contact: "always", company: "always", deal: "always", activity: "always" }
  const opened = {
    connection: name,
    provider,
    class: source.definition.class,
    isApp,
    settings: { region: "DE" },
    create,
    pollEveryMs,
    mark: "bench000",
    armed: true,
    edition: EDITION,
  }
  yield* appendTo(streams.connection(tenant, name), [
    { type: "ConnectionOpened", data: { _tag: "ConnectionOpened", ...opened } },
    { type: "MappingChanged", data: { _tag: "MappingChanged", connection: name, document: mapping } },
    {
      type: "MetadataObserved",
      data: {
        _tag: "MetadataObserved",
        connection: name,
        metadata: { fields: {}, pipelines: [], owners: [], lookups: {}, currency: null },
      },
    },
  ])
})

/** A connection that has read everything there is, which is nothing: what others bring is due there. */
const nothingToRead = (name: string, tenant = TENANT) =>
  appendTo(streams.connection(tenant, name), [
    { type: "BackfillStarted", data: { _tag: "BackfillStarted", connection: name, objects: [PERSONS] } },
    { type: "BackfillFinished", data: { _tag: "BackfillFinished", connection: name, records: 0 } },
  ])

export const until = <R>(isTrue: Effect.Effect<boolean, unknown, R>, what: string, withinMs = 600_000) =>
  Effect.gen(function* () {
    const end = Date.now() + withinMs
    while (!(yield* Effect.orDie(isTrue))) {
      if (Date.now() > end) throw new Error(`${what} did not happen within ${withinMs / 1_000} s`)
      yield* Effect.sleep(LOOK_MS)
    }
  })

/** Whether the reconciler's decision on a record, and what follows from it, is on the disk. */
const isDecided = Effect.fnUntraced(function* (connection: string, id: string) {
  const state = yield* State
  const [text] = yield* state.getMany([{ tenant: TENANT, kind: "record", key: `${connection}|${PERSONS}:${id}` }])
  return text !== null && text !== undefined
})

/** The entity of each record of a connection, as `type:id`. */
const entitiesOf = Effect.fnUntraced(function* (connection: string) {
  const state = yield* State
  const prefix = `${connection}|${PERSONS}:`
  const found = new Map<string, string>()
  for (let after: string | null = null; ;) {
    const page: Effect.Success<ReturnType<typeof state.scan>> = yield* state.scan({
      tenant: TENANT,
      kind: "record",
      prefix,
      after,
      limit: 1_000,
    })
    for (const { key, value } of page) {
      const { entity, type } = decodeDocument("record", value) as RecordDoc
      found.set(key.slice(prefix.length), `${type}:${entity}`)
    }
    if (page.length < 1_000) return found
    after = page.at(-1)!.key
  }
})

const started = Effect.gen(function* () {
  const compilers = makeCompilers()
  const reconciler = yield* makeReconciler(compilers)
  const reconciling = yield* Effect.forkScoped(reconciler.run)
  const watch = yield* makeWatch
  /** The worker of a connection, for as long as the scope. */
  const work = Effect.fnUntraced(function* (name: string, { connector, definition }: Source, tenant = TENANT) {
    const handle = yield* makeConnection({ tenant, connection: name, definition, connector, compilers, watch })
    const fiber = yield* Effect.forkScoped(handle.run)
    return { handle, stop: Fiber.interrupt(fiber) }
  })
  return { reconciler, work, reconciling }
})
export type Engine = Effect.Success<typeof started>

export const engine = {
  openConnection,
  nothingToRead,
  started,
  isDecided,
  entitiesOf,
  /** How many documents of a kind there are. */
  count: (kind: string, prefix = "") => Effect.flatMap(State, (state) => state.count({ tenant: TENANT, kind, prefix })),
  facts: (handle: ConnectionHandle) => Effect.map(handle.stats, ({ facts }) => facts),
}

/** Has a piece of work timed, with the services that are there. */
export const timedIn = <A, E, R>(context: Context, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const services = yield* Effect.context<R>()
    return yield* Effect.promise(() => context.timed(() => Effect.runPromiseWith(services)(work)))
  })

/** Runs over a store file; what was started in it ends with it. */
export const withStore = async <A>(
  path: string,
  program: Effect.Effect<A, unknown, Stores | Scope.Scope>,
): Promise<A> => {
  const runtime = ManagedRuntime.make(sqlite({ path }))
  try {
    return await runtime.runPromise(Effect.scoped(program))
  } finally {
    await runtime.dispose()
  }
}

/** Events in the journal, by type. */
export const eventCounts = Effect.gen(function* () {
  const journal = yield* Journal
  const counts: Record<string, number> = {}
  for (let after: string | null = null; ;) {
    const page: Effect.Success<ReturnType<typeof journal.readAll>> = yield* journal.readAll({
      after,
      prefixes: [],
      limit: 1_000,
      without: "contents",
    })
    for (const { type } of page.events) counts[type] = (counts[type] ?? 0) + 1
    if (page.events.length === 0) return counts
    after = page.position
  }
})
export const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, n) => sum + n, 0)
