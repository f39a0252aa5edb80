/** Tells the live tail of canonical events once they are in the journal. Several at once do no harm. */
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import { tenantOf } from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { ANNOUNCED_AT_ONCE, ANNOUNCED_TENANTS } from "../limits.ts"
import { Journal, type RecordedEvent } from "../ports/Journal.ts"
import { type Announced, LiveTail } from "../ports/LiveTail.ts"

/** Each event with the position of the one before it of its tenant, as far as they came through here. */
export const makeChain = () => {
  const last = new Map<string, string>()
  return (event: RecordedEvent): Announced => {
    const tenant = tenantOf(event.stream)
    const after = last.get(tenant) ?? null
    last.delete(tenant)
    last.set(tenant, event.position)
    if (last.size > ANNOUNCED_TENANTS) last.delete(last.keys().next().value!)
    return { _tag: "Announced", event, after }
  }
}

/** Goes on for ever, from what is the journal's end when it starts: what happened before is told by `announceMissed`. */
export const announce = Effect.gen(function* () {
  const [journal, tail] = [yield* Journal, yield* LiveTail]
  const link = makeChain()
  const after = yield* journal.end
  let isMissed = true
  const tell = Effect.fnUntraced(function* (events: ReadonlyArray<RecordedEvent>) {
    const announced = events.map(link)
    yield* Effect.gen(function* () {
      // After an outage listeners need not wait for the next event of their tenant to find that one is missing.
      if (isMissed) yield* tail.announceMissed
      isMissed = false
      yield* tail.announce(announced)
    }).pipe(
      Effect.catchTag("BusError", (error) => {
        const isNew = !isMissed
        isMissed = true
        return isNew
          ? Effect.logWarning("events are not announced; listeners read the journal", error.message)
          : Effect.void
      }),
    )
  })
  yield* tell([])
  yield* journal.subscribe({ after, prefixes: ENTITY_TYPES.map((type) => `${type}-`) }).pipe(
    Stream.filter((item) => item._tag === "Event"),
    Stream.map(({ event }) => event),
    Stream.groupedWithin(ANNOUNCED_AT_ONCE, "2 millis"),
    Stream.runForEach(tell),
  )
  return yield* Effect.never
})
