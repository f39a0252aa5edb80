/** What the owners of connections say of them and do for operators, asked over their own operator's API. */
import { OperatorClient } from "@concordat/api/operator/Client"
import type { TenantStatus } from "@concordat/api/operator/views"
import { Leases } from "@concordat/engine/ports/Leases"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type * as Redacted from "effect/Redacted"
import type { WorkerStatus } from "@concordat/all-in-one/operator-handlers"
import { ownerOf } from "./owners.ts"

/** A status of many connections asks each of their owners once. */
const KEPT_MS = 1_000
const ANSWER_MS = 5_000

const NOBODY: WorkerStatus = { idle: null, worker: null, restarts: 0, stopped: null }
const SILENT: WorkerStatus = { ...NOBODY, stopped: "its process does not answer" }

export const makeOwnersWord = Effect.fnUntraced(function* (token: Redacted.Redacted) {
  const leases = yield* Effect.context<Leases>()
  /** By owner and tenant; null: it did not answer, which is not to be waited for once for each connection. */
  const kept = new Map<string, { readonly at: number; readonly status: TenantStatus | null }>()

  const askedOf = <A, E, R>(baseUrl: string, ask: Effect.Effect<A, E, R | OperatorClient>) =>
    ask.pipe(
      Effect.timeout(ANSWER_MS),
      Effect.provide(OperatorClient.layer({ baseUrl, token }), { local: true }),
      Effect.provide(FetchHttpClient.layer),
    )

  const statusAt = Effect.fnUntraced(function* (address: string, tenant: string) {
    const began = yield* Clock.currentTimeMillis
    for (const [name, { at }] of kept) if (began - at > KEPT_MS) kept.delete(name)
    const name = `${address} ${tenant}`
    const known = kept.get(name)
    if (known !== undefined) return known.status
    const ask = Effect.flatMap(OperatorClient, ({ operator }) => operator.status({ params: { tenant } }))
    const status = yield* Effect.orElseSucceed(askedOf(address, ask), () => null)
    // From its end on: an answer that took long would be old before it is used.
    kept.set(name, { at: yield* Clock.currentTimeMillis, status })
    return status
  })

  return {
    worker: (tenant: string, connection: string): Effect.Effect<WorkerStatus> =>
      Effect.gen(function* () {
        const address = yield* ownerOf(tenant, connection)
        if (address === null) return NOBODY
        const status = yield* statusAt(address, tenant)
        if (status === null) return SILENT
        const found = status.connections.find((one) => one.connection === connection)
        if (found === undefined) return NOBODY
        const { idle, restarts, stopped, worker } = found
        return { idle, restarts, stopped, worker }
      }).pipe(
        Effect.orElseSucceed(() => SILENT),
        Effect.provideContext(leases),
      ),
    backfill: (tenant: string, connection: string): Effect.Effect<boolean> =>
      Effect.gen(function* () {
        const address = yield* ownerOf(tenant, connection)
        if (address === null) return false
        const ask = Effect.flatMap(OperatorClient, ({ operator }) =>
          operator.backfill({ params: { tenant, connection } }),
        )
        yield* askedOf(address, ask)
        return true
      }).pipe(
        Effect.catch((error) =>
          Effect.as(Effect.logWarning("the owner did not take it", { tenant, connection, error: error._tag }), false),
        ),
        Effect.provideContext(leases),
      ),
  }
})
