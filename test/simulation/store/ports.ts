/** The engine's ports over stores in memory, as one process sees them: slow, and sometimes without an answer. */
import { Bus, type Delivery } from "@concordat/engine/ports/Bus"
import { Commit } from "@concordat/engine/ports/Commit"
import { type Append, type AppendResult, Journal, JournalError, type Subscribed } from "@concordat/engine/ports/Journal"
import { State, StateError } from "@concordat/engine/ports/State"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Documents } from "./documents.ts"
import { Log, parsePosition, showPosition } from "./log.ts"
import { matches, WorkQueue } from "./queue.ts"

/** As much as one page of the embedded store. */
const PAGE = 1_000
const DOCUMENTS_AT_ONCE = 5_000

/** The services of a process. */
export type Ports = Journal | State | Bus | Commit

export interface Stores {
  readonly log: Log
  readonly documents: Documents
  readonly queue: WorkQueue
}
export const makeStores = (gap?: () => number): Stores => ({
  log: new Log(gap),
  documents: new Documents(),
  queue: new WorkQueue(),
})

/** How a process meets its stores. */
export interface Access {
  /** Before and after a write takes effect: it takes a while, and the process may die in it. */
  readonly writing: Effect.Effect<void>
  /** Before a read is answered. */
  readonly reading: Effect.Effect<void>
  /** What becomes of a write's answer: it is not made and nobody knows, made and nobody knows, or answered. */
  readonly outcome: () => "unmade" | "unknown" | "answered"
  /** Wakes one of the process's own. */
  readonly wake: (run: () => void) => void
}

export const plainAccess: Access = {
  writing: Effect.void,
  reading: Effect.void,
  outcome: () => "answered",
  wake: (run) => run(),
}

