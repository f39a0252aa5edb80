/**
 * A tenant's events in the order of its journal, page by page, as reads of its streams show them. What a stream has forgotten
 * is left out, also where it still lies in the store.
 */
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import * as streams from "@concordat/model/streams"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { COPIED_EVENTS, COPIED_STREAMS, COPY_READS } from "../limits.ts"
import { fenceStreamOf, shareOf } from "../ownership/shares.ts"
import type { Journal, JournalError, RecordedEvent } from "../ports/Journal.ts"

export type JournalShape = Context.Service.Shape<typeof Journal>

/** Those whose streams are a tenant's. The fences of shares (`partition-`) are nobody's, and stay with their journal. */
const CATEGORIES = [...streams.INPUT_CATEGORIES, "delivery", "decision", "worker", ...ENTITY_TYPES]

/** Tenants that have any connection or rules, sorted. */
export const tenantsIn = Effect.fn("Migration.tenants")(function* (journal: JournalShape) {
  const tenants = new Set<string>()
  for (let after: string | null = null; ;) {
    const page: { readonly events: ReadonlyArray<RecordedEvent>; readonly position: string | null } =
      yield* journal.readAll({ after, prefixes: ["connection-"], limit: COPIED_EVENTS, without: "contents" })
    for (const { stream } of page.events) tenants.add(streams.tenantOf(stream))
    if (page.events.length === 0) return [...tenants].toSorted()
    after = page.position
  }
})

export interface Page {
  /** Those that reads of their streams show. */
  readonly events: ReadonlyArray<RecordedEvent>
  /** Streams that show nothing any more, each with the last revision of it that was met. */
  readonly forgotten: ReadonlyMap<string, number>
}

export interface History {
  /** The next events; null at the end, and from then on. */
  readonly next: Effect.Effect<Page | null, JournalError>
  /** The first revision that reads of the stream show; null: they show none. */
  readonly startOf: (stream: string) => Effect.Effect<number | null, JournalError>
}

export const openHistory = Effect.fn("Migration.open")(function* (journal: JournalShape, tenant: string) {
  const partition = streams.partitionOf(tenant)
  // Longer names begin like this one: they are told apart below.
  const prefixes = CATEGORIES.map((category) => `${category}-${partition}.${tenant}`)
  const starts = new Map<string, number | null>()
  let after: string | null = null
  let isEnded = false

  const tailOf = (stream: string) => journal.read(stream, { from: "end", direction: "backward", limit: 1 })
  // Whoever reads the end of a fence completes what was decided under it and not yet appended everywhere.
  for (const share of new Set(["", shareOf(1, tenant)])) yield* tailOf(fenceStreamOf(share))

  const startOf = Effect.fnUntraced(function* (stream: string) {
    const known = starts.get(stream)
    if (known !== undefined) return known
    if (streams.categoryOf(stream) === "worker") yield* tailOf(stream)
    const [first] = yield* journal.read(stream, { from: 0, direction: "forward", limit: 1 })
    const start = first?.revision ?? null
    starts.set(stream, start)
    const [oldest] = starts.keys()
    if (starts.size > COPIED_STREAMS) starts.delete(oldest!)
    return start
  })

  const next = Effect.gen(function* () {
    if (isEnded) return null
    const page = yield* journal.readAll({ after, prefixes, limit: COPIED_EVENTS })
    if (page.events.length === 0) {
      isEnded = true
      return null
    }
    after = page.position
    const ours = page.events.filter(({ stream }) => streams.tenantOf(stream) === tenant)
    const names = [...new Set(ours.map(({ stream }) => stream))]
    const found = new Map(
      yield* Effect.forEach(
        names,
        (stream) => Effect.map(startOf(stream), (start): readonly [string, number | null] => [stream, start]),
        { concurrency: COPY_READS },
      ),
    )
    const isShown = ({ revision, stream }: RecordedEvent) => revision >= (found.get(stream) ?? Infinity)
    const forgotten = new Map(
      ours.flatMap(({ revision, stream }) => (found.get(stream) === null ? [[stream, revision] as const] : [])),
    )
    return { events: ours.filter(isShown), forgotten } satisfies Page
  })

  const history: History = { next, startOf }
  return history
})
