/** Whose turn it is at a provider: what a person waits for before what nobody does. */
import * as Context from "effect/Context"

export type Work = "push" | "poll" | "backfill" | "census"

/** Smaller goes first. */
export const RANK: Readonly<Record<Work, number>> = { push: 0, poll: 1, backfill: 2, census: 3 }

/** What the calls of this fiber are made for. The worker sets it; a connector knows nothing of it. */
export const CallPriority: Context.Reference<Work> = Context.Reference<Work>("@concordat/engine/budget/CallPriority", {
  defaultValue: () => "poll",
})
