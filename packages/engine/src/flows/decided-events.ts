/** What a batch of decisions appends. */
import type { BatchDecided } from "@concordat/model/events/batch"
import { versionOf } from "@concordat/model/events/stored"
import { eventId } from "@concordat/model/ids"
import type { DecidedEvent } from "@concordat/rules/state/transaction"
import type { Append, NewEvent } from "../ports/Journal.ts"

const encode = (event: DecidedEvent): NewEvent => ({
  id: event.id,
  type: event.type,
  data: event.text,
  metadata: event.metadata,
})

/** Appends in the order of decision, one per stream. */
export const appendsOf = (events: ReadonlyArray<DecidedEvent>): ReadonlyArray<Append> => {
  const byStream = new Map<string, { expected: number; events: Array<NewEvent> }>()
  for (const event of events) {
    const known = byStream.get(event.stream)
    if (known === undefined) byStream.set(event.stream, { expected: event.expected, events: [encode(event)] })
    else known.events.push(encode(event))
  }
  return [...byStream].map(([stream, append]) => ({ stream, ...append }))
}

/** The word of an owner on the stream that fences its share. Its id says who: another owner's like word is not it. */
export const fenceAppend = (stream: string, expected: number, said: BatchDecided, at: string): Append => {
  const data = JSON.stringify(said)
  const id = eventId(stream, expected, data)
  const metadata = {
    $correlationId: id,
    $causationId: id,
    at,
    schemaVersion: String(versionOf(said._tag)),
    epoch: String(said.epoch),
  }
  return { stream, expected, events: [{ id, type: said._tag, data, metadata }] }
}
