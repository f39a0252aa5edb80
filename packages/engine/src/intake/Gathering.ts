/**
 * Deliveries that arrive while another is being kept are kept together: a provider may post ten times for one change, and
 * each event costs a write to disk. Every caller still waits until what it brought is in the journal.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Hint } from "../ports/Provider.ts"
import { lastOfEach } from "../connection/batches.ts"

/** Hints with the same key say the same thing. */
export const hintKey = ({ about, id, kind, object }: Hint): string => `${object}:${id}:${kind}:${about ?? ""}`

interface Waiting<E> {
  readonly hints: ReadonlyArray<Hint>
  readonly kept: Deferred.Deferred<void, E>
}

export interface Gathering<E> {
  /** Done when the hints are kept; fails as the keeping did. */
  readonly keep: (hints: ReadonlyArray<Hint>) => Effect.Effect<void, E>
}

/** `append` keeps a list of hints; one at a time. A hint that says the same thing twice is kept once. */
export const makeGathering = <E>(append: (hints: ReadonlyArray<Hint>) => Effect.Effect<void, E>): Gathering<E> => {
  let waiting: Array<Waiting<E>> = []
  let isKeeping = false

  const keepAll = Effect.gen(function* () {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      const hints = lastOfEach(
        batch.flatMap((one) => one.hints),
        hintKey,
      )
      const exit = yield* Effect.exit(append(hints))
      for (const { kept } of batch) yield* Deferred.done(kept, exit)
    }
  })

  const keep = Effect.fnUntraced(function* (hints: ReadonlyArray<Hint>) {
    const kept = yield* Deferred.make<void, E>()
    waiting.push({ hints, kept })
    if (!isKeeping) {
      isKeeping = true
      // Whoever is first keeps for all; that its own request is dropped meanwhile must not lose the others'.
      yield* keepAll.pipe(
        Effect.ensuring(
          Effect.sync(() => {
            isKeeping = false
          }),
        ),
        Effect.uninterruptible,
      )
    }
    return yield* Deferred.await(kept)
  })

  return { keep }
}
