/**
 * Walks made again, for changes that move no date: no delta finds them, and a webhook may have been lost. Behind everything
 * else, a page at a time, from where the walk was left. Asked for by somebody, a walk begins at once and goes as fast as a
 * first sync does.
 */
import type { Mapping } from "@concordat/rules/mapping/lens"
import * as Effect from "effect/Effect"
import { REREAD_LOOK_MS, REREAD_REST_MS, WALK_RETRY_MS } from "../limits.ts"
import type { ProviderError } from "../ports/ProviderError.ts"
import { Bell } from "./alarm.ts"
import { Circle, goesInCircles } from "./circling.ts"
import type { Gate } from "./faults.ts"
import type { Parts } from "./parts.ts"
import { beginning, cursorOf, hasMoved, lost, setCursor, step, untilReady } from "./walks.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

const canWalk = (parts: Parts, object: string): boolean => {
  const definition = parts.definition.objects[object]
  // A snapshot reads everything each time anyway.
  return definition?.backfill === true && definition.changes !== "snapshot" && parts.connector.backfill !== undefined
}

/** How often an object is read again without being asked, ms; null: never. */
export const rereadEveryMs = (parts: Parts, object: string): number | null => {
  const every = parts.definition.objects[object]?.rereadEveryMs
  if (every === undefined || !canWalk(parts, object)) return null
  return parts.rereadEveryMs === undefined ? every : parts.rereadEveryMs
}

/** ms until the next page; a walk under way goes on at once, and none begins before the first sync of the object. */
const dueIn = (parts: Parts, object: string, now: number): number => {
  const every = rereadEveryMs(parts, object)
  const whole = cursorOf(parts, "backfill", object)
  const last = cursorOf(parts, "reread", object)
  if (whole?.finished !== true) return REREAD_LOOK_MS
  if (last?.finished === false) return 0
  return every === null ? REREAD_LOOK_MS : Math.max(whole.startedAt, last?.startedAt ?? 0) + every - now
}

/** The walk over one object, for as long as the connection works. */
export interface Rewalk {
  readonly object: string
  readonly run: Effect.Effect<never, WorkerError>
  /** What it depends on may be another: everything was read, or is mapped otherwise. */
  readonly look: Effect.Effect<void>
  /** Begins a walk now; one under way begins anew, since what it has passed may have changed. Done when that is kept. */
  readonly ask: Effect.Effect<void, WorkerError>
}

export interface Rereading {
  /** The mapping, once everything was read under it; null: not now. */
  readonly mapping: Effect.Effect<Mapping | null, WorkerError>
  /** False: it failed for a reason that does not pass by itself. */
  readonly guarded: (
    what: string,
    walk: Effect.Effect<unknown, ProviderError | WorkerError>,
  ) => Effect.Effect<boolean, WorkerError>
}

const makeRewalk = Effect.fnUntraced(function* (
  parts: Parts,
  gate: Gate,
  object: string,
  { guarded, mapping }: Rereading,
) {
  const bell = new Bell()
  let isAsked = false
  /** Somebody waits for the walk under way. */
  let isWanted = false
  let waits = 0
  let circle: Circle | null = null

  const page = Effect.fnUntraced(function* (under: Mapping) {
    const at = cursorOf(parts, "reread", object)
    const isNew = isAsked || at === null || at.finished
    if (isNew) {
      isWanted = isAsked
      circle = null
    }
    // As many as there were when it was read first: a guess is enough, and costs no call.
    const total = cursorOf(parts, "backfill", object)?.done ?? null
    const from = isNew ? { ...(yield* beginning(parts)), total } : at
    // A page that was on its way when somebody asked has moved the cursor past what is to be read anew.
    if (isAsked) yield* setCursor(parts, { walk: "reread", object, to: from }, false)
    isAsked = false
    circle ??= new Circle(from.cursor)
    const next = yield* step(parts, gate, under, object, isWanted ? "asked" : "reread", from)
    const { isReady, to } = next
    if (next.isLost) circle = null
    else if (hasMoved(next, from) && circle.leadsBack(to.cursor)) {
      circle = null
      return yield* goesInCircles(parts, object)
    }
    waits = isReady ? 0 : waits + 1
    if (waits > 0 && !(yield* untilReady(waits))) {
      waits = 0
      circle = null
      yield* lost(parts, "reread", object)
    }
    if (to.finished && !isAsked) yield* sleep(REREAD_REST_MS)
    return undefined
  })

  const sleep = Effect.fnUntraced(function* (ms: number) {
    yield* parts.alarm.untilRung(bell, ms)
    bell.hush()
  })

  const run = Effect.gen(function* () {
    for (;;) {
      const wait = isAsked ? 0 : dueIn(parts, object, yield* parts.tick)
      const under = wait > 0 ? null : yield* mapping
      if (under === null || !under.objects.some((one) => one.object === object)) {
        yield* sleep(wait > 0 ? Math.min(wait, REREAD_LOOK_MS) : REREAD_LOOK_MS)
        continue
      }
      if (!(yield* guarded(`second reading of ${object}`, page(under)))) yield* Effect.sleep(WALK_RETRY_MS)
    }
  })

  const ask = Effect.gen(function* () {
    const under = yield* asWorkerError(parts.connection)(parts.planner.mapping)
    const isRead = cursorOf(parts, "backfill", object)?.finished === true
    // Not mapped, or still being read for the first time.
    if (!isRead || under === null || !under.objects.some((one) => one.object === object)) return
    isAsked = true
    yield* setCursor(parts, { walk: "reread", object, to: yield* beginning(parts) }, false)
    bell.ring()
  })
  const rewalk: Rewalk = { object, run, look: Effect.sync(() => bell.ring()), ask }
  return rewalk
})

/** One for each object that can be walked. */
export const makeRewalks = (parts: Parts, gate: Gate, how: Rereading): Effect.Effect<ReadonlyArray<Rewalk>> =>
  Effect.forEach(
    Object.keys(parts.definition.objects).filter((object) => canWalk(parts, object)),
    (object) => makeRewalk(parts, gate, object, how),
  )
