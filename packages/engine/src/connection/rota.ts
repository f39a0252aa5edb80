/**
 * The flows of one connection, and whose turn it is. A flow at rest is a row: until when it rests, and whether it was rung.
 * Only its turn is a fiber, and all share one sleep, that of whoever is due next. With a fiber each, waiting was most of what
 * an idle connection took of memory.
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { WorkerError } from "./WorkerError.ts"

/** One of several things that a worker does for as long as it works, a turn at a time. */
export abstract class Flow {
  /** Begins, or goes on, in ms; `Infinity`: when it is rung. While the rota runs: at which of its times. */
  until: number
  isRung = false
  isRunning = false
  readonly #rota: Rota

  protected constructor(rota: Rota, restMs = 0) {
    this.#rota = rota
    this.until = restMs
    rota.add(this)
  }

  /**
   * Does what there is to do, and answers how long it rests then, ms, unless it is rung; 0: it goes on at once. Rung
   * meanwhile, it has another turn. `isRung`: that was why it began.
   */
  abstract turn(isRung: boolean): Effect.Effect<number, WorkerError>

  /** Has it begin at once. */
  ring(): void {
    this.isRung = true
    this.#rota.rung(this)
  }
}

const turns = Effect.fnUntraced(function* (flow: Flow) {
  // After what is running now: whoever rings goes on first.
  yield* Effect.yieldNow
  for (;;) {
    const { isRung } = flow
    flow.isRung = false
    const rest = yield* flow.turn(isRung)
    if (rest > 0 && !flow.isRung) return rest
  }
})

/** While it runs. */
interface Running {
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  readonly clock: Clock.Clock
  readonly fail: (cause: Cause.Cause<WorkerError>) => void
}

export class Rota {
  readonly #flows: Array<Flow> = []
  readonly #working = new Set<Fiber.Fiber<unknown, unknown>>()
  #running: Running | null = null
  #sleeper: Fiber.Fiber<void> | null = null
  /** Until when it sleeps; `Infinity`: nobody rests for a time. */
  #until = Number.POSITIVE_INFINITY

  add(flow: Flow): void {
    this.#flows.push(flow)
  }

  /** Goes on for ever; fails with the first flow that does. Interrupted, it ends when the turns under way have. */
  get run(): Effect.Effect<never, WorkerError> {
    const begun = Effect.flatMap(Effect.context<never>(), (context) =>
      Effect.callback<never, WorkerError>((resume) => {
        this.#begin({
          fork: Effect.runForkWith(context),
          clock: Context.get(context, Clock.Clock),
          fail: (cause) => resume(Effect.failCause(cause)),
        })
      }),
    )
    return Effect.ensuring(
      begun,
      Effect.suspend(() => this.#end()),
    )
  }

  #begin(running: Running): void {
    this.#running = running
    const now = this.#now(running)
    for (const flow of this.#flows) {
      if (flow.isRung || flow.until <= 0) this.rung(flow)
      else this.#rest(flow, now + flow.until)
    }
  }

  #end(): Effect.Effect<void> {
    this.#running = null
    this.#until = Number.POSITIVE_INFINITY
    const fibers = [...this.#working, ...(this.#sleeper === null ? [] : [this.#sleeper])]
    this.#sleeper = null
    return Fiber.interruptAll(fibers)
  }

  /** ms of the clock that is never set. */
  #now({ clock }: Running): number {
    return Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  }

  rung(flow: Flow): void {
    if (this.#running === null || flow.isRunning) return
    flow.isRunning = true
    const fiber = this.#running.fork(turns(flow))
    this.#working.add(fiber)
    fiber.addObserver((exit) => {
      flow.isRunning = false
      this.#working.delete(fiber)
      if (this.#running === null) return
      if (Exit.isFailure(exit)) this.#running.fail(exit.cause)
      else if (flow.isRung) this.rung(flow)
      else this.#rest(flow, this.#now(this.#running) + exit.value)
    })
  }

  #rest(flow: Flow, until: number): void {
    flow.until = Math.ceil(until)
    this.#wakeAt(flow.until)
  }

  /** Whoever it sleeps for may have been rung by then: it wakes once for nobody, which is less than to begin anew each time. */
  #wakeAt(at: number): void {
    if (at >= this.#until) return
    this.#sleeper?.interruptUnsafe()
    this.#until = at
    this.#sleeper = this.#running!.fork(Effect.suspend(() => this.#sleep()))
  }

  #sleep(): Effect.Effect<void> {
    const running = this.#running
    if (running === null || this.#until === Number.POSITIVE_INFINITY) return Effect.void
    const ms = Math.max(0, Math.ceil(this.#until - this.#now(running)))
    return Effect.flatMap(Effect.sleep(ms), () => {
      // A timer may be a little early: who is due by it is due.
      const by = Math.max(this.#until, this.#now(running))
      let next = Number.POSITIVE_INFINITY
      for (const flow of this.#flows) {
        if (flow.isRunning) continue
        if (flow.until <= by) this.rung(flow)
        else if (flow.until < next) next = flow.until
      }
      this.#until = next
      return this.#sleep()
    })
  }
}
