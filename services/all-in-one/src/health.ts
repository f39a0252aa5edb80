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
  /** Stores that do not answer now; absent: they are in the process. */
  readonly away?: Effect.Effect<ReadonlyArray<string>>
}

/** A connection whose provider is down does not make the process unready: others would suffer from its restart. */
export const layerHealth = ({ away, needs, workers }: Health) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      yield* router.add("GET", "/healthz", Effect.succeed(HttpServerResponse.text("ok")))
      yield* router.add(
        "GET",
        "/readyz",
        Effect.gen(function* () {
          const states = [...workers.values()]
          const failing = states.filter(({ failures }) => failures > 0).length
          const missing = away === undefined ? [] : yield* away
          const ready = missing.length === 0 && needs.every((name) => workers.get(name)?.failures === 0)
          const body = { ready, workers: states.length, failing, ...(away === undefined ? {} : { away: missing }) }
          return yield* Effect.orDie(HttpServerResponse.json(body, { status: ready ? 200 : 503 }))
        }),
      )
    }),
  )
