/**
 * When to push: at a wake-up, when a retry is due, and whatever is due when the bus says that wake-ups were lost, and every
 * half minute, since they may be lost without a word.
 */
import { CREATION_ORDER, type EntityType } from "@concordat/model/canonical/fields"
import * as streams from "@concordat/model/streams"
import type { ConnectionDoc, DueDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import {
  LAG_WAIT_MS,
  NOTED_ENTITIES,
  PAUSED_LOOK_MS,
  RESCAN_MS,
  ROUND_ROWS,
  WAKE_ACK_MS,
  WAKES_IN_FLIGHT,
  WALK_RETRY_MS,
} from "../limits.ts"
import { DELIVERY_WAKE, pushSubject } from "../ports/Bus.ts"
import { Bell } from "./alarm.ts"
import { again } from "./candidate.ts"
import { makeCap } from "./cap.ts"
import { connectionDoc, type Gate, persistently } from "./faults.ts"
import type { Following } from "./following.ts"
import type { Parts } from "./parts.ts"
import { pushRound } from "./round.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

export interface Pushing {
  readonly run: Effect.Effect<never, WorkerError>
  /** Looks at everything that is due. */
  readonly wake: Effect.Effect<void>
  readonly isIdle: Effect.Effect<boolean, WorkerError>
}

const ALL_AT_ONCE = { concurrency: "unbounded", discard: true } as const

const entityOf = (body: string): string | null => {
  try {
    const parsed: unknown = JSON.parse(body)
    const entity = typeof parsed === "object" && parsed !== null && "entity" in parsed ? parsed.entity : null
    return typeof entity === "string" && entity.includes(":") ? entity : null
  } catch {
    // A wake-up says that there is something to do; what it is stands in the state.
    return null
  }
}

export const makePushing = Effect.fn("Pushing.make")(function* (
  parts: Parts,
  gate: Gate,
  /** Told that another process has taken webhooks for the connection. */
  onDelivery: Effect.Effect<void>,
  following: Following,
) {
  const store = asWorkerError(parts.connection)
  const cap = makeCap()
  const bell = new Bell()
  /** Entities with news, by `type:id`. */
  const noted = new Set<string>()
  /** Creates that wait for the reconciler. */
  const waiting = new Set<string>()
  let rescan = true
  let isBusy = false
  let isPrepared = false
  /** The last round had to leave all of its entities for later. */
  let isStuck = false
  /** Entities for which the last look found nothing to do, by the sequence it was found at. */
  const settled = new Map<string, number>()

  const ring = Effect.sync(() => bell.ring())
  const wake = Effect.suspend(() => {
    rescan = true
    return ring
  })
  const note = (entity: string | null): void => {
    if (entity === null || noted.size >= NOTED_ENTITIES) rescan = true
    else noted.add(entity)
  }

  const listen = Effect.gen(function* () {
    const { connection, tenant } = parts
    yield* parts.bus
      .consume({
        group: `push-${tenant}-${connection}`,
        subjects: [pushSubject(streams.partitionOf(tenant), tenant, connection)],
        maxInFlight: WAKES_IN_FLIGHT,
        ackWait: WAKE_ACK_MS,
      })
      .pipe(
        // What came together is answered together: each answer of its own would wait for the disk.
        Stream.runForEachArray((deliveries) => {
          const pushes = deliveries.filter(({ body }) => body !== DELIVERY_WAKE)
          for (const { body } of pushes) note(entityOf(body))
          return Effect.all(
            [
              Effect.forEach(deliveries, ({ ack }) => ack, ALL_AT_ONCE),
              pushes.length < deliveries.length ? onDelivery : Effect.void,
              pushes.length > 0 ? ring : Effect.void,
            ],
            { discard: true },
          )
        }),
      )
    return yield* Effect.never
  }).pipe(store)

  /** Wake-ups are gone, what they were for is not. */
  const lost = Stream.runForEach(parts.bus.lost, () =>
    Effect.andThen(Effect.logInfo("wake-ups may be lost: all that is due is looked at"), wake),
  ).pipe(Effect.annotateLogs({ connection: parts.connection }))

  const dueAfter = (after: string | null, type = "", limit = ROUND_ROWS) =>
    store(
      parts.state.scan({
        tenant: parts.tenant,
        kind: "due",
        prefix: `${parts.connection}|${type}`,
        after,
        limit,
      }),
    )
  const entityAt = (key: string): string => key.slice(parts.connection.length + 1)

  const round = Effect.fnUntraced(function* (doc: ConnectionDoc, entities: ReadonlyArray<string>) {
    if (entities.length === 0) return false
    const result = yield* pushRound(parts, gate, cap, doc, entities, waiting)
    for (const entity of result.soon) noted.add(entity)
    isStuck = result.soon.length === entities.length
    return result.soon.length > 0
  })

  const readyIntents = Effect.fnUntraced(function* () {
    const now = yield* parts.tick
    return [...parts.intents.values()]
      .filter(({ job, nextAt }) => job === null && nextAt <= now)
      .map((intent) => again(intent).entityKey)
  })

  /** Everything that is due, page by page; what comes in meanwhile goes first. */
  const rescanType = Effect.fnUntraced(function* (doc: ConnectionDoc, type: EntityType) {
    for (let after: string | null = null; ;) {
      const page: ReadonlyArray<{ readonly key: string; readonly value: string }> = yield* dueAfter(after, `${type}:`)
      const result = yield* pushRound(
        parts,
        gate,
        cap,
        doc,
        page.map(({ key }) => entityAt(key)),
        waiting,
      )
      for (const entity of result.soon) noted.add(entity)
      const later = new Set(result.later)
      for (const { key, value } of page)
        if (later.has(entityAt(key))) settled.set(entityAt(key), (JSON.parse(value) as DueDoc).seq)
      if (page.length < ROUND_ROWS) return
      after = page.at(-1)!.key
      if (!(yield* gate.isRunning)) {
        rescan = true
        return
      }
    }
  })

  /** False: nothing is due. */
  const rescanAll = Effect.fnUntraced(function* (doc: ConnectionDoc) {
    settled.clear()
    // Mostly: asked once, and not for each type.
    if ((yield* dueAfter(null, "", 1)).length === 0) return false
    for (const type of CREATION_ORDER) yield* rescanType(doc, type)
    return true
  })

  /**
   * What to look at next: of one type, so that what refers to it is written when it is there. Where that made no headway,
   * everything, so that one type that has to wait holds back no other.
   */
  const nextOf = (entities: ReadonlyArray<string>): ReadonlyArray<string> => {
    if (isStuck) return entities.slice(0, ROUND_ROWS)
    const type = CREATION_ORDER.find((one) => entities.some((entity) => entity.startsWith(`${one}:`)))
    return entities.filter((entity) => entity.startsWith(`${type}:`)).slice(0, ROUND_ROWS)
  }

  /** What has to exist at the provider before the first write; false: not yet. */
  const prepare = Effect.gen(function* () {
    if (parts.connector.prepare !== undefined) yield* persistently(gate.call("push", parts.connector.prepare))
    isPrepared = true
    return true
  }).pipe(
    Effect.catchTag("ProviderError", (error) =>
      Effect.as(
        Effect.logWarning("writes can't be prepared", { connection: parts.connection, fault: error.message }).pipe(
          Effect.andThen(Effect.sync(() => parts.counting.fault(error.message))),
        ),
        false,
      ),
    ),
  )

  const step = Effect.gen(function* () {
    const doc = yield* store(connectionDoc(parts))
    if (doc === null || !doc.armed || !(yield* gate.isRunningBy(doc))) return PAUSED_LOOK_MS
    if (!(yield* following.mayWrite(doc))) return PAUSED_LOOK_MS
    if (!isPrepared && !(yield* prepare)) return WALK_RETRY_MS
    const retries = yield* readyIntents()
    if (rescan) {
      rescan = false
      // Where nothing was due, nothing of what was read before is another since.
      if (yield* rescanAll(doc)) return 0
    }
    if (noted.size > 0 || retries.length > 0) {
      const entities = nextOf([...new Set([...retries, ...noted])])
      for (const entity of entities) noted.delete(entity)
      return (yield* round(doc, entities)) ? LAG_WAIT_MS : 0
    }
    const now = yield* parts.tick
    const next = [...parts.intents.values()].filter(({ job }) => job === null).map(({ nextAt }) => nextAt - now)
    return Math.max(1, Math.min(RESCAN_MS, ...next))
  })

  const push = Effect.gen(function* () {
    for (;;) {
      isBusy = true
      bell.hush()
      const wait = yield* step
      if (wait === 0) continue
      isBusy = false
      const isRung = yield* parts.alarm.untilRung(bell, wait)
      if (!isRung && wait === RESCAN_MS) rescan = true
    }
  })

  const isIdle = Effect.gen(function* () {
    const doc = yield* store(connectionDoc(parts))
    if (doc === null || !doc.armed || doc.paused.length > 0 || doc.closed) return !isBusy
    if (isBusy || rescan || noted.size > 0 || parts.intents.size > 0) return false
    const due = yield* dueAfter(null)
    return due.every(({ key, value }) => settled.get(entityAt(key)) === (JSON.parse(value) as DueDoc).seq)
  })

  const pushing: Pushing = {
    run: Effect.andThen(Effect.all([listen, lost, push], { concurrency: "unbounded" }), Effect.never),
    wake,
    isIdle,
  }
  return pushing
})
