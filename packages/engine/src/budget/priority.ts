/** Whose turn it is at a provider: what a person waits for before what nobody does. */
import * as Context from "effect/Context"

/** `push`: what is asked for before something is written. */
export type Work = "write" | "push" | "poll" | "backfill" | "census"

/** Smaller goes first. What was read is written before more is read for other writes, so that little time lies between the two. */
export const RANK: Readonly<Record<Work, number>> = { write: 0, push: 1, poll: 2, backfill: 3, census: 4 }

/** What the calls of this fiber are made for. The worker sets it; a connector knows nothing of it. */
export const CallPriority: Context.Reference<Work> = Context.Reference<Work>("@concordat/engine/budget/CallPriority", {
  defaultValue: () => "poll",
})
