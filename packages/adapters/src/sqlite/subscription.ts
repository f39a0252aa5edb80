/** Follows the journal: pages of history, then a page after each commit that may concern it. */
import type { JournalError, Subscribed } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Client } from "./client.ts"
import { positionOf, toJournalError } from "./Journal.ts"
import { CHECKPOINT_EVENTS, PAGE_EVENTS } from "./limits.ts"
import { pageEvents, showPosition } from "./protocol.ts"
import type { Commits } from "./protocol.ts"

interface Place {
  readonly reached: number
  /** The position of the last event or checkpoint that was handed out. */
  readonly told: number
  readonly caughtUp: boolean
  readonly waits: boolean
}

/** Whether an event of a bucket may have one of the prefixes. */
const concerns = (prefixes: ReadonlyArray<string>, bucket: string): boolean =>
  prefixes.length === 0 || prefixes.some((prefix) => bucket.startsWith(prefix) || prefix.startsWith(bucket))

/**
 * Remembers the commits since the last look, so that none falls between looking and waiting. `passed` is how far
 * commits that do not concern it went on from a place that was the end.
 */
const watch = (client: Client, prefixes: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      let news = false
      let passed = 0
      let told = 0
      let wake: (() => void) | null = null
      const stop = client.onCommit((commits: Commits) => {
        if (!news && commits.buckets.some((bucket) => concerns(prefixes, bucket))) news = true
        if (!news) passed = commits.end
        if (news || passed - told >= CHECKPOINT_EVENTS) wake?.()
      })
      return {
        stop,
        /** Before a look: what is committed from now on is news. */
        look: (): void => {
          news = false
          passed = 0
        },
        passed: () => passed,
        wait: (lastTold: number) =>
          Effect.callback<void>((resume) => {
            told = lastTold
            if (news || passed - told >= CHECKPOINT_EVENTS) return resume(Effect.void)
            wake = () => {
              wake = null
              resume(Effect.void)
            }
            return Effect.sync(() => {
              wake = null
            })
          }),
      }
    }),
    ({ stop }) => Effect.sync(stop),
  )

export const subscribe = (
  client: Client,
  options: { readonly after: string | null; readonly prefixes: ReadonlyArray<string> },
): Stream.Stream<Subscribed, JournalError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const start = yield* positionOf(client, options.after)
      const watcher = yield* watch(client, options.prefixes)

      const next = Effect.fnUntraced(function* (place: Place) {
        if (place.waits) yield* watcher.wait(place.told)
        const from = place.waits ? Math.max(place.reached, watcher.passed()) : place.reached
        watcher.look()
        const { prefixes } = options
        const page = yield* client.request({ op: "all", after: from, prefixes, limit: PAGE_EVENTS, without: null })
        const events = pageEvents(page)
        const items: Array<Subscribed> = events.map((event) => ({ _tag: "Event", event }))
        const last = page.numbers[page.numbers.length - 1] ?? place.told
        const checkpoint = page.reached > last && (events.length > 0 || page.reached - place.told >= CHECKPOINT_EVENTS)
        if (checkpoint || (page.atEnd && !place.caughtUp && page.reached > place.told))
          items.push({ _tag: "Checkpoint", position: showPosition(page.reached) })
        if (page.atEnd && !place.caughtUp) items.push({ _tag: "CaughtUp" })
        const told = items.length > 0 ? page.reached : place.told
        const following: Place = {
          reached: page.reached,
          told,
          caughtUp: place.caughtUp || page.atEnd,
          waits: page.atEnd,
        }
        return [items, Option.some(following)] as const
      }, Effect.mapError(toJournalError))

      const first: Place = { reached: start, told: start, caughtUp: false, waits: false }
      return Stream.paginate(first, next)
    }),
  )
