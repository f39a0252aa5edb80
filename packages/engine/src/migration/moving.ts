/**
 * Copies a tenant's journal into another one. What is there already is compared, event by event, and accepted where it is the
 * same; what is missing is appended. So it can be ended anywhere and started again, and a last pass that appends nothing has
 * seen that both hold the same.
 */
import { sameJson } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import { JournalError, type RecordedEvent } from "../ports/Journal.ts"
import { batchesOf, type Together } from "./batches.ts"
import { TenantDiffers } from "./failures.ts"
import { type JournalShape, openHistory, type Page } from "./history.ts"

export interface Moving<E = never, R = never> {
  readonly tenant: string
  readonly from: JournalShape
  readonly to: JournalShape
  readonly together: Together
  /** Done once, before the target is changed. */
  readonly onFirst: Effect.Effect<void, E, R>
  /** Told after each page. */
  readonly onProgress: (progress: Progress) => Effect.Effect<void>
}

export interface Progress {
  readonly tenant: string
  /** Events that were appended, in all passes. */
  readonly copied: number
  /** Events of this pass that the target held already. */
  readonly compared: number
}

/** Hands over what the target holds, one event after the other. */
const makeTarget = Effect.fnUntraced(function* (journal: JournalShape, tenant: string) {
  const history = yield* openHistory(journal, tenant)
  let page: ReadonlyArray<RecordedEvent> = []
  let at = 0
  let isEnded = false
  return {
    /** The one that is next; null at the end, and from then on: what is appended later is our own. */
    peek: Effect.gen(function* () {
      while (!isEnded && at === page.length) {
        const next: Page | null = yield* history.next
        isEnded = next === null
        page = next?.events ?? []
        at = 0
      }
      return isEnded ? null : page[at]!
    }),
    take: (): void => {
      at += 1
    },
  }
})

const otherwise = (ours: RecordedEvent, theirs: RecordedEvent): string | null => {
  if (theirs.id !== ours.id) return `is ${theirs.type} ${theirs.id}, the source has ${ours.type} ${ours.id}`
  if (theirs.type !== ours.type) return `is ${theirs.type}, the source has ${ours.type}`
  if (theirs.data !== ours.data) return "has other data than the source, under the same id"
  return sameJson(theirs.metadata, ours.metadata) ? null : "has other metadata than the source, under the same id"
}

const pass = Effect.fnUntraced(function* <E, R>(moving: Moving<E, R>, done: { copied: number; isFirst: boolean }) {
  const { from, onFirst, onProgress, tenant, to, together } = moving
  const source = yield* openHistory(from, tenant)
  const target = yield* makeTarget(to, tenant)
  const differs = ({ revision, stream }: { readonly revision: number; readonly stream: string }, detail: string) =>
    new TenantDiffers({ tenant, stream, revision, detail })
  const changing = Effect.suspend(() => {
    if (!done.isFirst) return Effect.void
    done.isFirst = false
    return onFirst
  })

  /** The target's next event, unless the source has forgotten it since. */
  const nextThere = Effect.gen(function* () {
    for (;;) {
      const theirs = yield* target.peek
      if (theirs === null || theirs.revision >= ((yield* source.startOf(theirs.stream)) ?? 0)) return theirs
      target.take()
    }
  })

  /** Streams begin where they begin in the source. */
  const begin = Effect.fnUntraced(function* ({ events, forgotten }: Page) {
    for (const [stream, last] of forgotten) yield* to.skip(stream, last + 1)
    for (const { revision, stream } of events) {
      if (revision === 0 || (yield* source.startOf(stream)) !== revision) continue
      const [first] = yield* to.read(stream, { from: 0, direction: "forward", limit: 1 })
      if (first?.revision !== revision) yield* Effect.andThen(changing, to.skip(stream, revision))
    }
  })

  const append = Effect.fnUntraced(function* (events: ReadonlyArray<RecordedEvent>) {
    yield* changing
    for (const batch of batchesOf(events, together)) {
      const result = yield* to.appendMany(batch)
      if (result._tag === "Indeterminate") {
        const detail = "the target did not say whether it took an append: start again, what it has is found there"
        return yield* new JournalError({ reason: "unavailable", detail })
      }
      if (result._tag === "Conflict") {
        const moved = batch.find(({ stream }) => result.streams.includes(stream)) ?? batch[0]!
        const place = { stream: moved.stream, revision: moved.expected + 1 }
        return yield* differs(place, "can't be appended, the stream is not at the revision before it")
      }
    }
  })

  let compared = 0
  let copied = 0
  for (;;) {
    const page = yield* source.next
    if (page === null) break
    yield* begin(page)
    let at = 0
    for (; at < page.events.length; at++) {
      const theirs = yield* nextThere
      if (theirs === null) break
      const ours = page.events[at]!
      if (theirs.stream !== ours.stream || theirs.revision !== ours.revision)
        return yield* differs(theirs, `is where the source has ${ours.stream}@${ours.revision}`)
      const other = otherwise(ours, theirs)
      if (other !== null) return yield* differs(ours, other)
      target.take()
    }
    const missing = page.events.slice(at)
    if (missing.length > 0) yield* append(missing)
    compared += at
    copied += missing.length
    done.copied += missing.length
    yield* onProgress({ tenant, copied: done.copied, compared })
  }
  const more = yield* nextThere
  // After the first append the target's end is not looked at again.
  if (more !== null) return yield* differs(more, "is not in the source")
  return { copied, events: compared + copied }
})

/**
 * Answers how many events the tenant's streams show, and how many of them the target did not hold before. Fails with
 * `TenantDiffers` at the first place where the target holds something else; what was appended until then stays.
 */
export const moveTenant = Effect.fn("Migration.move")(function* <E, R>(moving: Moving<E, R>) {
  const { tenant } = moving
  const done = { copied: 0, isFirst: true }
  for (;;) {
    const { copied, events } = yield* pass(moving, done)
    if (copied === 0) return { tenant, events, copied: done.copied }
  }
})
