/**
 * Walks made again, for changes that move no date: no delta finds them, and a webhook may have been lost. Behind everything
 * else, a page at a time, from where the walk was left.
 */
import type { Mapping } from "@concordat/rules/mapping/lens"
import * as Effect from "effect/Effect"
import { REREAD_LOOK_MS, REREAD_REST_MS, WALK_RETRY_MS } from "../limits.ts"
import type { ProviderError } from "../ports/ProviderError.ts"
import type { Gate } from "./faults.ts"
import type { Parts } from "./parts.ts"
import { beginning, cursorOf, lost, step, untilReady } from "./walks.ts"
import type { WorkerError } from "./WorkerError.ts"

/** How often an object is read again, ms; null: never. A snapshot reads everything each time anyway. */
export const rereadEveryMs = (parts: Parts, object: string): number | null => {
  const definition = parts.definition.objects[object]
  if (definition?.rereadEveryMs === undefined || !definition.backfill || definition.changes === "snapshot") return null
  if (parts.connector.backfill === undefined) return null
  return parts.rereadEveryMs === undefined ? definition.rereadEveryMs : parts.rereadEveryMs
}

/** ms until the next page; a walk under way goes on at once, and none begins before the first sync of the object. */
const dueIn = (parts: Parts, object: string, every: number, now: number): number => {
  const whole = cursorOf(parts, "backfill", object)
  const last = cursorOf(parts, "reread", object)
  if (whole?.finished !== true) return REREAD_LOOK_MS
  if (last?.finished === false) return 0
  return Math.max(whole.startedAt, last?.startedAt ?? 0) + every - now
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

/** Reads an object again and again, for as long as the connection works. */
export const rereadObject = Effect.fnUntraced(function* (
  parts: Parts,
  gate: Gate,
  object: string,
  every: number,
  { guarded, mapping }: Rereading,
) {
  let waits = 0
  const page = Effect.fnUntraced(function* (under: Mapping) {
    const at = cursorOf(parts, "reread", object)
    const from = at === null || at.finished ? yield* beginning(parts) : at
    const { isReady, to } = yield* step(parts, gate, under, object, "reread", from)
    waits = isReady ? 0 : waits + 1
    if (waits > 0 && !(yield* untilReady(waits))) {
      waits = 0
      yield* lost(parts, "reread", object)
    }
    if (to.finished) yield* Effect.sleep(REREAD_REST_MS)
  })
  for (;;) {
    const wait = dueIn(parts, object, every, yield* parts.tick)
    const under = wait > 0 ? null : yield* mapping
    if (under === null || !under.objects.some((one) => one.object === object)) {
      yield* Effect.sleep(wait > 0 ? Math.min(wait, REREAD_LOOK_MS) : REREAD_LOOK_MS)
      continue
    }
    if (!(yield* guarded(`second reading of ${object}`, page(under)))) yield* Effect.sleep(WALK_RETRY_MS)
  }
})
