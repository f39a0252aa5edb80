/** For whoever keeps the process running: `/healthz` (it answers) and `/readyz` (what it needs works). Names nobody. */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { WorkerState } from "./workers.ts"

export interface Health {
  /** By worker. */
  readonly workers: ReadonlyMap<string, WorkerState>
}

/** A connection whose provider is down does not make the process unready: others would suffer from its restart. */
export const layerHealth = (health: Health) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      yield* router.add("GET", "/healthz", Effect.succeed(HttpServerResponse.text("ok")))
      yield* router.add(
        "GET",
        "/readyz",
        Effect.gen(function* () {
          const states = [...health.workers.values()]
          const failing = states.filter(({ failures }) => failures > 0).length
          const reconciler = health.workers.get("reconciler")
          const ready = reconciler !== undefined && reconciler.failures === 0
          const body = { ready, workers: states.length, failing }
          return yield* Effect.orDie(HttpServerResponse.json(body, { status: ready ? 200 : 503 }))
        }),
      )
    }),
  )
