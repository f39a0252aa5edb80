/** A whole stream, decoded. Sealed values that nobody opened stay out of what follows. */
import { readEvent } from "@concordat/model/events/stored"
import * as Effect from "effect/Effect"
import { Journal, type RecordedEvent } from "../ports/Journal.ts"

export interface StoredFact {
  readonly id: string
  readonly type: string
  readonly at: number
  readonly data: unknown
}

const PAGE = 500

export const eventsOf = Effect.fnUntraced(function* (stream: string) {
  const journal = yield* Journal
  const found: Array<StoredFact> = []
  for (let from = 0; ;) {
    const page: ReadonlyArray<RecordedEvent> = yield* journal.read(stream, { from, direction: "forward", limit: PAGE })
    for (const event of page) {
      const data = yield* Effect.fromResult(readEvent(event.type, event.data, event.metadata))
      found.push({ id: event.id, type: event.type, at: Date.parse(event.metadata["at"] ?? ""), data })
    }
    if (page.length < PAGE) return found as ReadonlyArray<StoredFact>
    from = page.at(-1)!.revision + 1
  }
})
