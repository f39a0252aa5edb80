/** How long an owner may act on its lease, by its own clocks: it stops before anybody else can begin. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { LEASE_MARGIN_MS, LEASE_MS } from "../limits.ts"
import type { LeaseToken } from "../ports/Leases.ts"

export interface Tenure {
  readonly lease: LeaseToken
  /** To be looked at before each act that can't be taken back. */
  readonly isHeld: Effect.Effect<boolean>
}

interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

export const moment: Effect.Effect<Moment> = Effect.zipWith(
  Clock.monotonicTimeNanos,
  Clock.currentTimeMillis,
  (nanos, wallMs) => ({ monotonicMs: Number(nanos) / 1e6, wallMs }),
)

/** A machine that sleeps stops one of the clocks, a clock that is set stops the other: the later of them counts. */
const passedMs = (from: Moment, to: Moment): number =>
  Math.max(to.monotonicMs - from.monotonicMs, to.wallMs - from.wallMs)

export interface Term extends Tenure {
  /** The store has prolonged it; `began` is from before it was asked. */
  readonly prolong: (began: Moment) => void
  /** The store says that it is somebody else's. */
  readonly end: () => void
}

/** `began` is from before the store was asked for the lease. */
export const makeTerm = (lease: LeaseToken, began: Moment): Term => {
  let from: Moment | null = began
  return {
    lease,
    isHeld: Effect.map(moment, (now) => from !== null && passedMs(from, now) < LEASE_MS - LEASE_MARGIN_MS),
    prolong: (at) => {
      if (from !== null) from = at
    },
    end: () => {
      from = null
    },
  }
}
