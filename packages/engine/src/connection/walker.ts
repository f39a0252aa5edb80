/** The polls of one object, for as long as the connection works. */
import * as Effect from "effect/Effect"
import { sha256 } from "@concordat/model/ids"
import type { Mapping } from "@concordat/rules/mapping/lens"
import { WALK_RETRY_MS } from "../limits.ts"
import type { ProviderError } from "../ports/ProviderError.ts"
import { snapshot } from "./absence.ts"
import { fenceOf, type Parts, put, walkKey } from "./parts.ts"
import type { Polling } from "./polling.ts"
import { Flow } from "./rota.ts"
import { Turnstile } from "./turnstile.ts"
import { poll, restartBackfill } from "./walks.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

export interface Polled {
  readonly object: string
  /** When the last poll that went well had ended, ms since 1970; null: none did since the start. */
  readonly at: number | null
  /** Why the last one failed for good; null: it did not. */
  readonly fault: string | null
}

/** Connections of a process begin together, and need not poll together: of the first period each waits for a part of its own. */
const firstRest = ({ connection, pollEveryMs, tenant }: Parts): number =>
  pollEveryMs * (1 - Number.parseInt(sha256(`${tenant} ${connection}`).slice(0, 8), 16) / 2 ** 32)

export class Walker extends Flow {
  readonly parts: Parts
  readonly polling: Polling
  readonly object: string
  /** One walk of the object's changes at a time. */
  readonly one = new Turnstile()
  /** Somebody wants it polled, and its turn has not come. */
  isAsked = false
  /** Of a poll under way that only the clock began: the facts that were known then. */
  factsBefore: number | null = null
  last: Polled | null = null

  constructor(parts: Parts, polling: Polling, object: string) {
    super(
      parts.rota,
      parts.definition.objects[object]!.changes === "none" ? Number.POSITIVE_INFINITY : firstRest(parts),
    )
    this.parts = parts
    this.polling = polling
    this.object = object
  }

  get isPolled(): boolean {
    return this.parts.definition.objects[this.object]!.changes !== "none"
  }

  /** Polls now. */
  ask(): void {
    if (!this.isPolled) return
    this.isAsked = true
    this.ring()
  }

  override turn(isRung: boolean): Effect.Effect<number, WorkerError> {
    return turn(this, isRung)
  }

  /** Everything that changed since the last poll; a cursor that is too old leaves a gap, which is read to fill it. */
  poll(mapping: Mapping): Effect.Effect<void, ProviderError | WorkerError> {
    return polled(this, mapping)
  }
}

const turn = Effect.fnUntraced(function* (walker: Walker, isRung: boolean) {
  const { object, parts, polling } = walker
  if (isRung) walker.isAsked = false
  const { changes } = parts.definition.objects[object]!
  const mapping = yield* asWorkerError(parts.connection)(parts.planner.mapping)
  if (mapping === null || !mapping.objects.some((one) => one.object === object)) return parts.pollEveryMs
  const isRead = changes !== "snapshot" || parts.cursors.get(walkKey("backfill", object))?.finished === true
  if (!isRead) return parts.pollEveryMs
  const look =
    changes === "snapshot"
      ? Effect.tap(snapshot(parts, polling.gate, mapping, polling.suspects, object), noted(walker, null))
      : polled(walker, mapping)
  const walk = isRung ? polling.counted(look) : ofTheClock(walker, look)
  if (!(yield* polling.guarded(`poll of ${object}`, walk))) yield* Effect.sleep(WALK_RETRY_MS)
  return parts.pollEveryMs
})

/** A poll that nobody asked for is no work in hand until it brings something. */
const ofTheClock = <A, E>(walker: Walker, walk: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    walker.factsBefore = walker.parts.counting.facts
    return Effect.ensuring(
      walk,
      Effect.sync(() => {
        walker.factsBefore = null
      }),
    )
  })

const noted = (walker: Walker, fault: string | null) =>
  Effect.map(walker.parts.tick, (now) => {
    walker.last = { object: walker.object, at: fault === null ? Math.floor(now) : (walker.last?.at ?? null), fault }
  })

const polled = (walker: Walker, mapping: Mapping) =>
  walker.one.within(poll(walker.parts, walker.polling.gate, mapping, walker.object)).pipe(
    Effect.tap(noted(walker, null)),
    Effect.tapError((error) =>
      error._tag === "ProviderError" && !error.transient ? noted(walker, error.reason._tag) : Effect.void,
    ),
    Effect.catchIf(isExpired, () => restart(walker)),
  )

const isExpired = (error: ProviderError | WorkerError): boolean =>
  error._tag === "ProviderError" && error.reason._tag === "CursorExpired"

/** The walk starts anew, and everything is read. */
const restart = Effect.fnUntraced(function* ({ object, parts, polling }: Walker) {
  parts.cursors.delete(walkKey("changes", object))
  parts.held.kept(object)
  const documents = [put(parts, "cursor", walkKey("changes", object), null)]
  const fence = fenceOf(parts, "changes", object)
  yield* parts.ledger.exclusively(parts.ledger.commit({ entries: [], documents, fence }))
  yield* restartBackfill(parts, object)
  polling.opening.again()
})
