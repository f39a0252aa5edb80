/** Remembers what dear parsers made of their last inputs, within a bound. */

/**
 * `compute`, remembered for at most `2 * limit` keys: two generations, the older of which is dropped when the younger is
 * full. What is asked for often therefore stays, without a list to keep in order.
 */
export const memoised = <A>(limit: number, compute: (key: string) => A): ((key: string) => A) => {
  let young = new Map<string, A>()
  let old = new Map<string, A>()
  return (key) => {
    const known = young.get(key)
    if (known !== undefined) return known
    const value = old.get(key) ?? compute(key)
    if (young.size >= limit) {
      old = young
      young = new Map()
    }
    young.set(key, value)
    return value
  }
}
