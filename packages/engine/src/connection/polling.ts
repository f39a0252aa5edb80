/** The walks that go on for as long as the connection does: polls by object, censuses, and everything again when asked. */
import type { Mapping } from "@concordat/rules/mapping/lens"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { MAPPING_LOOK_MS, MAPPING_NEWS_MS, MAPPING_REST_MS, METADATA_EVERY_MS, WALK_RETRY_MS } from "../limits.ts"
import type { ProviderError } from "../ports/ProviderError.ts"
import { Bell } from "./alarm.ts"
import { census, snapshot, type Suspects } from "./absence.ts"
import { connectionDoc, type Gate, persistently } from "./faults.ts"
import {
  finishReading,
  listAgain,
  listedUnder,
  observeMetadata,
  readAllOf,
  say,
  unread,
  untilMapped,
  type Walks,
} from "./opening.ts"
import { mappedObjects, type Parts, put, fenceOf, walkKey } from "./parts.ts"
import type { JournalWatch } from "./journal-watch.ts"
import { makeRewalks } from "./rereading.ts"
import { poll, restartBackfill } from "./walks.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

export interface Polling {
  readonly run: Effect.Effect<never, WorkerError>
  /** Polls now, one object or all. */
  readonly soon: (object?: string) => Effect.Effect<void>
  /** Walks over everything once more, now. */
  readonly readAgain: Effect.Effect<void>
  readonly finishBackfill: Effect.Effect<void, WorkerError>
  /** Nothing is being read but what is looked at again and again anyway, and that has brought nothing yet. */
  readonly isIdle: () => boolean
  /** Objects that are looked at for changes, in the order of the definition. */
  readonly polls: () => ReadonlyArray<Polled>
}

export interface Polled {
  readonly object: string
  /** When the last poll that went well had ended, ms since 1970; null: none did since the start. */
  readonly at: number | null
  /** Why the last one failed for good; null: it did not. */
  readonly fault: string | null
}

interface Walker {
  readonly bell: Bell
  readonly one: Semaphore.Semaphore
}

