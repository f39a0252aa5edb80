/** The stores of the production layout, of which each service has the same: journal, state and bus, and the commit over them. */
import { layerAnswering as kurrentdb } from "@concordat/adapters/kurrentdb/KurrentDb"
import { layer as nats } from "@concordat/adapters/nats/Nats"
import { layer as postgres } from "@concordat/adapters/postgres/Postgres"
import { layerSplitCommit } from "@concordat/engine/flows/split-commit"
import { ShareDigits } from "@concordat/engine/ownership/shares"
import type { Bus, BusError } from "@concordat/engine/ports/Bus"
import type { Commit } from "@concordat/engine/ports/Commit"
import type { Journal, JournalError } from "@concordat/engine/ports/Journal"
import type { Leases } from "@concordat/engine/ports/Leases"
import type { LiveTail } from "@concordat/engine/ports/LiveTail"
import type { State, StateError, StateWriter } from "@concordat/engine/ports/State"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import type { Production } from "./environment.ts"
import type { StoreName } from "./probing.ts"

export type Stores = Journal | State | StateWriter | Leases | Bus | LiveTail | Commit

/** Sixteen shares: of one tenant there is one reconciler anyway, and more processes than that have nothing to do. */
const SHARE_DIGITS = 1

/** Waits between tries to reach a store, in ms: a service goes on within ten seconds of its return. */
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 3_000

type StoreError = JournalError | StateError | BusError

/**
 * Opens a store for as long as the scope. One that is away is waited for, and stands in `awaited` until it is there; what
 * does not pass by itself (credentials, a version, an address) fails at once.
 */
export const opened = Effect.fnUntraced(function* <A>(
  name: StoreName,
  layer: Layer.Layer<A, StoreError>,
  awaited: Set<StoreName>,
): Effect.fn.Return<Context.Context<A>, StoreError, Scope.Scope> {
  const scope = yield* Effect.scope
  /** What an attempt has left open goes with it. */
  const attempt = Effect.flatMap(Scope.fork(scope), (own) =>
    Layer.buildWithScope(Layer.fresh(layer), own).pipe(
      Effect.onExit((exit) => (Exit.isFailure(exit) ? Scope.close(own, exit) : Effect.void)),
    ),
  )
  awaited.add(name)
  let said: string | null = null
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const result = yield* Effect.result(attempt)
    if (result._tag === "Success") {
      awaited.delete(name)
      if (said !== null) yield* Effect.logInfo(`the ${name} is there`)
      return result.success
    }
    const { failure } = result
    if (failure.reason !== "unavailable") return yield* failure
    if (failure.message !== said) yield* Effect.logWarning(`the ${name} is away and is waited for`, failure.message)
    said = failure.message
    yield* Effect.sleep(Duration.millis(pauseMs * (yield* Random.nextBetween(0.5, 1))))
  }
})

/** All of them, side by side. */
export const openStores = Effect.fnUntraced(function* (
  { bus, journal, replicas, state }: Production,
  name: string,
  awaited: Set<StoreName>,
) {
  const [journalStore, stateStore, busStore] = yield* Effect.all(
    [
      opened("journal", kurrentdb({ connectionString: journal }), awaited),
      opened("state", postgres({ url: state, applicationName: name }), awaited),
      opened("bus", nats({ address: bus, name, replicas }), awaited),
    ],
    { concurrency: "unbounded" },
  )
  const stores = Context.merge(Context.merge(journalStore, stateStore), busStore).pipe(
    Context.add(ShareDigits, SHARE_DIGITS),
  )
  return Context.merge(stores, yield* Effect.provideContext(Layer.build(layerSplitCommit), stores))
})