export const makePorts = (stores: Stores, access: Access = plainAccess) => {
  const { documents, log, queue } = stores

  const read = <A>(look: () => A): Effect.Effect<A> => Effect.andThen(access.reading, Effect.sync(look))

  const write = (make: (now: number) => AppendResult): Effect.Effect<AppendResult> =>
    Effect.gen(function* () {
      const outcome = access.outcome()
      yield* access.writing
      if (outcome === "unmade") return { _tag: "Indeterminate" } as const
      const now = yield* Clock.currentTimeMillis
      const result = make(now)
      yield* access.writing
      return outcome === "unknown" ? ({ _tag: "Indeterminate" } as const) : result
    })

  const checked = (appends: ReadonlyArray<Append>): Effect.Effect<void, JournalError> =>
    new Set(appends.map(({ stream }) => stream)).size < appends.length
      ? Effect.fail(new JournalError({ reason: "limit", detail: "two appends to one stream in a unit" }))
      : Effect.void

  const appendMany = (appends: ReadonlyArray<Append>) =>
    Effect.andThen(
      checked(appends),
      write(() => log.append(appends)),
    )

  const positionOf = (after: string | null): Effect.Effect<number, JournalError> => {
    const position = after === null ? 0 : parsePosition(after)
    if (position !== null && position <= log.end) return Effect.succeed(position)
    return Effect.fail(new JournalError({ reason: "foreign", detail: `position ${after} is none of this journal` }))
  }

  /** Waits until something that concerns it has been appended; what came since it was made is not missed. */
  const watch = (prefixes: ReadonlyArray<string>) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        let isNews = false
        let wake: (() => void) | null = null
        const stop = log.onAppend((streams) => {
          if (prefixes.length > 0 && !streams.some((name) => prefixes.some((prefix) => name.startsWith(prefix)))) return
          isNews = true
          const woken = wake
          wake = null
          if (woken !== null) access.wake(woken)
        })
        const news = Effect.callback<void>((resume) => {
          if (isNews) return resume(Effect.void)
          wake = () => resume(Effect.void)
          return Effect.sync(() => {
            wake = null
          })
        })
        const look = (): void => {
          isNews = false
        }
        return { stop, news, look }
      }),
      ({ stop }) => Effect.sync(stop),
    )

  const subscribe = (options: { readonly after: string | null; readonly prefixes: ReadonlyArray<string> }) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const start = yield* positionOf(options.after)
        const { look, news } = yield* watch(options.prefixes)
        const next = Effect.fnUntraced(function* (place: { from: number; isCaughtUp: boolean; waits: boolean }) {
          if (place.waits) yield* news
          yield* access.reading
          look()
          const page = log.readAll(place.from, options.prefixes, PAGE)
          const items: Array<Subscribed> = page.events.map((event) => ({ _tag: "Event", event }))
          if (page.reached > 0 && page.reached !== parsePosition(page.events.at(-1)?.position ?? ""))
            items.push({ _tag: "Checkpoint", position: showPosition(page.reached) })
          const isCaughtUp = page.isEnd && !place.isCaughtUp
          if (isCaughtUp) items.push({ _tag: "CaughtUp" })
          const then = { from: page.reached, isCaughtUp: place.isCaughtUp || isCaughtUp, waits: page.isEnd }
          return [items, Option.some(then)] as const
        })
        return Stream.paginate({ from: start, isCaughtUp: false, waits: false }, next)
      }),
    )

  const journal = Journal.of({
    append: (append) => appendMany([append]),
    appendMany,
    read: (stream, { direction, from, limit }) => read(() => log.read(stream, from, direction, limit)),
    readAll: ({ after, limit, prefixes }) =>
      Effect.flatMap(positionOf(after), (from) =>
        read(() => {
          const { events, reached } = log.readAll(from, prefixes, limit)
          return { events, position: reached === 0 ? null : showPosition(reached) }
        }),
      ),
    subscribe,
    at: (position) => read(() => log.at(parsePosition(position))),
    truncate: (stream, before) => read(() => log.forget(stream, before)),
    delete: (stream) => read(() => log.forget(stream, Number.POSITIVE_INFINITY)),
    skip: (stream, revision) => read(() => log.skip(stream, revision)),
    end: read(() => (log.end === 0 ? null : showPosition(log.end))),
  })

  const state = State.of({
    getMany: (ids) =>
      ids.length > DOCUMENTS_AT_ONCE
        ? Effect.fail(new StateError({ reason: "limit", detail: `at most ${DOCUMENTS_AT_ONCE} documents at once` }))
        : read(() => ids.map((id) => documents.get(id))),
    scan: (options) => read(() => documents.scan(options)),
    count: ({ kind, prefix, tenant }) => read(() => documents.count(tenant, kind, prefix)),
    tenants: read(() => documents.tenants),
    checkpoint: (name) => read(() => documents.checkpoint(name)),
    clear: read(() => documents.clear()),
  })

  const consume: Bus["Service"]["consume"] = ({ ackWait, group, maxInFlight, subjects }) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const waitMs = Duration.toMillis(ackWait)
        const inFlight = new Map<number, number>()
        let isRung = false
        let wake: (() => void) | null = null
        const ring = (): void => {
          isRung = true
          const woken = wake
          wake = null
          if (woken !== null) access.wake(woken)
        }
        yield* Effect.acquireRelease(
          Effect.sync(() => queue.listen((rung) => (rung.some((one) => matches(subjects, one)) ? ring() : undefined))),
          (stop) => Effect.sync(stop),
        )
        queue.join(group, subjects, yield* Clock.currentTimeMillis)
        const rung = Effect.callback<void>((resume) => {
          if (isRung) return resume(Effect.void)
          wake = () => resume(Effect.void)
          return Effect.sync(() => {
            wake = null
          })
        })
        const settle = (seq: number, attempt: number, due: number | null) =>
          Effect.andThen(
            access.reading,
            Effect.sync(() => {
              queue.settle(group, seq, attempt, due)
              inFlight.delete(seq)
              ring()
            }),
          )
        const next = Effect.fnUntraced(function* (until: number | null | "now") {
          if (until !== "now") {
            const wait = until === null ? null : Math.max(0, until - (yield* Clock.currentTimeMillis))
            yield* wait === null ? rung : Effect.timeoutOption(rung, wait)
          }
          isRung = false
          const now = yield* Clock.currentTimeMillis
          for (const [seq, expires] of inFlight) if (expires <= now) inFlight.delete(seq)
          const free = maxInFlight - inFlight.size
          if (free <= 0) return [[], Option.some(Math.min(...inFlight.values()))] as const
          const taken = queue.take(group, subjects, free, now, waitMs)
          const items = taken.messages.map(({ attempt, seq, ...message }): Delivery => {
            inFlight.set(seq, now + waitMs)
            const done = settle(seq, attempt, null)
            const nak: Delivery["nak"] = (delay) =>
              Effect.flatMap(Clock.currentTimeMillis, (at) => settle(seq, attempt, at + Duration.toMillis(delay)))
            return { ...message, attempt, ack: done, nak, term: done }
          })
          return [items, Option.some(items.length > 0 ? ("now" as const) : taken.nextDue)] as const
        })
        return Stream.paginate<number | null | "now", Delivery>("now", next)
      }),
    )

  const bus = Bus.of({
    publish: (messages) =>
      Effect.andThen(
        access.writing,
        Effect.map(Clock.currentTimeMillis, (now) => queue.publish(messages, now)),
      ),
    consume,
    // What is lost here is lost without a word, which is the worst case.
    lost: Stream.never,
    answers: Effect.void,
  })

  const commit = Commit.of({
    commit: (unit) =>
      Effect.andThen(
        checked(unit.appends),
        write((now) => {
          const result = log.append(unit.appends)
          if (result._tag !== "Appended") return result
          documents.write(unit.documents, unit.checkpoint)
          queue.publish(unit.commands, now)
          return result
        }),
      ),
  })

  return Context.make(Journal, journal).pipe(
    Context.add(State, state),
    Context.add(Bus, bus),
    Context.add(Commit, commit),
  )
}
