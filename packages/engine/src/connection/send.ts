/** One batch to the provider and its answers, row by row. Once begun it is finished, also by a worker that stops. */
import type { ProviderError } from "../ports/ProviderError.ts"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import { DRAIN_MS, WRITE_RETRY_MS, WRITE_TRIES } from "../limits.ts"
import type { WriteAnswer, WriteOutcome } from "../ports/Provider.ts"
import { type Answered, keepAnswers } from "./answer.ts"
import { rowOf } from "./candidate.ts"
import type { Gate } from "./faults.ts"
import type { Begun } from "./intend.ts"
import type { Parts } from "./parts.ts"
import { refusal, settle, type Settled } from "./settle.ts"
import type { WorkerError } from "./WorkerError.ts"

/** No answer for the row: it may have been taken. A create is looked for when the provider's index has caught up. */
export const lost = (parts: Parts, begun: Begun, now: number, atLeast = 0): Settled => {
  const { intent, candidate } = begun
  const wait = Math.max(atLeast, candidate.kind === "create" ? parts.definition.indexLagMs : 0)
  return { _tag: "Open", intent: { ...intent, job: null, until: now, nextAt: now + wait } }
}

/** Certainly nothing happened: the try does not count. */
const untried = ({ intent }: Begun, now: number): Settled => ({
  _tag: "Open",
  intent: { ...intent, attempts: intent.attempts - 1, job: null, until: now, nextAt: now },
})

const failed = (parts: Parts, begun: Begun, error: ProviderError, now: number): Settled => {
  const { reason } = error
  switch (reason._tag) {
    case "Unavailable":
      return reason.effect === "unknown" ? lost(parts, begun, now) : untried(begun, now)
    case "RequestRefused": {
      const outcome: WriteOutcome = {
        _tag: "Refused",
        code: "validation",
        message: `${reason.code}: ${reason.detail}`,
        effect: "none",
        retry: false,
      }
      return settle(begun.intent, outcome, now, 0)
    }
    case "Unreadable":
      if (begun.intent.attempts < WRITE_TRIES) return lost(parts, begun, now, WRITE_RETRY_MS)
      return {
        _tag: "Refused",
        data: refusal(begun.intent, { code: "other", message: error.message, effect: "unknown" }),
      }
    default:
      return untried(begun, now)
  }
}

/** Reads the answers of a call by their keys; a row without one has an unknown outcome. */
export const readAnswers = Effect.fnUntraced(function* (
  parts: Parts,
  batch: ReadonlyArray<Begun>,
  answers: ReadonlyArray<WriteAnswer>,
  startedAt: number,
) {
  const byKey = new Map(answers.map(({ key, outcome }) => [key, outcome]))
  const now = yield* parts.tick
  const settled: Array<Answered> = []
  for (const begun of batch) {
    const outcome = byKey.get(begun.candidate.key)
    const one = outcome === undefined ? lost(parts, begun, now) : settle(begun.intent, outcome, now, yield* Random.next)
    settled.push({ begun, settled: one, startedAt })
  }
  return settled
})

const call = Effect.fnUntraced(function* (parts: Parts, gate: Gate, object: string, batch: ReadonlyArray<Begun>) {
  const startedAt = yield* parts.tick
  const rows = batch.map(({ candidate, version }) => rowOf(candidate, version))
  // A try before this one, in this process or in one that was killed, may have been taken or refused for now.
  if (batch.some(({ intent }) => intent.attempts > 1)) parts.counting.add("retries")
  const result = yield* Effect.result(gate.write(parts.connector.write!(object, rows)))
  if (Result.isSuccess(result)) return yield* readAnswers(parts, batch, result.success, startedAt)
  const error = result.failure
  if (error._tag === "WorkerError") return yield* error
  // One row that the provider can't take at all may have spoilt the others: each is asked for by itself.
  if (error.reason._tag === "RequestRefused" && batch.length > 1) return null
  const now = yield* parts.tick
  return batch.map((begun): Answered => ({ begun, settled: failed(parts, begun, error, now), startedAt }))
})

const callAndKeep = (
  parts: Parts,
  gate: Gate,
  object: string,
  batch: ReadonlyArray<Begun>,
): Effect.Effect<ReadonlyArray<Answered>, WorkerError> =>
  Effect.gen(function* () {
    const answers = yield* call(parts, gate, object, batch)
    if (answers !== null) {
      yield* keepAnswers(parts, answers)
      return answers
    }
    const all: Array<Answered> = []
    for (const one of batch) all.push(...(yield* callAndKeep(parts, gate, object, [one])))
    return all
  })

/** Sends the rows of one object. An interruption waits some seconds for the answer, so that it is recorded. */
export const send = Effect.fn("Connection.write")(function* (
  parts: Parts,
  gate: Gate,
  object: string,
  batch: ReadonlyArray<Begun>,
) {
  const fiber = yield* Effect.forkDetach(callAndKeep(parts, gate, object, batch), { startImmediately: true })
  const began = yield* Clock.currentTimeMillis
  return yield* Fiber.join(fiber).pipe(
    Effect.onInterrupt(() =>
      Fiber.await(fiber).pipe(
        Effect.timeoutOption(DRAIN_MS),
        Effect.andThen(Fiber.interrupt(fiber)),
        Effect.annotateLogs({ connection: parts.connection, began }),
      ),
    ),
  )
})
