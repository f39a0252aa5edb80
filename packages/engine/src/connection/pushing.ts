/**
 * When to push: at a wake-up, when a retry is due, and whatever is due when the bus says that wake-ups were lost, and every
 * half minute, since they may be lost without a word.
 */
import { CREATION_ORDER, type EntityType } from "@concordat/model/canonical/fields"
import type { ConnectionDoc, DueDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import {
  LAG_WAIT_MS,
  LITTLE,
  NOTED_ENTITIES,
  PAUSED_LOOK_MS,
  RESCAN_MS,
  ROUND_ROWS,
  ROUNDS_AT_ONCE,
  WALK_RETRY_MS,
} from "../limits.ts"
import { again } from "./candidate.ts"
import { Cap } from "./cap.ts"
import { connectionDoc, type Gate, persistently } from "./faults.ts"
import type { Following } from "./following.ts"
import { Listening } from "./listening.ts"
import type { Parts } from "./parts.ts"
import type { StoredDocument } from "../ports/State.ts"
import { Flow } from "./rota.ts"
import { pushRound } from "./round.ts"
import { Turnstile } from "./turnstile.ts"
import { goFirst } from "../right-of-way.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

export class Pushing extends Flow {
  readonly parts: Parts
  readonly gate: Gate
  readonly following: Following
  readonly listening: Listening
  readonly cap = new Cap()
  /** Entities with news, by `type:id`. */
  readonly noted = new Set<string>()
  /** Creates that wait for the reconciler. */
  readonly waiting = new Set<string>()
  /** Entities for which the last look found nothing to do, by the sequence it was found at. */
  readonly settled = new Map<string, number>()
  /** Everything that is due is to be looked at. */
  rescan = true
  /** Entities of the rounds that are under way. */
  readonly underWay = new Set<string>()
  isBusy = false
  isPrepared = false
  /** The last round had to leave all of its entities for later. */
  isStuck = false
  /** Something may be due that waits for a time, or for another entity. */
  isLeft = false
  /** For how long it rests, ms. */
  rests = 0

  /** `onDelivery`: told that another process has taken webhooks for the connection. */
  constructor(parts: Parts, gate: Gate, following: Following, onDelivery: () => void) {
    super(parts.rota)
    this.listening = new Listening(parts, this, onDelivery)
    this.parts = parts
    this.gate = gate
    this.following = following
  }

  override turn(isRung: boolean): Effect.Effect<number, WorkerError> {
    return turn(this, isRung)
  }

  /** Looks at everything that is due. */
  wake(): void {
    this.rescan = true
    this.ring()
  }

  note(entity: string | null): void {
    if (entity === null || this.noted.size >= NOTED_ENTITIES) this.rescan = true
    else this.noted.add(entity)
  }

  get isIdle(): Effect.Effect<boolean, WorkerError> {
    return isIdle(this)
  }

  /** Whether the rounds under way are full ones, so that more is to come. */
  get isMuch(): boolean {
    return this.underWay.size >= ROUND_ROWS
  }
}

const turn = Effect.fnUntraced(function* (self: Pushing, isRung: boolean) {
  if (!isRung && self.rests === RESCAN_MS) self.rescan = true
  self.isBusy = true
  const isLittle = !self.rescan && self.noted.size <= LITTLE
  self.rests = yield* isLittle ? goFirst(self.parts.tenant, step(self)) : step(self)
  self.isBusy = self.rests === 0
  return self.rests
})

const step = Effect.fnUntraced(function* (self: Pushing) {
  const { following, gate, noted, parts } = self
  const doc = yield* asWorkerError(parts.connection)(connectionDoc(parts))
  const began = yield* parts.tick
  if (doc === null || !doc.armed || gate.isPausedBy(doc)) return parts.news.lookIn(began, PAUSED_LOOK_MS)
  const openIn = parts.budget.openAt() - began
  if (openIn > 0) return Math.max(PAUSED_LOOK_MS, Math.min(RESCAN_MS - 1, Math.ceil(openIn)))
  if (!following.mayWrite(doc, began)) return PAUSED_LOOK_MS
  if (!self.isPrepared && !(yield* prepare(self))) return WALK_RETRY_MS
  const retries = yield* readyIntents(parts)
  if (self.rescan) {
    self.rescan = false
    // Where nothing was due, nothing of what was read before is another since.
    if (yield* rescanAll(self, doc)) return 0
  }
  if (noted.size > 0 || retries.length > 0) return (yield* takeNoted(self, doc)) ? LAG_WAIT_MS : 0
  const now = yield* parts.tick
  const next = [...parts.intents.values()].filter(({ job }) => job === null).map(({ nextAt }) => nextAt - now)
  return Math.max(1, Math.min(self.isLeft ? RESCAN_MS : Number.POSITIVE_INFINITY, ...next))
})

/** What has to exist at the provider before the first write; false: not yet. */
const prepare = (self: Pushing) =>
  Effect.gen(function* () {
    const { connector } = self.parts
    if (connector.prepare !== undefined) yield* persistently(self.gate.call("push", connector.prepare))
    self.isPrepared = true
    return true
  }).pipe(
    Effect.catchTag("ProviderError", (error) =>
      Effect.as(
        Effect.logWarning("writes can't be prepared", {
          connection: self.parts.connection,
          fault: error.message,
        }).pipe(Effect.andThen(Effect.sync(() => self.parts.counting.fault(error.message)))),
        false,
      ),
    ),
  )

const readyIntents = (parts: Parts) =>
  Effect.map(parts.tick, (now) =>
    [...parts.intents.values()]
      .filter(({ job, nextAt }) => job === null && nextAt <= now)
      .map((intent) => again(intent).entityKey),
  )

const dueAfter = (parts: Parts, after: string | null, type = "", limit = ROUND_ROWS) => {
  const { connection, state, tenant } = parts
  const due = state.scan({ tenant, kind: "due", prefix: `${connection}|${type}`, after, limit })
  return asWorkerError(connection)(due)
}
const entityAt = (parts: Parts, key: string): string => key.slice(parts.connection.length + 1)

/** Each goes on with another round for as long as it answers true. */
const sideBySide = <R>(round: Effect.Effect<boolean, WorkerError, R>): Effect.Effect<void, WorkerError, R> =>
  Effect.forEach(Array.from({ length: ROUNDS_AT_ONCE }), () => Effect.repeat(round, { while: (isMore) => isMore }), {
    concurrency: "unbounded",
    discard: true,
  })

/** Of entities that no other round under way has: two would each begin a write, of a create two. */
const round = ({ cap, gate, parts, underWay, waiting }: Pushing, doc: ConnectionDoc, entities: ReadonlyArray<string>) =>
  Effect.ensuring(
    pushRound(parts, gate, cap, doc, entities, waiting),
    Effect.sync(() => {
      for (const entity of entities) underWay.delete(entity)
    }),
  )

/** Rounds of what was noted, side by side for as long as there is enough for all of them. True: some wait for a moment. */
const takeNoted = Effect.fnUntraced(function* (self: Pushing, doc: ConnectionDoc) {
  const { gate, noted, parts } = self
  let [isEnough, isLate] = [true, false]
  const notedRound = Effect.gen(function* () {
    const entities = nextOf(self, yield* readyIntents(parts))
    // More may be noted meanwhile: who is alone ends, and all begin again.
    isEnough &&= entities.length >= ROUND_ROWS
    if (entities.length === 0) return false
    self.isLeft = true
    const { soon } = yield* round(self, doc, entities)
    for (const entity of soon) noted.add(entity)
    self.isStuck = soon.length === entities.length
    isLate ||= soon.length > 0
    return isEnough && !isLate && !self.rescan && (yield* gate.isRunning)
  })
  yield* sideBySide(notedRound)
  return isLate
})

/** Everything of a type that is due, page by page. */
const rescanType = Effect.fnUntraced(function* (self: Pushing, doc: ConnectionDoc, type: EntityType) {
  const { gate, noted, parts, settled, underWay } = self
  const one = new Turnstile()
  let [after, isOver]: [string | null, boolean] = [null, false]
  const nextPage = Effect.gen(function* () {
    if (isOver) return []
    const page: ReadonlyArray<StoredDocument> = yield* dueAfter(parts, after, `${type}:`)
    isOver = page.length < ROUND_ROWS
    after = page.at(-1)?.key ?? after
    return page
  })
  const pageRound = Effect.gen(function* () {
    const page = yield* one.within(nextPage)
    // Mostly there is something of one type only.
    if (page.length === 0) return false
    const due = page.map(({ key }) => entityAt(parts, key))
    for (const entity of due) underWay.add(entity)
    const result = yield* round(self, doc, due)
    for (const entity of result.soon) noted.add(entity)
    const later = new Set(result.later)
    for (const [i, { value }] of page.entries())
      if (later.has(due[i]!)) settled.set(due[i]!, (JSON.parse(value) as DueDoc).seq)
    if (isOver) return false
    if (yield* gate.isRunning) return true
    isOver = true
    self.rescan = true
    return false
  })
  yield* sideBySide(pageRound)
})

/** False: nothing is due. */
const rescanAll = Effect.fnUntraced(function* (self: Pushing, doc: ConnectionDoc) {
  self.settled.clear()
  // Mostly: asked once, and not for each type.
  self.isLeft = (yield* dueAfter(self.parts, null, "", 1)).length > 0
  if (!self.isLeft) return false
  for (const type of CREATION_ORDER) yield* rescanType(self, doc, type)
  return true
})

/**
 * What to look at next: of one type, so that what refers to it is written when it is there. Where that made no headway,
 * everything, so that one type that has to wait holds back no other.
 */
const nextOf = (self: Pushing, ready: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { isStuck, noted, underWay } = self
  const entities = [...new Set([...ready, ...noted])].filter((entity) => !underWay.has(entity))
  const isOf = (type: string) => (entity: string) => entity.startsWith(`${type}:`)
  const [running] = underWay
  const type =
    running === undefined
      ? CREATION_ORDER.find((one) => entities.some(isOf(one)))
      : CREATION_ORDER.find((one) => isOf(one)(running))
  const isAny = isStuck && running === undefined
  const next = (isAny ? entities : isStuck ? [] : entities.filter(isOf(type ?? ""))).slice(0, ROUND_ROWS)
  for (const entity of next) {
    noted.delete(entity)
    underWay.add(entity)
  }
  return next
}

const isIdle = Effect.fnUntraced(function* (self: Pushing) {
  const { noted, parts, settled } = self
  const doc = yield* asWorkerError(parts.connection)(connectionDoc(parts))
  if (doc === null || !doc.armed || doc.paused.length > 0 || doc.closed) return !self.isBusy
  if (self.isBusy || self.rescan || noted.size > 0 || parts.intents.size > 0) return false
  const due = yield* dueAfter(parts, null)
  return due.every(({ key, value }) => settled.get(entityAt(parts, key)) === (JSON.parse(value) as DueDoc).seq)
})
