/**
 * Who goes first on the process's one thread: somebody's single edit before what another tenant has much of. An edit takes some
 * twenty steps, each of which waits for the store; without it, a stretch of much work goes on between any two of them.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { GIVEN_WAY_MS, LITTLE, RECORDS_AT_A_STRETCH } from "./limits.ts"

export class Ways {
  /** Work on little that goes on, by tenant. Below 0: what an interrupted one left to a part of it. */
  readonly #going = new Map<string, number>()
  /** Whoever went first. */
  readonly #tenants = new Set<string>()
  readonly #waiting = new Set<{ readonly tenant: string; readonly end: () => void }>()

  isFree(tenant: string): boolean {
    for (const [other, count] of this.#going) if (other !== tenant && count > 0) return false
    return true
  }

  /** Whether nobody else ever went first. */
  isAlone(tenant: string): boolean {
    return this.#tenants.size === 0 || (this.#tenants.size === 1 && this.#tenants.has(tenant))
  }

  #count(tenant: string, by: number): void {
    // Two tell as much as all.
    if (by > 0 && this.#tenants.size < 2) this.#tenants.add(tenant)
    const count = (this.#going.get(tenant) ?? 0) + by
    if (count === 0) this.#going.delete(tenant)
    else this.#going.set(tenant, count)
    if (by < 0) for (const one of this.#waiting) if (this.isFree(one.tenant)) one.end()
  }

  /** One more, or one less, is counted while the work goes on. */
  counting<A, E, R>(tenant: string, by: 1 | -1, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      this.#count(tenant, by)
      return Effect.ensuring(
        work,
        Effect.sync(() => this.#count(tenant, -by)),
      )
    })
  }

  /** The tenant gives way no longer: something of others waits for its work at hand. */
  goOn(tenant: string): void {
    for (const one of this.#waiting) if (one.tenant === tenant) one.end()
  }

  untilFree(tenant: string): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const one = {
        tenant,
        end: (): void => {
          this.#waiting.delete(one)
          // After what is running now: it may be another step of the same edit.
          resume(Effect.yieldNow)
        },
      }
      this.#waiting.add(one)
      return Effect.sync(() => this.#waiting.delete(one))
    })
  }
}

/** Of the process: all that runs on its thread. */
export const RightOfWay = Context.Reference<Ways>("@concordat/engine/RightOfWay", { defaultValue: () => new Ways() })
/** Whether the work at hand goes first. */
const GoesFirst = Context.Reference<boolean>("@concordat/engine/GoesFirst", { defaultValue: () => false })

/** Work on little. While it goes on, who has much to do for another tenant waits between its stretches. */
export const goFirst = <A, E, R>(tenant: string, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(RightOfWay, (ways) => ways.counting(tenant, 1, Effect.provideService(work, GoesFirst, true)))

/** What may be a part of work that goes first, and waits for somebody outside: nobody gives way meanwhile. */
export const stepAside = <A, E, R>(tenant: string, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const isFirst = yield* GoesFirst
    return yield* isFirst ? (yield* RightOfWay).counting(tenant, -1, work) : work
  })

const wait = (ways: Ways, tenant: string): Effect.Effect<void> =>
  Effect.flatMap(GoesFirst, (isFirst) =>
    // It could be its own work that it waited for.
    isFirst
      ? Effect.yieldNow
      : Effect.timeoutOrElse(ways.untilFree(tenant), { duration: GIVEN_WAY_MS, orElse: () => Effect.void }),
  )

/** Between two stretches of much work: everybody's turn, and until others' work on little is done, for a while at most. */
export const giveWay = (tenant: string): Effect.Effect<void> =>
  Effect.flatMap(RightOfWay, (ways) => (ways.isFree(tenant) ? Effect.yieldNow : wait(ways, tenant)))

/** Whether much work makes a break before this one of so many: also before the first, since what they wait for has just come. */
export const isBreak = (index: number, count: number, stretch: number): boolean =>
  count > LITTLE && index % stretch === 0

/** Each of them in turn, where they are many and others go first now and then with breaks. */
export const inStretches = <A, B, E = never>(
  tenant: string,
  items: ReadonlyArray<A>,
  each: (item: A, index: number) => B,
  pause: Effect.Effect<void, E> = giveWay(tenant),
): Effect.Effect<ReadonlyArray<B>, E> =>
  Effect.gen(function* () {
    const ways = yield* RightOfWay
    if (items.length <= LITTLE || ways.isAlone(tenant)) return items.map(each)
    const made: Array<B> = []
    for (let index = 0; index < items.length; index++) {
      if (index % RECORDS_AT_A_STRETCH === 0) yield* pause
      made.push(each(items[index]!, index))
    }
    return made
  })
