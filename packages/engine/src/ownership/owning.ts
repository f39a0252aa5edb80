/**
 * Owns a fair part of what a group of processes divides among itself, and works on it. Whoever dies loses its part when its
 * leases end; whoever comes is left a part by the others, which finish what is under way first.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { LEASE_ANSWER_MS, LEASE_LEAVE_MS, LEASE_LOOK_MS, LEASE_MS } from "../limits.ts"
import { leaseName, Leases } from "../ports/Leases.ts"
import { StateError } from "../ports/State.ts"
import { makeTerm, moment, type Tenure, type Term } from "./tenure.ts"

export interface OwningOptions<R> {
  /** Processes that divide the same names among themselves. */
  readonly group: string
  /** This process, unlike any other there is or was. */
  readonly owner: string
  readonly names: ReadonlyArray<string>
  /** Goes on until it is interrupted; it is to be supervised, since nothing here starts it again. */
  readonly work: (name: string, tenure: Tenure) => Effect.Effect<unknown, never, R>
  readonly report?: (held: ReadonlyArray<string>) => void
}

interface Holding {
  readonly name: string
  readonly term: Term
  readonly fiber: Fiber.Fiber<unknown>
  isLeaving: boolean
}

/** Goes on for ever. Interrupted, it ends its work, then gives its leases back. */
export const own = Effect.fn("own")(function* <R>({ group, names, owner, report, work }: OwningOptions<R>) {
  const all = yield* Leases
  /** A store that hangs is one that is away: what is held does not wait for it. */
  const soon = <A>(answer: Effect.Effect<A, StateError>) =>
    Effect.timeoutOrElse(answer, {
      duration: LEASE_ANSWER_MS,
      orElse: () =>
        Effect.fail(new StateError({ reason: "unavailable", detail: `no answer in ${LEASE_ANSWER_MS} ms` })),
    })
  const holdings = new Map<string, Holding>()
  const tell = (): void => report?.([...holdings.keys()].toSorted())
  const tokensOf = (some: Iterable<Holding>) => [...some].map(({ term }) => term.lease)

  /** Finishes what is under way; only then can another have the lease. */
  const leave = Effect.fnUntraced(function* (holding: Holding) {
    holding.isLeaving = true
    yield* Fiber.interrupt(holding.fiber)
    yield* Effect.ignore(soon(all.release({ owner, leases: tokensOf([holding]) })))
    holdings.delete(holding.name)
    tell()
  })

  /** Nothing that it still does counts: its writes are fenced, its calls are not made. */
  const drop = (holding: Holding) =>
    Effect.suspend(() => {
      if (holding.isLeaving) return Effect.void
      holding.term.end()
      return Effect.andThen(
        Effect.logWarning("lease lost").pipe(Effect.annotateLogs({ lease: holding.term.lease.name })),
        Effect.asVoid(Effect.forkChild(leave(holding))),
      )
    })

  const renew = Effect.fnUntraced(function* () {
    if (holdings.size === 0) return
    const began = yield* moment
    const still = new Set(yield* soon(all.renew({ owner, leases: tokensOf(holdings.values()), ttlMs: LEASE_MS })))
    for (const holding of holdings.values()) {
      if (still.has(holding.term.lease.name)) holding.term.prolong(began)
      else yield* drop(holding)
    }
  })

  const claim = Effect.fnUntraced(function* (most: number) {
    const free = names.filter((name) => !holdings.has(name))
    if (free.length === 0) return
    const began = yield* moment
    const byLease = new Map(free.map((name) => [leaseName(group, name), name]))
    const claimed = yield* soon(all.claim({ owner, names: [...byLease.keys()], most, ttlMs: LEASE_MS }))
    for (const lease of claimed) {
      const [name, term] = [byLease.get(lease.name)!, makeTerm(lease, began)]
      const fiber = yield* Effect.forkChild(Effect.annotateLogs(work(name, term), { lease: lease.name }))
      holdings.set(name, { name, term, fiber, isLeaving: false })
    }
    if (claimed.length > 0) tell()
  })

  const look = Effect.gen(function* () {
    const owners = yield* soon(all.attend({ group, owner, ttlMs: LEASE_MS }))
    yield* renew()
    const staying = [...holdings.values()].filter(({ isLeaving }) => !isLeaving)
    const fair = Math.ceil(names.length / Math.max(1, owners))
    // In the background: what is left is not to wait for what goes.
    for (const holding of staying.slice(fair)) {
      holding.isLeaving = true
      yield* Effect.forkChild(leave(holding))
    }
    if (staying.length < fair) yield* claim(fair - staying.length)
  })

  /** A store that does not answer is waited for, but not longer than the leases hold. */
  let isOut = false
  const lookOrWait = look.pipe(
    Effect.tap(() => {
      isOut = false
      return Effect.void
    }),
    Effect.catchTag("StateError", (error) =>
      Effect.gen(function* () {
        if (!isOut) yield* Effect.logWarning("leases can't be looked at", error.message)
        isOut = true
        for (const holding of holdings.values()) if (!(yield* holding.term.isHeld)) yield* drop(holding)
      }),
    ),
  )

  const end = Effect.gen(function* () {
    yield* Effect.forEach([...holdings.values()], leave, { concurrency: "unbounded", discard: true })
    yield* Effect.ignore(soon(all.leave({ group, owner })))
  }).pipe(Effect.timeoutOption(LEASE_LEAVE_MS))

  return yield* lookOrWait.pipe(
    Effect.andThen(Effect.sleep(LEASE_LOOK_MS)),
    Effect.forever,
    Effect.onExit(() => end),
  )
})
