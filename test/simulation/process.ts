/**
 * A process of the simulation: fibres of the production engine on the virtual clock. It can die between any two of its
 * steps; its fibres are then dropped as a power cut would drop them, without finalisers, and only the stores remain.
 */
import { RightOfWay, Ways } from "@concordat/engine/right-of-way"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as References from "effect/References"
import * as Scheduler from "effect/Scheduler"
import type { Chance } from "./random.ts"
import type { Owner, Timeline } from "./timeline.ts"

const NANOS = 1_000_000n

/** Effect's own default: a fibre that computes for long lets the others go on. */
const OPERATIONS_A_TURN = 2_048

const clockOf = (timeline: Timeline, owner: Owner): Clock.Clock => {
  const millis = () => Math.floor(timeline.now)
  const nanos = () => BigInt(Math.floor(timeline.now)) * NANOS
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) => {
      const ms = Duration.toMillis(duration)
      if (ms <= 0) return Effect.yieldNow
      if (!Number.isFinite(ms)) return Effect.never
      return Effect.callback<void>((resume) => {
        const cancel = timeline.after(owner, ms, () => resume(Effect.void))
        return Effect.sync(cancel)
      })
    },
  }
}

const schedulerOf = (timeline: Timeline, owner: Owner): Scheduler.Scheduler => ({
  executionMode: "async",
  shouldYield: (fiber) => fiber.currentOpCount >= OPERATIONS_A_TURN,
  makeDispatcher: () => ({
    scheduleTask: (task) => timeline.post(owner, task),
    flush: () => {},
  }),
})

export class Process implements Owner {
  isAlive = true
  readonly name: string
  readonly timeline: Timeline
  /** Turns left until it dies; null: it lives. */
  #fuse: number | null = null
  /** Those who wait for an answer of it, outside. */
  readonly #asking = new Set<(error: unknown) => void>()
  readonly #onDeath: () => void
  readonly #context: Context.Context<never>

  constructor(timeline: Timeline, name: string, chance: Chance, onDeath: () => void = () => {}) {
    this.timeline = timeline
    this.name = name
    this.#onDeath = onDeath
    this.#context = Context.empty().pipe(
      Context.add(Clock.Clock, clockOf(timeline, this)),
      Context.add(Scheduler.Scheduler, schedulerOf(timeline, this)),
      Context.add(Random.Random, {
        nextDoubleUnsafe: chance.next,
        nextIntUnsafe: () => Math.floor((chance.next() * 2 - 1) * Number.MAX_SAFE_INTEGER),
      }),
      // Nothing of it outlives the process.
      Context.add(RightOfWay, new Ways()),
      Context.add(References.TracerEnabled, false),
      Context.add(References.MinimumLogLevel, "None"),
    ) as Context.Context<never>
  }

  onTurn(): void {
    if (this.#fuse === null) return
    this.#fuse -= 1
    if (this.#fuse <= 0) this.crash()
  }

  /** It dies before its n-th turn from now. */
  dieIn(turns: number): void {
    this.#fuse = turns
  }

  crash(): void {
    if (!this.isAlive) return
    this.isAlive = false
    for (const broken of this.#asking) broken(new Error("the connection broke"))
    this.#asking.clear()
    this.timeline.promised()
    this.#onDeath()
  }

  start<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.#context)(effect)
  }

  /** An answer of the process to somebody outside, who is left without one where it dies before. */
  ask<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
    if (!this.isAlive) return Promise.reject(new Error("nobody listens"))
    return new Promise<A>((resolve, reject) => {
      const broken = (error: unknown): void => reject(error)
      this.#asking.add(broken)
      const ended = (then: () => void): void => {
        this.#asking.delete(broken)
        this.timeline.promised()
        then()
      }
      this.start(
        Effect.matchCause(effect, {
          onSuccess: (value) => ended(() => resolve(value)),
          onFailure: (cause) => ended(() => reject(Cause.squash(cause))),
        }),
      )
    })
  }
}
