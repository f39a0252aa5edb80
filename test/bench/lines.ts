/** The lines of the benchmark, in the order in which they run. */
import type { Line } from "./harness/line.ts"
import { backfill } from "./lines/backfill.ts"
import { beside } from "./lines/beside.ts"
import { changed } from "./lines/changed.ts"
import { feed } from "./lines/feed.ts"
import { firstSync } from "./lines/first-sync.ts"
import { growth } from "./lines/growth.ts"
import { idle } from "./lines/idle.ts"
import { journalAppend, journalWriters } from "./lines/journal.ts"
import { memoryLive, memoryReplay } from "./lines/memory.ts"
import { production } from "./lines/production.ts"
import { pushLatency } from "./lines/push-latency.ts"
import { replay } from "./lines/replay.ts"
import { reread } from "./lines/reread.ts"
import { starting } from "./lines/start.ts"
import { pushing, roundTrip } from "./lines/two-portals.ts"
import { verify } from "./lines/verify.ts"
import { webhooks } from "./lines/webhooks.ts"
import { wire } from "./lines/wire.ts"

export const LINES: ReadonlyArray<Line> = [
  journalAppend,
  journalWriters,
  firstSync,
  reread,
  changed,
  feed,
  replay,
  verify,
  webhooks,
  pushLatency,
  roundTrip,
  beside,
  production,
  wire,
  idle,
  backfill,
  pushing,
  starting,
  memoryLive,
  memoryReplay,
  growth,
]
