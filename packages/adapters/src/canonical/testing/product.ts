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

/** Waits, and says how long, in ms. */
export const until = Effect.fnUntraced(function* (isSo: () => boolean, withinMs: number) {
  const from = performance.now()
  while (!isSo() && performance.now() - from < withinMs) yield* Effect.sleep("10 millis")
  return performance.now() - from
})
