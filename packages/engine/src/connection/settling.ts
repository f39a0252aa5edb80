/** Jobs that the provider took and did not finish at once: asked about until they have an outcome. */
import * as Effect from "effect/Effect"
import { SETTLE_EVERY_MS } from "../limits.ts"
import { keepAnswers } from "./answer.ts"
import { again } from "./candidate.ts"
import { chunked, groupedBy } from "./batches.ts"
import { type Gate, persistently } from "./faults.ts"
import type { Begun } from "./intend.ts"
import type { Parts } from "./parts.ts"
import { Flow } from "./rota.ts"
import { readAnswers } from "./send.ts"
import type { WorkerError } from "./WorkerError.ts"

const dueJobs = (parts: Parts, now: number): ReadonlyArray<Begun> =>
  [...parts.intents.values()]
    .filter(({ job, nextAt }) => job !== null && nextAt <= now)
    .map((intent) => ({ candidate: again(intent), intent, version: undefined }))

/** Nothing wakes it while the provider has no job of ours. */
export class Settling extends Flow {
  readonly parts: Parts
  readonly gate: Gate
  /** Told that entities may be written again. */
  readonly onSettled: () => void

  constructor(parts: Parts, gate: Gate, onSettled: () => void) {
    super(parts.rota)
    this.parts = parts
    this.gate = gate
    this.onSettled = onSettled
  }

  override turn(): Effect.Effect<number, WorkerError> {
    const { settle } = this.parts.connector
    return settle === undefined ? Effect.succeed(Number.POSITIVE_INFINITY) : turn(this, settle)
  }
}

const turn = Effect.fnUntraced(
  function* ({ gate, onSettled, parts }: Settling, settle: NonNullable<Parts["connector"]["settle"]>) {
    if (!parts.intents.values().some(({ job }) => job !== null)) return Number.POSITIVE_INFINITY
    yield* Effect.sleep(SETTLE_EVERY_MS / 2)
    const now = yield* parts.tick
    const due = dueJobs(parts, now)
    if (due.length === 0) return 0
    for (const [object, all] of groupedBy(due, ({ candidate }) => candidate.object)) {
      for (const batch of chunked(all, parts.definition.objects[object]!.batch.write)) {
        const jobs = batch.map(({ candidate, intent }) => ({ key: candidate.key, job: intent.job }))
        const answers = yield* persistently(gate.call("push", settle(object, jobs)))
        yield* keepAnswers(parts, yield* readAnswers(parts, batch, answers, now))
      }
    }
    onSettled()
    return 0
  },
  (settled, { parts }) =>
    Effect.catchTag(settled, "ProviderError", (error) =>
      // The provider knows nothing of its job: the next round looks for what became of the write.
      Effect.logWarning("jobs can't be settled", { connection: parts.connection, fault: error.message }).pipe(
        Effect.andThen(abandonJobs(parts)),
        Effect.as(0),
      ),
    ),
)

const abandonJobs = Effect.fnUntraced(function* (parts: Parts) {
  const now = yield* parts.tick
  const answers = dueJobs(parts, now).map((begun) => ({
    begun,
    settled: { _tag: "Open" as const, intent: { ...begun.intent, job: null, nextAt: now } },
    startedAt: now,
  }))
  yield* keepAnswers(parts, answers)
})
