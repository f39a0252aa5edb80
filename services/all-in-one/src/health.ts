/** For whoever keeps the process running: `/healthz` (it answers) and `/readyz` (what it needs works). Names nobody. */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { WorkerState } from "./workers.ts"

export interface Health {
  /** By worker. */
  readonly workers: ReadonlyMap<string, WorkerState>
  /** Workers without which the process is not ready. */
  readonly needs: ReadonlyArray<string>
  /** Absent: they are in the process. */
  readonly stores?: StoresHealth
}

export interface StoresHealth {
  /** Those that do not answer now. */
  readonly away: Effect.Effect<ReadonlyArray<string>>
  /** Those without which the process is not ready. Of the others it says no more than that they are away. */
  readonly needed: ReadonlyArray<string>
}

/** A connection whose provider is down does not make the process unready: others would suffer from its restart. */
export const layerHealth = ({ needs, stores, workers }: Health) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      yield* router.add("GET", "/healthz", Effect.succeed(HttpServerResponse.text("ok")))
      yield* router.add(
        "GET",
        "/readyz",
        Effect.gen(function* () {
          const states = [...workers.values()]
          const failing = states.filter(({ failures }) => failures > 0).length
          const away = stores === undefined ? [] : yield* stores.away
          const isServed = !away.some((name) => stores?.needed.includes(name))
          const ready = isServed && needs.every((name) => workers.get(name)?.failures === 0)
          const body = { ready, workers: states.length, failing, ...(stores === undefined ? {} : { away }) }
          return yield* Effect.orDie(HttpServerResponse.json(body, { status: ready ? 200 : 503 }))
        }),
      )
    }),
  )
