/**
 * Opens a connection, reads what is not read yet, and opens it again when something of it is another: its mapping, what may
 * be created, its metadata after an hour, or a wish that all be read again.
 */
import type { Mapping } from "@concordat/rules/mapping/lens"
import * as Effect from "effect/Effect"
import { MAPPING_LOOK_MS, METADATA_EVERY_MS, WALK_RETRY_MS } from "../limits.ts"
import { connectionDoc } from "./faults.ts"
import { listAgain, listedUnder, observeMetadata, readAllOf, unread, untilMapped } from "./opening.ts"
import type { Parts } from "./parts.ts"
import type { Polling } from "./polling.ts"
import { Flow } from "./rota.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

/** Since it was opened. */
interface Opened {
  /** ms since 1970. */
  readonly at: number
  readonly under: string
}

export class Reopening extends Flow {
  readonly parts: Parts
  readonly polling: Polling
  isOpening = true
  isStarted = false
  /** Somebody wants everything read that is not. */
  isAgain = false
  opened: Opened | null = null

  constructor(parts: Parts, polling: Polling) {
    super(parts.rota)
    this.parts = parts
    this.polling = polling
  }

  again(): void {
    this.isAgain = true
    this.ring()
  }

  override turn(): Effect.Effect<number, WorkerError> {
    return turn(this)
  }
}

const turn = Effect.fnUntraced(function* (self: Reopening) {
  const { parts } = self
  if (self.opened !== null && !(yield* isAnother(self, self.opened)))
    return restOf(self, self.opened, yield* parts.tick)
  self.opened = null
  self.isAgain = false
  self.isOpening = true
  const opening = self.polling.guarded("opening", open(self))
  const isRead = yield* self.isStarted ? opening : parts.starting(opening)
  self.isStarted = true
  self.isOpening = !isRead
  if (!isRead) {
    yield* Effect.sleep(WALK_RETRY_MS)
    return 0
  }
  for (const rewalk of self.polling.rewalks) rewalk.ring()
  const at = yield* parts.tick
  self.opened = { at, under: yield* listedUnder(parts) }
  return restOf(self, self.opened, at)
})

const restOf = ({ parts }: Reopening, { at }: Opened, now: number): number =>
  Math.min(parts.news.lookIn(now, MAPPING_LOOK_MS), Math.max(1, at + METADATA_EVERY_MS - now))

const isAnother = Effect.fnUntraced(function* (self: Reopening, { at, under }: Opened) {
  if (self.isAgain || (yield* self.parts.tick) - at >= METADATA_EVERY_MS) return true
  return (yield* listedUnder(self.parts)) !== under
})

const open = (self: Reopening) =>
  Effect.gen(function* () {
    const metadata = yield* observeMetadata(self.parts, self.polling.gate)
    const mapping = yield* untilMapped(self.parts, metadata)
    yield* self.polling.counted(readWhatIsNew(self, mapping))
  })

export const isDone = (parts: Parts) =>
  Effect.map(asWorkerError(parts.connection)(connectionDoc(parts)), (doc) => doc?.backfill.state === "done")

/** What is not read yet under today's mapping is read; without anything to read, somebody else says when all is in. */
const readWhatIsNew = Effect.fnUntraced(function* ({ parts, polling }: Reopening, mapping: Mapping) {
  const objects = yield* unread(parts, mapping)
  const hasWalk = parts.connector.backfill !== undefined
  // A crash between the last page and its word leaves all read and nothing said.
  if (objects.length > 0 || (hasWalk && !(yield* isDone(parts))))
    yield* readAllOf(parts, polling.gate, polling, mapping, objects)
  else if (yield* isDone(parts)) yield* listAgain(parts)
})
