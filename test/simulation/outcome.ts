/** Promises on the virtual clock: what became of one, and how long somebody waits for it. */
import type { Owner, Timeline } from "./timeline.ts"

/** To be looked at between two stretches of time. */
export interface Outcome<A> {
  now: { readonly value: A } | { readonly error: unknown } | null
}

export const outcomeOf = <A>(promise: Promise<A>): Outcome<A> => {
  const outcome: Outcome<A> = { now: null }
  const watch = async (): Promise<void> => {
    try {
      outcome.now = { value: await promise }
    } catch (error) {
      outcome.now = { error }
    }
  }
  void watch()
  return outcome
}

/** Fails where the promise is not kept in time, ms. */
export const within = async <A>(timeline: Timeline, owner: Owner, promise: Promise<A>, ms: number): Promise<A> => {
  timeline.promised()
  let cancel = (): void => {}
  const late = new Promise<never>((_, reject) => {
    cancel = timeline.after(owner, ms, () => {
      timeline.promised()
      reject(new Error("no answer in time"))
    })
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    cancel()
    timeline.promised()
  }
}
