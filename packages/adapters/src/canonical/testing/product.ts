/** What tests of subscriptions share: a writer of canonical events, and a product that notes what it had. */
import { Journal } from "@concordat/engine/ports/Journal"
import * as streams from "@concordat/model/streams"
import type { EntityType } from "@concordat/model/canonical/fields"
import { entityEventType } from "@concordat/model/events/stored"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import type { CanonicalItem } from "../subscribeCanonical.ts"

export type Had = Extract<CanonicalItem, { readonly _tag: "Event" }>

export const take = (had: Array<Had>) => (item: CanonicalItem) =>
  Effect.sync(() => {
    if (item._tag === "Event") had.push(item)
  })

/** Appends the next event to the stream of the tenant's nth entity of a type. */
export const appender = () => {
  const last = new Map<string, number>()
  return Effect.fnUntraced(function* (
    tenant: string,
    type: EntityType,
    n: number,
    metadata: Readonly<Record<string, string>> = {},
  ) {
    const stream = streams.entity(type, tenant, `00000000-0000-8000-8000-00000000000${n}`)
    const expected = last.get(stream) ?? -1
    const data = JSON.stringify({
      type,
      values: { clear: { name: { value: { name: `no ${expected}` } } } },
      changes: [],
    })
    const event = { id: randomUUID(), type: entityEventType(type, "Changed"), data }
    const at = "2026-11-20T12:00:00Z"
    const journal = yield* Journal
    yield* journal.append({ stream, expected, events: [{ ...event, metadata: { at, ...metadata } }] })
    last.set(stream, expected + 1)
    return event.id
  })
}

/** Far more than it takes: a machine that others use stands still for seconds. */
const PATIENCE_MS = 60_000

export const until = (what: string, isSo: () => boolean): Effect.Effect<void> =>
  Effect.gen(function* () {
    const from = performance.now()
    while (!isSo()) {
      if (performance.now() - from > PATIENCE_MS) return yield* Effect.die(new Error(`it did not come: ${what}`))
      yield* Effect.sleep("10 millis")
    }
  })

/** The journal, and how often it was read in its order through here. */
export const countingReads = Effect.map(Journal, (journal) => {
  let reads = 0
  const counted = Journal.of({
    ...journal,
    readAll: (options) =>
      Effect.suspend(() => {
        reads += 1
        return journal.readAll(options)
      }),
  })
  return { journal: counted, reads: () => reads }
})

/** By then whoever follows has looked at the journal each time, if that is how it found them. */
const TRIES = 10

/**
 * Appends until something comes that the journal was not read for: it was told. An event that comes just with a look at the
 * journal, or before everything is connected again, shows nothing.
 */
export const untilTold = Effect.fnUntraced(function* <E, R>(
  append: Effect.Effect<unknown, E, R>,
  had: () => number,
  reads: () => number,
) {
  for (let tries = 0; tries < TRIES; tries++) {
    const [hadBefore, readBefore] = [had(), reads()]
    yield* append
    yield* until("an event", () => had() > hadBefore)
    if (reads() === readBefore) return
  }
  return yield* Effect.die(new Error(`none of ${TRIES} events was told: each was found in the journal`))
})
