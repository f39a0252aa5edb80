/** What this process can say of a connection's worker, as the operator's API shows it. */
import type { Worker } from "@concordat/api/operator/views"
import type { WorkerView } from "@concordat/engine/connection/view"
import * as Effect from "effect/Effect"
import type { Connections } from "./Connections.ts"
import type { WorkerStatus } from "./operator-handlers.ts"
import type { WorkerState } from "./workers.ts"

/** In logs and in `status`. */
export const nameOfWorker = (tenant: string, connection: string): string => `connection ${tenant}.${connection}`

const shown = ({ budget, fault, hints, polls, rereads, stats, stoppedBy, waitsUntil, writes }: WorkerView): Worker => {
  const { absorbed, calls, facts, rateLimits, reads, refused, retries, stale } = stats
  return {
    fault,
    stoppedBy,
    waitsUntil,
    budget,
    polls,
    rereads,
    hints,
    writes,
    counters: { reads, facts, absorbed, stale, calls, writes: stats.writes, refused, retries, rateLimits },
    calls: stats.http === null ? null : { ...stats.http },
  }
}

export const workerStatus = (
  connections: Connections,
  workers: ReadonlyMap<string, WorkerState>,
  tenant: string,
  connection: string,
): Effect.Effect<WorkerStatus> => {
  const state = workers.get(nameOfWorker(tenant, connection))
  const supervised = { restarts: state?.failures ?? 0, stopped: state?.error ?? null }
  const running = connections.running(tenant, connection)
  if (running === undefined) return Effect.succeed({ idle: null, worker: null, ...supervised })
  return running.handle.view.pipe(
    Effect.map((view): WorkerStatus => ({ idle: view.idle, worker: shown(view), ...supervised })),
    // A worker that can't say so is not idle; the error is its own, and it stops with it.
    Effect.catch((error) =>
      Effect.succeed({ idle: false, worker: null, restarts: supervised.restarts, stopped: error.message }),
    ),
  )
}
