/** Which stores answer, for `/readyz`. The bus is not asked: without it everything goes on, only later. */
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Whoever asks gives up after some seconds too. */
const ANSWER_MS = 2_000

export const makeAway = Effect.gen(function* () {
  const [journal, state] = [yield* Journal, yield* State]
  const isAway = (probe: Effect.Effect<unknown, unknown>) =>
    probe.pipe(
      Effect.timeoutOption(ANSWER_MS),
      Effect.map(Option.isNone),
      Effect.orElseSucceed(() => true),
    )
  const answer: Effect.Effect<ReadonlyArray<string>> = Effect.map(
    Effect.all({ journal: isAway(journal.end), state: isAway(state.checkpoint("readyz")) }, { concurrency: 2 }),
    (away) => Object.entries(away).flatMap(([store, isSo]) => (isSo ? [store] : [])),
  )
  return answer
})
