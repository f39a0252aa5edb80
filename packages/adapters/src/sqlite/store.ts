/**
 * The store itself: takes requests in batches, writes a batch in one transaction, then reads. It knows neither threads
 * nor Effect; `serving.ts` runs it in a thread, `client.ts` also in place.
 */
import type { DatabaseSync } from "node:sqlite"
import { openBusTables } from "./bus-tables.ts"
import { isDiskFailure, toFailure } from "./failures.ts"
import { openJournalOrder } from "./journal-order.ts"
import { openJournalTables } from "./journal-tables.ts"
import { GROUP_CHARACTERS, GROUP_UNITS } from "./limits.ts"
import { openFile } from "./open-file.ts"
import type { Answers, Commits, Envelope, Failure, Read, Reply, Request, Write } from "./protocol.ts"
import { openStateTables } from "./state-tables.ts"
import { openWal } from "./wal.ts"

type AnyAnswer = Answers[Request["op"]]

const isWrite = (request: Request): request is Write => {
  switch (request.op) {
    case "commit":
    case "forget":
    case "skip":
    case "clear":
    case "join":
    case "take":
    case "settle":
      return true
    default:
      return false
  }
}

/**
 * Whether it is acknowledged when it is on the disk. Not what only says who has a message: lost with the machine's power it
 * means another delivery, which is allowed. Nor documents and checkpoints without an event: they follow from the journal, and
 * the log keeps its order, so they are lost together with whatever came after them, as if the power had failed before. A dead
 * process loses none of it.
 */
const waitsForDisk = (request: Write): boolean => {
  switch (request.op) {
    case "take":
    case "settle":
      return false
    case "commit":
      return request.events.length > 0 || request.commands.length > 0
    default:
      return true
  }
}

const charactersOf = (request: Request): number => {
  if (request.op !== "commit") return 0
  let sum = 0
  for (const text of request.events) sum += text.length
  for (const text of request.documents) sum += text?.length ?? 0
  for (const text of request.commands) sum += text.length
  return sum
}

const openTables = (db: DatabaseSync) => {
  const journal = openJournalTables(db)
  return { journal, order: openJournalOrder(db, journal), state: openStateTables(db), bus: openBusTables(db) }
}

export const openStore = (path: string) => {
  const db = openFile(path)
  const { journal, order, state, bus } = openTables(db)
  const wal = openWal(db, path)
  /** Set once the disk failed: from then on nothing is promised any more. */
  let broken: Failure | null = null

  const write = (request: Write): AnyAnswer => {
    switch (request.op) {
      case "commit": {
        const result = journal.append(request)
        if (result._tag === "Conflict") return result
        state.write(request)
        bus.publish(request.commands, request.now)
        return result
      }
      case "forget":
        journal.forget(request.stream, request.before)
        return null
      case "skip":
        journal.skip(request.stream, request.revision)
        return null
      case "clear":
        state.clear()
        return null
      case "join":
        bus.join(request.group, request.subjects, request.now)
        return null
      case "take":
        return bus.take(request.group, request.subjects, request.max, request.now, request.ackWait)
      case "settle":
        bus.settle(request.group, request.seq, request.attempt, request.due)
        return null
    }
  }

  const read = (request: Read): AnyAnswer => {
    switch (request.op) {
      case "stream":
        return journal.readStream(request.stream, request.from, request.backward, request.limit)
      case "all":
        return order.read(request.after, request.prefixes, request.limit, request.without)
      case "at":
        return order.at(request.position)
      case "end":
        return journal.end()
      case "get":
        return state.get(request.ids)
      case "scan":
        return state.scan(request.tenant, request.kind, request.prefix, request.after, request.limit)
      case "count":
        return state.count(request.tenant, request.kind, request.prefix)
      case "tenants":
        return state.tenants()
      case "checkpoint":
        return state.checkpoint(request.name)
    }
  }

  const undo = (cause: unknown): Failure => {
    const failure = toFailure(cause)
    if (isDiskFailure(cause)) broken = failure
    if (db.isTransaction) db.exec("ROLLBACK")
    journal.reload()
    state.reload()
    bus.reload()
    return failure
  }

  /** One transaction. What fails in a shared one is done again alone, so that it fails nobody else. */
  const transact = (units: ReadonlyArray<Envelope & { readonly request: Write }>): ReadonlyArray<Reply> => {
    let committing = false
    const waits = units.some(({ request }) => waitsForDisk(request))
    try {
      db.exec(`PRAGMA synchronous = ${waits ? "FULL" : "NORMAL"}; BEGIN IMMEDIATE`)
      const replies = units.map(({ id, request }): Reply => ({ id, ok: true, answer: write(request) }))
      committing = true
      db.exec("COMMIT")
      return replies
    } catch (cause) {
      const failure = undo(cause)
      if (broken !== null) {
        const reason = committing ? "indeterminate" : "unavailable"
        return units.map(({ id }) => ({ id, ok: false, failure: { ...failure, reason } }))
      }
      if (units.length > 1) return units.flatMap((unit) => transact([unit]))
      return units.map(({ id }) => ({ id, ok: false, failure }))
    }
  }

  /** Takes from the front what may share a transaction. */
  const nextGroup = (writes: Array<Envelope & { readonly request: Write }>) => {
    let characters = 0
    let size = 0
    while (size < writes.length && size < GROUP_UNITS && characters < GROUP_CHARACTERS)
      characters += charactersOf(writes[size++]!.request)
    return writes.splice(0, size)
  }

  const answer = ({ id, request }: Envelope): Reply => {
    try {
      if (isWrite(request)) throw new TypeError(`${request.op} is no read`)
      return { id, ok: true, answer: read(request) }
    } catch (cause) {
      return { id, ok: false, failure: toFailure(cause) }
    }
  }

  /**
   * Writes first: who waits for durability is not to wait for a reader. `reply` is called after each transaction and
   * once for the reads.
   */
  const handle = (
    batch: ReadonlyArray<Envelope>,
    reply: (replies: ReadonlyArray<Reply>, commits: Commits | null) => void,
  ): void => {
    const refuse = (envelopes: ReadonlyArray<Envelope>, failure: Failure) =>
      reply(
        envelopes.map(({ id }): Reply => ({ id, ok: false, failure })),
        null,
      )
    const writes = batch.filter((envelope): envelope is Envelope & { readonly request: Write } =>
      isWrite(envelope.request),
    )
    const reads = batch.filter(({ request }) => !isWrite(request))
    while (writes.length > 0) {
      if (broken !== null) {
        refuse(writes, broken)
        break
      }
      const replies = transact(nextGroup(writes))
      const buckets = journal.takeTouched()
      reply(replies, buckets.length === 0 ? null : { end: journal.end(), buckets })
      wal.afterCommit()
    }
    if (reads.length > 0) reply(reads.map(answer), null)
  }

  return {
    handle,
    end: journal.end,
    /** To be called when nothing waits. */
    idle: wal.whenIdle,
    close: (): void => {
      if (broken === null) wal.beforeClose()
      db.close()
    },
  }
}
export type Store = ReturnType<typeof openStore>
