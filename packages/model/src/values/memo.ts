/** Remembers what dear parsers made of their last inputs, within a bound. */

export interface Memoised<A> {
  (key: string): A
  /** What is known to come of a key that was not asked for yet. */
  readonly learn: (key: string, value: A) => void
}

/**
 * `compute`, remembered for at most `2 * limit` keys: two generations, the older of which is dropped when the younger is
 * full. What is asked for often therefore stays, without a list to keep in order.
 */
export const memoised = <A>(limit: number, compute: (key: string) => A): Memoised<A> => {
  let young = new Map<string, A>()
  let old = new Map<string, A>()
  const learn = (key: string, value: A): void => {
    if (young.size >= limit) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }
  const ask = (key: string): A => {
    const known = young.get(key)
    if (known !== undefined) return known
    const value = old.get(key) ?? compute(key)
    learn(key, value)
    return value
  }
  return Object.assign(ask, { learn })
}
