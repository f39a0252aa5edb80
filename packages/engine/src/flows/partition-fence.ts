/**
 * Keeps a former owner of a share from appending: each of an owner's batches has a word on the stream of the share's first
 * partition, at the revision that its owner knows. The first word of a new owner moves the stream on.
 */
import type { BatchDecided } from "@concordat/model/events/batch"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { COMMIT_AGAIN_MS, COMMIT_TRIES } from "../limits.ts"
import { fenceStreamOf } from "../ownership/shares.ts"
import type { Append, Journal, JournalError } from "../ports/Journal.ts"
import type { LeaseToken } from "../ports/Leases.ts"
import { fenceAppend } from "./decided-events.ts"
import { ReconcilerStopped } from "./ReconcilerStopped.ts"

export interface PartitionFence {
  /** The word that goes with a batch: all up to `from` was decided, and now all up to `to`. Both are positions. */
  readonly word: (from: string | null, to: string) => Append
  /** The last word is in the journal. */
  readonly said: () => void
  /** The stream is not where it was: it was this word that moved it, else the share has another owner (`fenced`). */
  readonly adopt: (word: Append) => Effect.Effect<void, JournalError | ReconcilerStopped>
}

const epochOf = (metadata: Readonly<Record<string, string>> | undefined): number => Number(metadata?.["epoch"] ?? 0)

/**
 * Makes the owner of a lease the one that appends. `fenced`: a later owner has begun already, or had before the leases were lost;
 * `surpass` is told of its epoch.
 */
export const takeFence = Effect.fn("takeFence")(function* (
  journal: Context.Service.Shape<typeof Journal>,
  share: string,
  lease: LeaseToken,
  surpass: (epoch: number) => Effect.Effect<void> = () => Effect.void,
) {
  const stream = fenceStreamOf(share)
  const at = new Date(yield* Clock.currentTimeMillis).toISOString()
  const fenced = (detail: string) => new ReconcilerStopped({ reason: "fenced", detail })
  const wordOf = (revision: number, from: string | null, to: string | null): Append => {
    const said: BatchDecided = { _tag: "BatchDecided", share, from, to, epoch: lease.epoch }
    return fenceAppend(stream, revision, said, at)
  }
  const last = journal.read(stream, { from: "end", direction: "backward", limit: 1 })

  const take = Effect.gen(function* () {
    for (let attempt = 0; attempt < COMMIT_TRIES; attempt++) {
      const [tail] = yield* last
      const epoch = epochOf(tail?.metadata)
      if (epoch > lease.epoch) {
        yield* surpass(epoch)
        return yield* fenced(`${stream} has a later owner, of epoch ${epoch}`)
      }
      const revision = tail?.revision ?? -1
      const result = yield* journal.append(wordOf(revision, null, null))
      if (result._tag === "Appended") return revision + 1
      // Unknown or moved: the tail says which, and a second word of the same owner does no harm.
      if (result._tag === "Indeterminate") yield* Effect.sleep(COMMIT_AGAIN_MS)
    }
    return yield* fenced(`${stream} is still being written by another owner after ${COMMIT_TRIES} tries`)
  })

  let revision = yield* take
  const fence: PartitionFence = {
    word: (from, to) => wordOf(revision, from, to),
    said: () => {
      revision += 1
    },
    adopt: Effect.fnUntraced(function* (word) {
      const [found] = yield* journal.read(stream, { from: word.expected + 1, direction: "forward", limit: 1 })
      if (found?.id !== word.events[0]!.id) return yield* fenced(`${stream} is written by another owner`)
      revision = word.expected + 1
    }),
  }
  return fence
})
