/** Fills the window: with what is read of all tenants, and with what is read alone of those that it leaves out. */
import { INPUT_CATEGORIES, partitionOf, tenantOf } from "@concordat/model/streams"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import { LANE_AGAIN_MS, LANE_FACTS, LANE_TRIES } from "../limits.ts"
import type { Journal, RecordedEvent } from "../ports/Journal.ts"
import { foreignCheckpoint } from "./ReconcilerStopped.ts"
import type { Window } from "./Window.ts"

/** What is read in one go, and whether that was all there was. */
export interface Page {
  readonly events: ReadonlyArray<RecordedEvent>
  readonly isEnd: boolean
}

interface Read {
  readonly events: ReadonlyArray<RecordedEvent>
  readonly position: string | null
}

export interface FillingOptions<E, R> {
  readonly pages: Stream.Stream<Page, E, R>
  /** Whether a tenant that fills the window is left out of it. */
  readonly leavesOut: boolean
  /** Told where facts of whatever tenants were added. */
  readonly onNews: () => void
}

export const makeFilling = <E, R>(
  window: Window,
  journal: Context.Service.Shape<typeof Journal>,
  { leavesOut, onNews, pages }: FillingOptions<E, R>,
) => {
  const [news, space, want] = [Latch.makeUnsafe(), Latch.makeUnsafe(), Latch.makeUnsafe()]
  let isEnded = false

  const readAll = Stream.runForEach(pages, ({ events, isEnd }) =>
    Effect.gen(function* () {
      for (let at = 0; at < events.length;) {
        space.closeUnsafe()
        const { room } = window
        window.add(events.slice(at, at + room))
        at += room
        if (window.room === 0 && leavesOut) window.leaveOut()
        news.openUnsafe()
        onNews()
        want.openUnsafe()
        if (window.room === 0) yield* space.await
      }
      const [missing] = window.unmet
      if (isEnd && missing !== undefined) return yield* foreignCheckpoint(`its end, for tenant ${missing},`, "less")
    }),
  )

  /** Facts of a tenant, some at a time. There are some: they were seen. */
  const readOf = Effect.fnUntraced(function* (tenant: string, from: string) {
    const prefixes = INPUT_CATEGORIES.map((category) => `${category}-${partitionOf(tenant)}.${tenant}`)
    let after = from
    for (let tries = 0; tries < LANE_TRIES; tries++) {
      const page: Read = yield* journal.readAll({ after, prefixes, limit: LANE_FACTS })
      // A longer name may begin with this one.
      const events = page.events.filter(({ stream }) => tenantOf(stream) === tenant)
      if (events.length > 0) return events
      if (page.events.length === 0) yield* Effect.sleep(LANE_AGAIN_MS)
      else after = page.position ?? after
    }
    return yield* foreignCheckpoint(`its end, for tenant ${tenant},`, "less")
  })

  const readLanes = Effect.gen(function* () {
    for (;;) {
      want.closeUnsafe()
      const { wanted } = window
      if (wanted !== null) {
        window.addOf(wanted.tenant, yield* readOf(wanted.tenant, wanted.after))
        news.openUnsafe()
      } else if (isEnded && !window.isLeft) return
      else yield* want.await
    }
  })

  const ended = Effect.sync(() => {
    isEnded = true
    want.openUnsafe()
    news.openUnsafe()
  })

  return {
    /** Ends where the pages do, once all that was left out is read. */
    run: Effect.all([Effect.andThen(readAll, ended), readLanes], { concurrency: "unbounded", discard: true }),
    /** Opened when there is more to decide, or nothing more to come. */
    news,
    /** Facts were taken from the window. */
    taken: (): void => {
      space.openUnsafe()
      want.openUnsafe()
    },
    isEnded: (): boolean => isEnded && !window.isLeft,
  }
}