export const makePolling = Effect.fn("Polling.make")(function* (parts: Parts, gate: Gate, watch: JournalWatch) {
  const store = asWorkerError(parts.connection)
  const suspects: Suspects = new Map()
  const walkers = new Map<string, Walker>()
  const bell = new Bell()
  /** Somebody wants everything read that is not. */
  let isAgain = false
  /** Something was said of the connection. */
  let isTold = true
  yield* watch.rings(streams.connection(parts.tenant, parts.connection), () => {
    isTold = true
    bell.ring()
  })
  const polls = new Map<string, Polled>()
  /** Polls that only the clock began, with the facts that were known then. */
  const regular = new Map<string, number>()
  /** Objects that somebody wants polled and whose turn has not come. */
  const asked = new Set<string>()
  let walking = 0
  let isOpening = true

  for (const object of Object.keys(parts.definition.objects))
    walkers.set(object, { bell: new Bell(), one: yield* Semaphore.make(1) })

  const counted = <A, E>(walk: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      walking += 1
      return Effect.ensuring(
        walk,
        Effect.sync(() => {
          walking -= 1
        }),
      )
    })

  /** A cursor that is too old leaves a gap: the walk starts anew, and everything is read to fill it. */
  const restart = Effect.fnUntraced(function* (object: string) {
    parts.cursors.delete(walkKey("changes", object))
    const documents = [put(parts, "cursor", walkKey("changes", object), null)]
    const fence = fenceOf(parts, "changes", object)
    yield* parts.ledger.exclusively(parts.ledger.commit({ entries: [], documents, fence }))
    yield* restartBackfill(parts, object)
    isAgain = true
    bell.ring()
  })

  const isExpired = (error: ProviderError | WorkerError): boolean =>
    error._tag === "ProviderError" && error.reason._tag === "CursorExpired"

  /** A poll that nobody asked for is no work in hand until it brings something. */
  const ofTheClock = <A, E>(object: string, walk: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      regular.set(object, parts.counting.now().facts)
      return Effect.ensuring(
        walk,
        Effect.sync(() => regular.delete(object)),
      )
    })

  const noted = (object: string, fault: string | null) =>
    Effect.map(parts.tick, (now) => {
      const at = fault === null ? Math.floor(now) : (polls.get(object)?.at ?? null)
      polls.set(object, { object, at, fault })
    })

  const polled = (mapping: Mapping, object: string) =>
    Semaphore.withPermit(walkers.get(object)!.one, poll(parts, gate, mapping, object)).pipe(
      Effect.tap(noted(object, null)),
      Effect.tapError((error) =>
        error._tag === "ProviderError" && !error.transient ? noted(object, error.reason._tag) : Effect.void,
      ),
      Effect.catchIf(isExpired, () => restart(object)),
    )

  const pollOne: Walks["poll"] = (mapping, object) => counted(polled(mapping, object))

  const walks: Walks = {
    poll: pollOne,
    deltas: (mapping) =>
      mappedObjects(parts, mapping)
        .filter(
          ([, { changes }]) => (changes === "delta" || changes === "hints") && parts.connector.changes !== undefined,
        )
        .map(([object]) => object),
  }

  /** A walk that fails for good is tried again later, and does not stop the others. */
  const guarded = (what: string, walk: Effect.Effect<unknown, ProviderError | WorkerError>) =>
    persistently(Effect.asVoid(walk)).pipe(
      Effect.as(true),
      Effect.catchTag("ProviderError", (error) =>
        Effect.as(
          Effect.logWarning(`${what} failed`, { connection: parts.connection, fault: error.message }).pipe(
            Effect.andThen(Effect.map(parts.tick, (at) => parts.counting.fault(error.message, at))),
          ),
          false,
        ),
      ),
    )

  const walkObject = Effect.fnUntraced(function* (object: string) {
    const { bell } = walkers.get(object)!
    const { changes } = parts.definition.objects[object]!
    if (changes === "none") return yield* Effect.never
    for (;;) {
      const isAsked = yield* parts.alarm.untilRung(bell, parts.pollEveryMs)
      if (isAsked) {
        asked.delete(object)
        bell.hush()
      }
      const mapping = yield* store(parts.planner.mapping)
      if (mapping === null || !mapping.objects.some((one) => one.object === object)) continue
      const isRead = changes !== "snapshot" || parts.cursors.get(walkKey("backfill", object))?.finished === true
      if (!isRead) continue
      const look =
        changes === "snapshot"
          ? Effect.tap(snapshot(parts, gate, mapping, suspects, object), noted(object, null))
          : polled(mapping, object)
      const walk = isAsked ? counted(Effect.asVoid(look)) : ofTheClock(object, Effect.asVoid(look))
      if (!(yield* guarded(`poll of ${object}`, walk))) yield* Effect.sleep(WALK_RETRY_MS)
    }
  })

  const takeCensus = Effect.gen(function* () {
    for (;;) {
      yield* parts.alarm.sleep(parts.censusEveryMs)
      const mapping = yield* store(parts.planner.mapping)
      if (mapping === null || isOpening) continue
      for (const [object, definition] of mappedObjects(parts, mapping))
        if (definition.census)
          yield* guarded(`census of ${object}`, counted(census(parts, gate, mapping, suspects, object)))
    }
  })

  // Not counted as walking: in a large account there is always one under way, and nobody waits for it.
  const rewalks = yield* makeRewalks(parts, gate, {
    mapping: Effect.suspend(() => (isOpening ? Effect.succeed(null) : store(parts.planner.mapping))),
    guarded,
  })

  const open = Effect.gen(function* () {
    const metadata = yield* observeMetadata(parts, gate)
    return yield* untilMapped(parts, metadata)
  })

  const isDone = Effect.map(store(connectionDoc(parts)), (doc) => doc?.backfill.state === "done")

  /** What is not read yet under today's mapping is read; without anything to read, somebody else says when all is in. */
  const readWhatIsNew = Effect.fnUntraced(function* (mapping: Mapping) {
    const objects = yield* unread(parts, mapping)
    const hasWalk = parts.connector.backfill !== undefined
    // A crash between the last page and its word leaves all read and nothing said.
    if (objects.length > 0 || (hasWalk && !(yield* isDone))) yield* readAllOf(parts, gate, walks, mapping, objects)
    else if (yield* isDone) yield* listAgain(parts)
  })

  const openAndRead = Effect.gen(function* () {
    for (;;) {
      isOpening = true
      const isRead = yield* guarded(
        "opening",
        Effect.flatMap(open, (mapping) => counted(readWhatIsNew(mapping))),
      )
      isOpening = !isRead
      if (!isRead) {
        yield* Effect.sleep(WALK_RETRY_MS)
        continue
      }
      yield* Effect.forEach(rewalks, ({ look }) => look, { discard: true })
      yield* untilSomethingChanges
    }
  })

  /** Until the mapping or what may be created is another, the metadata is old, or somebody asks for everything again. */
  const untilSomethingChanges = Effect.gen(function* () {
    const began = yield* parts.tick
    const before = yield* listedUnder(parts)
    let newsUntil = began
    for (;;) {
      const now = yield* parts.tick
      if (isTold) newsUntil = now + MAPPING_NEWS_MS
      isTold = false
      yield* parts.alarm.untilRung(bell, now < newsUntil ? MAPPING_LOOK_MS : MAPPING_REST_MS)
      bell.hush()
      if (isAgain) {
        isAgain = false
        return
      }
      if ((yield* parts.tick) - began > METADATA_EVERY_MS) return
      if ((yield* listedUnder(parts)) !== before) return
    }
  })

  const polling: Polling = {
    run: Effect.andThen(
      Effect.all([openAndRead, takeCensus, ...[...walkers.keys()].map(walkObject), ...rewalks.map(({ run }) => run)], {
        concurrency: "unbounded",
      }),
      Effect.never,
    ),
    soon: (object) =>
      Effect.sync(() => {
        for (const [name, { bell }] of walkers) {
          if (object !== undefined && object !== name) continue
          if (parts.definition.objects[name]!.changes !== "none") asked.add(name)
          bell.ring()
        }
      }),
    readAgain: Effect.orDie(Effect.forEach(rewalks, ({ ask }) => ask, { discard: true })),
    finishBackfill: Effect.gen(function* () {
      if (yield* isDone) return
      yield* say(parts, "BackfillStarted", { objects: [] })
      yield* finishReading(parts, 0)
    }),
    isIdle: () => {
      const { facts } = parts.counting.now()
      return (
        walking === 0 && asked.size === 0 && !isOpening && [...regular.values()].every((before) => before === facts)
      )
    },
    polls: () =>
      [...walkers.keys()]
        .filter((object) => polls.has(object) || parts.cursors.has(walkKey("changes", object)))
        .map((object) => polls.get(object) ?? { object, at: null, fault: null }),
  }
  return polling
})
