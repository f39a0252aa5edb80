/** Which stores answer, for `/readyz`. The bus is not asked: without it everything goes on, only later. */
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Whoever asks gives up after some seconds too. */
const ANSWER_MS = 2_000

const isAway = (probe: Effect.Effect<unknown, unknown>): Effect.Effect<boolean> =>
  probe.pipe(
    Effect.timeoutOption(ANSWER_MS),
    Effect.map(Option.isNone),
    Effect.orElseSucceed(() => true),
  )

/** Names of the stores that do not answer. */
export const storesAway: Effect.Effect<ReadonlyArray<string>, never, Journal | State> = Effect.gen(function* () {
  const [journal, state] = [yield* Journal, yield* State]
  const probes = { journal: isAway(journal.end), state: isAway(state.checkpoint("readyz")) }
  const away = yield* Effect.all(probes, { concurrency: "unbounded" })
  return Object.entries(away).flatMap(([store, isSo]) => (isSo ? [store] : []))
})
