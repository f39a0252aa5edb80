/** How work is cut and ordered: batches of a size, groups by a key, objects after those that they refer to. */

export const chunked = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> => {
  const chunks: Array<ReadonlyArray<A>> = []
  for (let at = 0; at < items.length; at += Math.max(1, size)) chunks.push(items.slice(at, at + Math.max(1, size)))
  return chunks
}

/** In the order in which each key first appears. */
export const groupedBy = <A>(items: Iterable<A>, keyOf: (item: A) => string): ReadonlyMap<string, ReadonlyArray<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

/** The last of each key: what a page says twice it means as it says it last. */
export const lastOfEach = <A>(items: ReadonlyArray<A>, keyOf: (item: A) => string): ReadonlyArray<A> => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
]

/** Names, each after those it comes after, as far as they are named too. A cycle is cut where it is entered. */
export const inOrder = (
  names: ReadonlyArray<string>,
  after: (name: string) => ReadonlyArray<string>,
): ReadonlyArray<string> => {
  const known = new Set(names)
  const placed = new Set<string>()
  const entered = new Set<string>()
  const place = (name: string): void => {
    if (entered.has(name) || !known.has(name)) return
    entered.add(name)
    for (const before of after(name)) place(before)
    placed.add(name)
  }
  for (const name of names) place(name)
  return [...placed]
}
