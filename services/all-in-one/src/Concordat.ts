/** One whole Concordat in a process: store, reconciler, a worker for each connection, and the server before them. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { makeWatch } from "@concordat/engine/connection/watch"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { Journal } from "@concordat/engine/ports/Journal"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import { layerAppAccess } from "./app-access.ts"
import type { Config } from "./config/Config.ts"
import { Connections, placesOf } from "./Connections.ts"
import { installationKey } from "./key.ts"
import { makeRecording } from "./metrics/recording.ts"
import { listening } from "./listening.ts"
import { changeRules, openConnection } from "./opening.ts"
import { Running } from "./operator-handlers.ts"
import { type Catalogue, makeCatalogue } from "./providers.ts"
import { layerAnswers } from "./server.ts"
import { nameOfWorker, workerStatus } from "./worker-status.ts"
import { STORE, watchStore } from "./store-watch.ts"
import { supervised, type WorkerState } from "./workers.ts"

/** Failures in a row after which a reconciler that can't go on ends the process: nothing is decided without it. */
const RECONCILER_ATTEMPTS = 3

/** What the configuration says goes into the journal before anybody works on it. */
const opened = Effect.fnUntraced(function* (config: Config, catalogue: Catalogue) {
  const journal = yield* Journal
  const key = yield* installationKey(config, (yield* journal.end) === null)
  for (const tenant of config.tenants) {
    yield* changeRules(tenant)
    for (const connection of tenant.connections) {
      const provider = catalogue.providers[connection.provider]
      if (provider === undefined) continue
      const { appended } = yield* openConnection(tenant, connection, provider.definition, key)
      if (appended.length === 0) continue
      yield* Effect.logInfo("configuration changed").pipe(
        Effect.annotateLogs({ tenant: tenant.name, connection: connection.name, said: appended.join(", ") }),
      )
    }
  }
  return key
})

const urlOf = (server: HttpServer.HttpServer["Service"], host: string): string => {
  const { address } = server
  return "port" in address ? `http://${host.includes(":") ? `[${host}]` : host}:${address.port}` : host
}

/**
 * Runs for as long as its scope: closing it takes no more requests, drains the workers, and closes the store last.
 *
 * `ended` fails when something gives up without which the rest is no use. Fails at once with `JournalError` (`locked`:
 * another process holds the store), with `NotListening` (the port is taken) or where the journal can't be read.
 */
export const makeConcordat = Effect.fn("makeConcordat")(function* (
  config: Config,
  catalogue: Catalogue = makeCatalogue(),
) {
  const http = yield* listening(config.http)
  const stores = yield* Layer.build(sqlite({ path: config.store }))
  return yield* Effect.gen(function* () {
    const key = yield* opened(config, catalogue)
    const compilers = makeCompilers()
    const recording = makeRecording()
    const connections = new Connections(placesOf(config, catalogue), recording)
    const workers = new Map<string, WorkerState>()
    const report = (name: string) => (state: WorkerState) => void workers.set(name, state)

    const reconciler = yield* makeReconciler(compilers)
    const reconciling = supervised(
      { name: "reconciler", attempts: RECONCILER_ATTEMPTS, report: report("reconciler") },
      reconciler.run,
    )
    const storing = watchStore(workers, report(STORE))
    const ended = yield* Deferred.make<never, Effect.Error<typeof reconciling> | Effect.Error<typeof storing>>()
    yield* storing.pipe(
      Effect.onExit((exit) => Deferred.done(ended, exit)),
      Effect.forkScoped,
    )
    yield* reconciling.pipe(
      Effect.onExit((exit) => Deferred.done(ended, exit)),
      Effect.forkScoped,
    )
    const watch = yield* makeWatch
    const working = connections.places.map((place) => {
      const name = nameOfWorker(place.tenant, place.connection.name)
      return supervised(
        { name, attempts: null, report: report(name) },
        connections.work(place, { compilers, watch, key }),
      )
    })
    // In one fiber, so that they drain side by side: one after the other would take too long.
    yield* Effect.forkScoped(Effect.all(working, { concurrency: "unbounded", discard: true }))

    const running = Layer.succeed(
      Running,
      Running.of({
        tenants: config.tenants.map(({ name }) => name),
        backfill: connections.readAgain,
        worker: (tenant, connection) => workerStatus(connections, workers, tenant, connection),
      }),
    )
    yield* Layer.build(
      layerAnswers({
        http: config.http,
        health: { workers, needs: ["reconciler", STORE] },
        metrics: { tenants: config.tenants.map(({ name }) => name), connections, workers, recording },
      }).pipe(Layer.provide(layerAppAccess(connections, catalogue.versionsOf)), Layer.provide(running)),
    ).pipe(Effect.provideContext(http))

    return {
      /** `http://host:port`, with the port that was taken where the configuration left it open. */
      url: urlOf(Context.get(http, HttpServer.HttpServer), config.http.host),
      connections,
      reconciler,
      workers: workers as ReadonlyMap<string, WorkerState>,
      ended: Deferred.await(ended),
    } as const
  }).pipe(
    Effect.provideContext(stores),
    Effect.map((concordat) => ({ ...concordat, stores })),
  )
})

export type Concordat = Effect.Success<ReturnType<typeof makeConcordat>>
