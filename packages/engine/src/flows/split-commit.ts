/**
 * The `Commit` port where journal, state and bus are stores of their own: three steps, each of which can be repeated. A crash
 * after the first is repaired by deciding again, which finds its events in the journal; one after the second costs wake-ups,
 * and who is woken by them looks for itself.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Bus } from "../ports/Bus.ts"
import { Commit } from "../ports/Commit.ts"
import { type AppendResult, Journal } from "../ports/Journal.ts"
import { StateWriter } from "../ports/State.ts"
import { makeWaking } from "./waking.ts"

interface Stores {
  readonly journal: Context.Service.Shape<typeof Journal>
  readonly state: Context.Service.Shape<typeof StateWriter>
  readonly bus: Context.Service.Shape<typeof Bus>
}

export const makeSplitCommit = ({ bus, journal, state }: Stores): Context.Service.Shape<typeof Commit> => {
  const wake = makeWaking(bus)
  return {
    commit: Effect.fnUntraced(function* ({ appends, checkpoint, commands, documents, lease }) {
      const result: AppendResult =
        appends.length === 0
          ? { _tag: "Appended", position: (yield* journal.end) ?? "" }
          : yield* journal.appendMany(appends)
      if (result._tag !== "Appended") return result
      if (documents.length > 0 || checkpoint !== null)
        yield* state.write({ documents, checkpoint, lease: lease ?? null })
      if (commands.length > 0) yield* wake(commands)
      return result
    }),
  }
}

export const layerSplitCommit: Layer.Layer<Commit, never, Journal | StateWriter | Bus> = Layer.effect(
  Commit,
  Effect.gen(function* () {
    return makeSplitCommit({ journal: yield* Journal, state: yield* StateWriter, bus: yield* Bus })
  }),
)
