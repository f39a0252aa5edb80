/** Events as they are appended to another journal: one after the other, as many at once as keep their order. */
import type { Append, NewEvent, RecordedEvent } from "../ports/Journal.ts"

export interface Together {
  /** Events of several streams may go in one append: the journal then keeps the order of its parts. */
  readonly streams: boolean
  /** Most bytes of one append, unless one event has more. */
  readonly bytes: number
}

const encoder = new TextEncoder()
const bytesOf = ({ data, metadata, type }: NewEvent): number =>
  encoder.encode(data).length + encoder.encode(JSON.stringify(metadata)).length + 2 * type.length

/** Appended in this order, the parts of each in theirs, the events are in the order given. */
export const batchesOf = (
  events: ReadonlyArray<RecordedEvent>,
  together: Together,
): ReadonlyArray<ReadonlyArray<Append>> => {
  const batches: Array<Array<Append & { readonly events: Array<NewEvent> }>> = []
  let names = new Set<string>()
  let bytes = 0
  for (const { data, id, metadata, revision, stream, type } of events) {
    const event: NewEvent = { id, type, data, metadata }
    const size = bytesOf(event)
    const batch = batches.at(-1)
    const last = batch?.at(-1)
    const goesOn = last?.stream === stream
    const fits = batch !== undefined && bytes + size <= together.bytes
    bytes = fits ? bytes + size : size
    if (fits && goesOn) last.events.push(event)
    else {
      const append = { stream, expected: revision - 1, events: [event] }
      if (fits && together.streams && !names.has(stream)) batch.push(append)
      else {
        batches.push([append])
        names = new Set()
        bytes = size
      }
      names.add(stream)
    }
  }
  return batches
}
