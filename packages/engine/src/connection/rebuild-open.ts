/**
 * Open writes that were made again from the journal: it says what was read before them too, unless that was said by a write alone.
 * A history is asked by it whether they were taken, and what they stood over: the shadow says it as the mapping would write it.
 */
import { opened, type Personal } from "@concordat/model/events/envelope"
import type { Json, JsonObject } from "@concordat/model/json"
import type { OpenIntentDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { REBUILD_EVENTS } from "../limits.ts"
import type { RecordedEvent } from "../ports/Journal.ts"
import { facetOf, FIELDS } from "./facets.ts"
import type { Parts } from "./parts.ts"
import { decode } from "./rebuild.ts"
import { intended, sentOf } from "./settle.ts"
import { asWorkerError } from "./WorkerError.ts"

/** What the record's stream said last of these fields before a write. What only a write has said is not known to stand there. */
export const saidBefore = Effect.fnUntraced(function* (
  parts: Parts,
  { stream, streamRevision }: OpenIntentDoc,
  names: ReadonlyArray<string>,
) {
  const left = new Set(names)
  const said: Record<string, Json> = {}
  const note = (values: JsonObject): void => {
    for (const name of left) if (values[name] !== undefined) said[name] = values[name]
    for (const name of Object.keys(said)) left.delete(name)
  }
  for (let from = streamRevision - 1; from >= 0 && left.size > 0; from -= REBUILD_EVENTS) {
    const page: ReadonlyArray<RecordedEvent> = yield* asWorkerError(parts.connection)(
      parts.journal.read(stream, { from, direction: "backward", limit: REBUILD_EVENTS }),
    )
    for (const event of page) {
      const data = yield* decode(parts, event)
      if (event.type === "RecordObserved") note(opened(data["values"] as Personal))
      const held = (data["held"] ?? null) as Personal | null
      if (event.type === "RecordWritten" && held !== null) note(opened(held))
      if (event.type === "WriteIntended")
        for (const name of Object.keys(sentOf({ data: data as JsonObject }).values)) left.delete(name)
    }
  }
  return said
})

/** Whether what was read before it is still to be asked of the journal. */
export const isBare = ({ connector }: Parts, intent: OpenIntentDoc): boolean =>
  connector.overwritten !== undefined && intended(intent).kind === "update" && intent.current === undefined

/** As it was begun. */
export const asBegun = Effect.fnUntraced(function* (parts: Parts, intent: OpenIntentDoc) {
  if (!isBare(parts, intent)) return intent
  const names = Object.keys(sentOf(intent).values).filter((name) => facetOf(name) === FIELDS)
  const again: OpenIntentDoc = { ...intent, current: yield* saidBefore(parts, intent, names) }
  return again
})
