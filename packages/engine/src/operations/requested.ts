/** What people asked for, by whom and when: the tenant's request stream, the newest first. */
import * as streams from "@concordat/model/streams"
import { readEvent } from "@concordat/model/events/stored"
import * as Effect from "effect/Effect"
import { Journal, type RecordedEvent } from "../ports/Journal.ts"
import { Invalid } from "./failures.ts"
import type { Listed, RequestedItem } from "./views.ts"

export interface RequestedOptions {
  /** The `next` of the page before. */
  readonly after: string | null
  readonly limit: number
}

interface Pair {
  readonly type?: string
  readonly object?: string
  readonly id: string
}
interface Asked {
  readonly by: string
  readonly connection?: string
  readonly entity?: Pair | null
  readonly record?: Pair
  readonly group?: string | null
  readonly keep?: string
  readonly from?: Pair
  readonly into?: Pair
  readonly merged?: string
  readonly writesPerHour?: number | null
}

const named = (pair: Pair | null | undefined): string | null =>
  pair == null ? null : `${pair.type ?? pair.object}:${pair.id}`

const detailOf = ({ entity, from, group, into, keep, merged, record, writesPerHour }: Asked): string =>
  [
    ...(group == null ? [] : [group]),
    ...(keep === undefined ? [] : [`keep ${keep}`]),
    ...(into === undefined ? [] : [`into ${named(into)}`]),
    ...(from === undefined ? [] : [`from ${named(from)}`]),
    ...(merged === undefined ? [] : [`off ${merged}`]),
    ...(record === undefined || entity !== null ? [] : ["one of its own"]),
    ...(writesPerHour == null ? [] : [`${writesPerHour} writes per hour`]),
  ].join(", ")

const itemOf = Effect.fnUntraced(function* (event: RecordedEvent) {
  const data = (yield* Effect.fromResult(readEvent(event.type, event.data, event.metadata))) as Asked
  return {
    at: Date.parse(event.metadata["at"] ?? ""),
    id: event.id,
    kind: event.type,
    by: data.by,
    connection: data.connection ?? null,
    entity: named(data.entity ?? data.into),
    record: named(data.record),
    detail: detailOf(data),
  } satisfies RequestedItem
})

/** `after` is the revision that the page before ended with. */
export const requested = Effect.fn("Operations.requested")(function* (tenant: string, options: RequestedOptions) {
  const { after, limit } = options
  if (after !== null && !/^\d{1,15}$/.test(after))
    return yield* new Invalid({
      field: "after",
      value: after,
      detail: "is no place in this list: give the one that the page before ended with (next)",
    })
  const journal = yield* Journal
  const from = after === null ? "end" : Number(after) - 1
  const most = Math.min(Math.max(limit, 1), 1_000)
  const events: ReadonlyArray<RecordedEvent> =
    from === -1 ? [] : yield* journal.read(streams.request(tenant), { from, direction: "backward", limit: most })
  const items = yield* Effect.forEach(events, itemOf)
  const last = events.at(-1)?.revision ?? 0
  return { items, next: events.length < most || last === 0 ? null : String(last) } as Listed<RequestedItem>
})
