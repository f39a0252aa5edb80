/** Hints that wait to be looked at: coalesced by record, looked at twice where the provider may have been too quick. */
import { type RecordKey, recordKey } from "@concordat/rules/state/documents"
import { CREATED_LOOKS_MS, HINTS_WAITING } from "../limits.ts"
import type { Hint } from "../ports/Provider.ts"

interface Waiting {
  readonly record: RecordKey
  /** ms since 1970. */
  dueAt: number
  /** A look made again later, for a provider that said it too early. */
  isSecond: boolean
  /** Looks left for a record that is said to be created and is not there. */
  createdLooks: ReadonlyArray<number>
  isSecondOwed: boolean
  /** Deliveries that are done when this is. */
  deliveries: Set<number>
}

export interface HintBoard {
  /** False: there is no room, and the delivery has to be taken again later. */
  readonly add: (hint: Hint, now: number, delivery: number | null) => boolean
  /**
   * What is due, of the object that has waited longest: records of one object share their calls. Taken off the board, so
   * each has to be given back through `looked` or `failed`. `limit`: by object.
   */
  readonly take: (now: number, limit: (object: string) => number) => ReadonlyArray<RecordKey>
  /** The record was read: `found` is false where it was not there. */
  readonly looked: (record: RecordKey, found: boolean, now: number) => void
  /** The read failed: everything is as before. */
  readonly failed: (record: RecordKey, now: number) => void
  /** When the next one is due, ms since 1970; null: none waits. */
  readonly nextAt: () => number | null
  /** The last delivery up to which everything is done, given the last one that was added. */
  readonly doneTo: (added: number) => number
  /** Looks that somebody waits for; those made again later are only a precaution. */
  readonly pending: () => number
}

export const makeHintBoard = (secondLookMs: number): HintBoard => {
  const waiting = new Map<string, Waiting>()
  const taken = new Map<string, Waiting>()

  const add: HintBoard["add"] = (hint, now, delivery) => {
    const key = recordKey(hint)
    const known = waiting.get(key)
    if (known === undefined && waiting.size >= HINTS_WAITING) return false
    const one: Waiting = known ?? {
      record: { object: hint.object, id: hint.id },
      dueAt: now,
      isSecond: false,
      createdLooks: [],
      isSecondOwed: false,
      deliveries: new Set(),
    }
    one.dueAt = Math.min(one.dueAt, now)
    one.isSecond = false
    if (secondLookMs > 0 && delivery !== null) one.isSecondOwed = true
    if (hint.kind === "created" || hint.kind === "restored") one.createdLooks = CREATED_LOOKS_MS
    if (delivery !== null) one.deliveries.add(delivery)
    waiting.set(key, one)
    return true
  }

  /** Puts it back, joined with what came in for the same record meanwhile. */
  const putBack = (one: Waiting): void => {
    const key = recordKey(one.record)
    const newer = waiting.get(key)
    if (newer === undefined) {
      waiting.set(key, one)
      return
    }
    for (const delivery of one.deliveries) newer.deliveries.add(delivery)
    newer.dueAt = Math.min(newer.dueAt, one.dueAt)
  }

  return {
    add,
    take: (now, limit) => {
      const records: Array<RecordKey> = []
      let object: string | null = null
      for (const [key, one] of waiting) {
        if (object !== null && records.length >= limit(object)) break
        // What is being read is read again afterwards, if it was hinted at meanwhile.
        if (one.dueAt > now || taken.has(key) || (object !== null && one.record.object !== object)) continue
        object = one.record.object
        waiting.delete(key)
        taken.set(key, one)
        records.push(one.record)
      }
      return records
    },
    looked: (record, found, now) => {
      const one = taken.get(recordKey(record))
      if (one === undefined) return
      taken.delete(recordKey(record))
      const [next, ...rest] = one.createdLooks
      if (!found && next !== undefined)
        return putBack({ ...one, createdLooks: rest, dueAt: now + next, isSecond: true })
      if (one.isSecondOwed)
        putBack({ ...one, createdLooks: [], isSecondOwed: false, dueAt: now + secondLookMs, isSecond: true })
    },
    failed: (record, now) => {
      const one = taken.get(recordKey(record))
      if (one === undefined) return
      taken.delete(recordKey(record))
      putBack({ ...one, dueAt: now })
    },
    nextAt: () => {
      let next: number | null = null
      for (const [key, one] of waiting)
        if (!taken.has(key)) next = next === null ? one.dueAt : Math.min(next, one.dueAt)
      return next
    },
    doneTo: (added) => {
      let done = added
      for (const one of [...waiting.values(), ...taken.values()])
        for (const delivery of one.deliveries) done = Math.min(done, delivery - 1)
      return done
    },
    pending: () => taken.size + [...waiting.values()].filter((one) => !one.isSecond).length,
  }
}
