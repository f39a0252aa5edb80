/** The events of a store, appended once more to an empty journal: what of a line's work is the journal's alone. */
import { Journal, type Append } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import { withStore } from "./engine.ts"

const AT_ONCE = 500

/** As many as are looked at; the rate is what is wanted, and all of them would not fit into the memory. */
const MOST = 20_000

/** Of the journal that is there. */
export const batchesOf = Effect.gen(function* () {
  const journal = yield* Journal
  const batches: Array<Map<string, Append>> = []
  let open = new Map<string, Append>()
  const revisions = new Map<string, number>()
  let count = 0
  for (let after: string | null = null; count < MOST;) {
    const page: Effect.Success<ReturnType<typeof journal.readAll>> = yield* journal.readAll({
      after,
      prefixes: ["record-", "contact-"],
      limit: 1_000,
    })
    if (page.events.length === 0) break
    for (const { data, id, metadata, stream, type } of page.events) {
      // At most one append per stream in a batch, at the revision that the stream has by then.
      if (open.size >= AT_ONCE || open.has(stream)) {
        batches.push(open)
        open = new Map()
      }
      const expected = revisions.get(stream) ?? -1
      open.set(stream, { stream, expected, events: [{ data, id, metadata, type }] })
      revisions.set(stream, expected + 1)
      count += 1
    }
    after = page.position
  }
  if (open.size > 0) batches.push(open)
  return { count, batches: batches.map((batch) => [...batch.values()]) }
})

/** Seconds that it takes to append all of them to the journal that is there, one after the other. */
export const appendAll = Effect.fnUntraced(function* (batches: ReadonlyArray<ReadonlyArray<Append>>) {
  const journal = yield* Journal
  const from = performance.now()
  for (const batch of batches) {
    const { _tag } = yield* journal.appendMany(batch)
    if (_tag !== "Appended") throw new Error(_tag)
  }
  return (performance.now() - from) / 1_000
})

/** Events a second, in appends of 500 streams, one after the other. */
export const appendedAgain = async (path: string, fresh: string): Promise<number> => {
  const { batches, count } = await withStore(path, batchesOf)
  const seconds = await withStore(fresh, appendAll(batches))
  return count / seconds
}
