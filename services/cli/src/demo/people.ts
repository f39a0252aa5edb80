/** What people do in the demo: answer the questions they can answer, and edit on every side while faults are about. */
import { afterwards, type Edit, type Made } from "./dataset/edit.ts"
import { recordKey, type Truth } from "./dataset/truth.ts"
import type { System } from "./dataset/sizes.ts"
import { type Addresses, knock } from "./oracle/fetch.ts"
import type { Operator } from "./operator.ts"
import { pause, type Watch } from "./settling.ts"

/** Answers parked matches as somebody would who knows the deals; what nobody can tell from the records stays parked. */
export const answerMatches = async (operator: Operator, truth: Truth): Promise<number> => {
  let answered = 0
  for (const match of await operator.matches()) {
    const label = truth.records[recordKey(match.connection as System, match.object, match.id)]?.label
    if (label === undefined || (match.type !== "deal" && match.type !== "activity")) continue
    const same = match.candidates.find((candidate) =>
      candidate.records.some(
        (record) => truth.records[recordKey(record.connection as System, record.object, record.id)]?.label === label,
      ),
    )
    await operator.ask({
      _tag: "MatchRequested",
      connection: match.connection,
      by: "demo",
      record: { object: match.object, id: match.id },
      entity: same === undefined ? null : { type: match.type, id: same.id },
    })
    answered++
  }
  return answered
}

const BETWEEN_MS = 25

/** Makes the edits in their order; returns what is true then. */
export const live = async (
  at: Addresses,
  watch: Watch,
  edits: ReadonlyArray<Edit>,
  truth: Truth,
  made: Made,
): Promise<{ readonly truth: Truth; readonly made: Made }> => {
  let known = { truth, made }
  for (const edit of edits) {
    watch.alive()
    const answer = await knock(at[edit.system], edit.verb, edit.body(known.made))
    known = afterwards(edit, answer, known)
    await pause(BETWEEN_MS)
  }
  return known
}
