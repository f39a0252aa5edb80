/** How the answers of a batch come together when a call in the middle of it fails. */
import type { WriteAnswer, WriteRow } from "@concordat/engine/ports/Provider"
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import * as Effect from "effect/Effect"
import { asProviderError, type CallError, heldUp, isBusy, type OdooRefusal, refusedRow } from "./errors.ts"

/** A refusal that is about the call's rows, as against the connection as a whole. */
export const isAboutRows = (refusal: OdooRefusal): boolean =>
  isBusy(`${refusal.name} ${refusal.text}`) || !refusal.name.startsWith("psycopg2.") || /Violation/.test(refusal.name)

export const refuseAll = (rows: ReadonlyArray<WriteRow>, { name, text }: OdooRefusal): ReadonlyArray<WriteAnswer> =>
  rows.map(({ key }) => ({ key, outcome: refusedRow(name, text) }))

/**
 * Runs steps one after another. When the connection fails at the first of them, the batch fails as a whole; later, what
 * was answered is kept, the step in doubt says whether it may have had an effect, and the rest was not tried.
 */
export const inTurn = <S extends { readonly rows: ReadonlyArray<WriteRow> }>(
  steps: ReadonlyArray<S>,
  run: (step: S) => Effect.Effect<ReadonlyArray<WriteAnswer>, CallError>,
): Effect.Effect<ReadonlyArray<WriteAnswer>, ProviderError> =>
  Effect.gen(function* () {
    const answers: Array<WriteAnswer> = []
    for (const [index, step] of steps.entries()) {
      const outcome = yield* Effect.result(Effect.mapError(run(step), asProviderError("write", true)))
      if (outcome._tag === "Success") {
        answers.push(...outcome.success)
        continue
      }
      const { reason } = outcome.failure
      if (answers.length === 0) return yield* outcome.failure
      const effect = reason._tag === "Unavailable" ? reason.effect : "none"
      answers.push(
        ...step.rows.map(({ key }) => ({ key, outcome: heldUp(effect, `the connection failed: ${reason._tag}`) })),
      )
      for (const later of steps.slice(index + 1))
        answers.push(
          ...later.rows.map(({ key }) => ({ key, outcome: heldUp("none", "not tried: the connection failed") })),
        )
      return answers
    }
    return answers
  })
