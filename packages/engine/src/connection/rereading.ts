/**
 * Walks made again, for changes that move no date: no delta finds them, and a webhook may have been lost. Behind everything
 * else, a page at a time, from where the walk was left. Asked for by somebody, a walk begins at once and goes as fast as a
 * first sync does.
 */
import type { Mapping } from "@concordat/rules/mapping/lens"
import * as Effect from "effect/Effect"
import { REREAD_LOOK_MS, REREAD_REST_MS, WALK_RETRY_MS } from "../limits.ts"
import type { ProviderError } from "../ports/ProviderError.ts"
import { Ahead } from "./ahead.ts"
import { Circle, goesInCircles } from "./circling.ts"
import type { Gate } from "./faults.ts"
import type { Parts } from "./parts.ts"
import { Flow } from "./rota.ts"
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

export interface Rereading {
  /** The mapping, once everything was read under it; null: not now. */
  readonly mappingWhenRead: Effect.Effect<Mapping | null, WorkerError>
  /** False: it failed for a reason that does not pass by itself. */
  readonly guarded: (
    what: string,
    walk: Effect.Effect<unknown, ProviderError | WorkerError>,
  ) => Effect.Effect<boolean, WorkerError>
}

const isMapped = (mapping: Mapping, object: string): boolean => mapping.objects.some((one) => one.object === object)

/** The walk over one object, for as long as the connection works. */
export class Rewalk extends Flow {
  readonly parts: Parts
  readonly gate: Gate
  readonly object: string
  readonly how: Rereading
  readonly ahead: Ahead
  isAsked = false
  /** Somebody waits for the walk under way. */
  isWanted = false
  waits = 0
  circle: Circle | null = null

  constructor(parts: Parts, gate: Gate, object: string, how: Rereading) {
    super(parts.rota)
    this.parts = parts
    this.gate = gate
    this.object = object
    this.how = how
    this.ahead = new Ahead(parts.tick)
  }

  override turn(): Effect.Effect<number, WorkerError> {
    return turn(this)
  }

  /** Begins a walk now; one under way begins anew, since what it has passed may have changed. Done when that is kept. */
  ask(): Effect.Effect<void, WorkerError> {
    return ask(this)
  }
}

const turn = Effect.fnUntraced(function* (walk: Rewalk) {
  const { how, object, parts } = walk
  const wait = walk.isAsked ? 0 : dueIn(parts, object, yield* parts.tick)
  const under = wait > 0 ? null : yield* how.mappingWhenRead
  if (under === null || !isMapped(under, object)) return wait > 0 ? Math.min(wait, REREAD_LOOK_MS) : REREAD_LOOK_MS
  if (!(yield* how.guarded(`second reading of ${object}`, page(walk, under)))) yield* Effect.sleep(WALK_RETRY_MS)
  const isDone = cursorOf(parts, "reread", object)?.finished === true
  return isDone && !walk.isAsked ? REREAD_REST_MS : 0
})

const page = Effect.fnUntraced(function* (walk: Rewalk, under: Mapping) {
  const { gate, object, parts } = walk
  const at = cursorOf(parts, "reread", object)
  const isNew = walk.isAsked || at === null || at.finished
  if (isNew) {
    walk.isWanted = walk.isAsked
    walk.circle = null
  }
  // As many as there were when it was read first: a guess is enough, and costs no call.
  const total = cursorOf(parts, "backfill", object)?.done ?? null
  const from = isNew ? { ...(yield* beginning(parts)), total } : at
  // A page that was on its way when somebody asked has moved the cursor past what is to be read anew.
  if (walk.isAsked) yield* setCursor(parts, { walk: "reread", object, to: from }, false)
  walk.isAsked = false
  walk.circle ??= new Circle(from.cursor)
  const next = yield* step(parts, gate, under, object, walk.isWanted ? "asked" : "reread", from, walk.ahead)
  const { isReady, to } = next
  if (next.isLost) walk.circle = null
  else if (hasMoved(next, from) && walk.circle.leadsBack(to.cursor)) {
    walk.circle = null
    return yield* goesInCircles(parts, object)
  }
  walk.waits = isReady ? 0 : walk.waits + 1
  if (walk.waits > 0 && !(yield* untilReady(walk.waits))) {
    walk.waits = 0
    walk.circle = null
    yield* lost(parts, "reread", object)
  }
  return undefined
})

const ask = Effect.fnUntraced(function* (walk: Rewalk) {
  const { object, parts } = walk
  const under = yield* asWorkerError(parts.connection)(parts.planner.mapping)
  const isRead = cursorOf(parts, "backfill", object)?.finished === true
  // Not mapped, or still being read for the first time.
  if (!isRead || under === null || !isMapped(under, object)) return
  walk.isAsked = true
  yield* setCursor(parts, { walk: "reread", object, to: yield* beginning(parts) }, false)
  walk.ring()
})

/** One for each object that can be walked. */
export const makeRewalks = (parts: Parts, gate: Gate, how: Rereading): ReadonlyArray<Rewalk> =>
  Object.keys(parts.definition.objects)
    .filter((object) => canWalk(parts, object))
    .map((object) => new Rewalk(parts, gate, object, how))
