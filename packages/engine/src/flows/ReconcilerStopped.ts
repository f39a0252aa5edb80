import * as Schema from "effect/Schema"

/** The journal does not say what was decided, or can't be read, or another owner decides now: nothing is guessed. */
export class ReconcilerStopped extends Schema.TaggedError<ReconcilerStopped>()("ReconcilerStopped", {
  reason: Schema.Literals([
    "unreadable event",
    "foreign checkpoint",
    "newer edition",
    "other decision in the journal",
    "fenced",
  ]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `the reconciler stopped (${this.reason}): ${this.detail}`
  }
}

export const foreignCheckpoint = (position: string, found: string): ReconcilerStopped =>
  new ReconcilerStopped({
    reason: "foreign checkpoint",
    detail:
      `the state was made from another journal, or from more of it: at ${position} the journal has ` +
      `${found}; restore the journal, or drop the state to rebuild it`,
  })
