/** What became of a promise, to be looked at between two stretches of virtual time. */
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
