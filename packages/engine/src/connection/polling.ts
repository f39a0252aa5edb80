/** The walks that go on for as long as the connection does: polls by object, censuses, and everything again when asked. */
import type { Mapping } from "@concordat/rules/mapping/lens"
import * as Effect from "effect/Effect"
import type { ProviderError } from "../ports/ProviderError.ts"
import { Census, type Suspects } from "./absence.ts"
import { type Gate, persistently } from "./faults.ts"
import { finishReading, say, type Walks } from "./opening.ts"
import { mappedObjects, type Parts, walkKey } from "./parts.ts"
import { isDone, Reopening } from "./reopening.ts"
import { makeRewalks, type Rereading, type Rewalk } from "./rereading.ts"
import { type Polled, Walker } from "./walker.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

export class Polling implements Walks, Rereading {
  readonly parts: Parts
  readonly gate: Gate
  readonly suspects: Suspects = new Map()
  readonly opening: Reopening
  readonly census: Census
  readonly walkers: ReadonlyArray<Walker>
  readonly rewalks: ReadonlyArray<Rewalk>
  /** Walks under way that somebody waits for. */
  walking = 0

  constructor(parts: Parts, gate: Gate) {
    this.parts = parts
    this.gate = gate
    this.opening = new Reopening(parts, this)
    this.census = new Census(parts, this)
    this.walkers = Object.keys(parts.definition.objects).map((object) => new Walker(parts, this, object))
    // Not counted as walking: in a large account there is always one under way, and nobody waits for it.
    this.rewalks = makeRewalks(parts, gate, this)
  }

  get mappingWhenRead(): Rereading["mappingWhenRead"] {
    const { opening, parts } = this
    return Effect.suspend(() =>
      opening.isOpening ? Effect.succeed(null) : asWorkerError(parts.connection)(parts.planner.mapping),
    )
  }

  counted<A, E>(walk: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      this.walking += 1
      return Effect.ensuring(
        walk,
        Effect.sync(() => {
          this.walking -= 1
        }),
      )
    })
  }

  /** A walk that fails for good is tried again later, and does not stop the others. */
  guarded(
    what: string,
    walk: Effect.Effect<unknown, ProviderError | WorkerError>,
  ): Effect.Effect<boolean, WorkerError> {
    const { connection, counting, tick } = this.parts
    return persistently(Effect.asVoid(walk)).pipe(
      Effect.as(true),
      Effect.catchTag("ProviderError", (error) =>
        Effect.as(
          Effect.logWarning(`${what} failed`, { connection, fault: error.message }).pipe(
            Effect.andThen(Effect.map(tick, (at) => counting.fault(error.message, at))),
          ),
          false,
        ),
      ),
    )
  }

  poll(mapping: Mapping, object: string): Effect.Effect<void, ProviderError | WorkerError> {
    return this.counted(this.walkers.find((walker) => walker.object === object)!.poll(mapping))
  }

  deltas(mapping: Mapping): ReadonlyArray<string> {
    const { connector } = this.parts
    if (connector.changes === undefined) return []
    return mappedObjects(this.parts, mapping)
      .filter(([, { changes }]) => changes === "delta" || changes === "hints")
      .map(([object]) => object)
  }

  /** Polls now, one object or all. */
  soon(object?: string): void {
    for (const walker of this.walkers) if (object === undefined || object === walker.object) walker.ask()
  }

  /** Walks over everything once more, now. */
  get readAgain(): Effect.Effect<void> {
    return Effect.orDie(Effect.forEach(this.rewalks, (rewalk) => rewalk.ask(), { discard: true }))
  }

  get finishBackfill(): Effect.Effect<void, WorkerError> {
    return finishBackfill(this.parts)
  }

  /** Nothing is being read but what is looked at again and again anyway, and that has brought nothing yet. */
  get isIdle(): boolean {
    if (this.walking > 0 || this.opening.isOpening) return false
    const { facts } = this.parts.counting
    return this.walkers.every(({ factsBefore, isAsked }) => !isAsked && (factsBefore === null || factsBefore === facts))
  }

  /** Objects that are looked at for changes, in the order of the definition. */
  get polls(): ReadonlyArray<Polled> {
    const { cursors } = this.parts
    return this.walkers
      .filter(({ last, object }) => last !== null || cursors.has(walkKey("changes", object)))
      .map(({ last, object }) => last ?? { object, at: null, fault: null })
  }
}

const finishBackfill = Effect.fnUntraced(function* (parts: Parts) {
  if (yield* isDone(parts)) return
  yield* say(parts, "BackfillStarted", { objects: [] })
  yield* finishReading(parts, 0)
})
