/** Splits what is too large for one append of the server. */
import { JournalError } from "@concordat/engine/ports/Journal"
import type { Append, NewEvent } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import { bytesOf } from "./events.ts"

export const bytesOfAppend = ({ events }: Append): number => events.reduce((sum, event) => sum + bytesOf(event), 0)

/** In order, each with the revision it expects. Fails with `limit` where one event alone is too large. */
export const chunksOf = (append: Append, bytes: number): Effect.Effect<ReadonlyArray<Append>, JournalError> => {
  const chunks: Array<Append> = []
  let events: Array<NewEvent> = []
  let size = 0
  let expected = append.expected
  const close = () => {
    chunks.push({ stream: append.stream, expected, events })
    expected += events.length
    events = []
    size = 0
  }
  for (const event of append.events) {
    const own = bytesOf(event)
    if (own > bytes) {
      const detail = `event ${event.id} (${event.type}) of ${append.stream} has ${own} bytes, the server takes ${bytes}`
      return Effect.fail(new JournalError({ reason: "limit", detail }))
    }
    if (size + own > bytes) close()
    events.push(event)
    size += own
  }
  if (events.length > 0) close()
  return Effect.succeed(chunks)
}
