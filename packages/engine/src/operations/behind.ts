/** How far the deciding is behind a tenant's facts. Asked for by every scrape and every status, so it must not read anew what it has read. */
import * as streams from "@concordat/model/streams"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { reachedOf } from "../flows/reached.ts"
import { checkpointOf, ShareDigits, shareOf } from "../ownership/shares.ts"
import { Journal } from "../ports/Journal.ts"
import { State } from "../ports/State.ts"

/** More are not counted: an operator who sees a thousand knows enough. */
const BEHIND_MOST = 1_000

/** Between these two places no fact of the tenant stands. Places are only compared for being the same. */
interface Quiet {
  readonly after: string | null
  readonly until: string
}

/**
 * By journal and tenant. A checkpoint stands at the last fact that was decided, so of a tenant that is silent it stays where it
 * is, while the others' events go on behind it: without this all of them would be looked through each time, for one silent
 * tenant soon the whole journal.
 */
const quiet = new WeakMap<object, Map<string, Quiet>>()

/** The tenant's facts that are in the journal and not decided yet: how many, and how old the oldest is in ms. */
export const behind = Effect.fnUntraced(function* (tenant: string) {
  const journal = yield* Journal
  const known = quiet.get(journal) ?? new Map<string, Quiet>()
  quiet.set(journal, known)
  const checkpoint = yield* (yield* State).checkpoint(checkpointOf(shareOf(yield* ShareDigits, tenant)))
  const reached = reachedOf(checkpoint, tenant)
  const gap = known.get(tenant)
  const partition = streams.partitionOf(tenant)
  const prefixes = streams.INPUT_CATEGORIES.map((category) => `${category}-${partition}.${tenant}`)
  const page = yield* journal
    .readAll({
      after: gap !== undefined && gap.after === reached ? gap.until : reached,
      prefixes,
      limit: BEHIND_MOST,
      without: "data",
    })
    // A place that this journal has no more, say: it was restored.
    .pipe(Effect.tapError(() => Effect.sync(() => known.delete(tenant))))
  // A longer name may begin with this one.
  const undecided = page.events.filter(({ stream }) => streams.tenantOf(stream) === tenant)
  const [oldest] = undecided
  if (oldest === undefined && page.position !== null) known.set(tenant, { after: reached, until: page.position })
  const now = yield* Clock.currentTimeMillis
  const behindMs = oldest === undefined ? 0 : Math.max(0, now - Date.parse(oldest.metadata["at"] ?? ""))
  return { behind: undecided.length, behindMs: Number.isNaN(behindMs) ? 0 : behindMs }
})
