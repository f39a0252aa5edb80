/** Hints that wait to be looked at: coalesced by record, looked at twice where the provider may have been too quick. */
import { type RecordKey, recordKey } from "@concordat/rules/state/documents"
import { CREATED_LOOKS_MS, HINTS_WAITING } from "../limits.ts"
import type { Hint } from "../ports/Provider.ts"
import { FIELDS } from "./facets.ts"

interface Waiting {
  readonly record: RecordKey
  /** When the newest hint came, ms since 1970: a read that began after it has seen what it is about. */
  hintedAt: number
  /** The facets that the hints are about; null: all of them. */
  facets: ReadonlySet<string> | null
  /** Every hint said "changed": nothing that a read of before could not have shown. */
  isPlain: boolean
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

export interface Taken extends RecordKey, Readonly<Pick<Waiting, "hintedAt" | "facets" | "isPlain">> {}

export interface HintBoard {
  /**
   * False: there is no room, and the delivery has to be taken again later. `hintedAt`: when the hint came, where that was
   * before now.
   */
  readonly add: (hint: Hint, now: number, delivery: number | null, hintedAt?: number) => boolean
  /**
   * What is due, of the object that has waited longest: records of one object share their calls, where those for the first
   * of them show enough. Taken off the board, so each has to be given back through `looked` or `failed`. `limit`: by object.
   */
  readonly take: (now: number, limit: (object: string) => number) => ReadonlyArray<Taken>
  /** The record was read: `found` is false where it was not there. */
  readonly looked: (record: RecordKey, found: boolean, now: number) => void
  /** The read failed: everything is as before. */
  readonly failed: (record: RecordKey, now: number) => void
  /** When the next one is due, ms since 1970; null: none waits. */
  readonly nextAt: () => number | null
  /** Whether a look at the record is to come soon anyway. */
  readonly awaits: (record: RecordKey) => boolean
  /** The last delivery up to which everything is done, given the last one that was added. */
  readonly doneTo: (added: number) => number
  /** Looks that somebody waits for; those made again later are only a precaution. */
  readonly pending: () => number
}

type Facets = Waiting["facets"]
const union = (a: Facets, b: Facets): Facets => (a === null || b === null ? null : a.union(b))
/** Whether a read for some facets shows others: every read shows the own fields. */
const shows = (read: Facets, wanted: Facets): boolean =>
  read === null || (wanted !== null && [...wanted].every((facet) => facet === FIELDS || read.has(facet)))

/** A look that is made later is made then: no read of before is as good. */
const laterAt = (at: number): Pick<Waiting, "dueAt" | "hintedAt" | "isSecond"> => ({
  dueAt: at,
  hintedAt: at,
  isSecond: true,
})

export const makeHintBoard = (secondLookMs: number): HintBoard => {
  const waiting = new Map<string, Waiting>()
  const taken = new Map<string, Waiting>()

  const add: HintBoard["add"] = (hint, now, delivery, hintedAt = now) => {
    const key = recordKey(hint)
    const known = waiting.get(key)
    if (known === undefined && waiting.size >= HINTS_WAITING) return false
    const one: Waiting = known ?? {
      record: { object: hint.object, id: hint.id },
      hintedAt,
      facets: new Set(),
      isPlain: true,
      dueAt: now,
      isSecond: false,
      createdLooks: [],
      isSecondOwed: false,
      deliveries: new Set(),
    }
    one.dueAt = Math.min(one.dueAt, now)
    if (one.isSecond && secondLookMs > 0) one.isSecondOwed = true
    one.isSecond = false
    one.hintedAt = Math.max(one.hintedAt, hintedAt)
    one.facets = union(one.facets, hint.about === undefined ? null : new Set([hint.about]))
    if (hint.kind !== "changed") one.isPlain = false
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
    newer.hintedAt = Math.max(newer.hintedAt, one.hintedAt)
    newer.facets = union(newer.facets, one.facets)
    newer.isPlain &&= one.isPlain
    // What was owed to the one is owed to both: a later look is made later, however soon the next one is.
    if (secondLookMs > 0 && (one.isSecondOwed || one.isSecond)) newer.isSecondOwed = true
    if (one.createdLooks.length > newer.createdLooks.length) newer.createdLooks = one.createdLooks
  }

  return {
    add,
    take: (now, limit) => {
      const records: Array<Taken> = []
      let first: Waiting | null = null
      for (const [key, one] of waiting) {
        if (first !== null && records.length >= limit(first.record.object)) break
        // What is being read is read again afterwards, if it was hinted at meanwhile.
        if (one.dueAt > now || taken.has(key)) continue
        first ??= one
        if (one.record.object !== first.record.object || !shows(first.facets, one.facets)) continue
        waiting.delete(key)
        taken.set(key, one)
        const { facets, hintedAt, isPlain, record } = one
        records.push({ ...record, facets, hintedAt, isPlain })
      }
      return records
    },
    looked: (record, found, now) => {
      const one = taken.get(recordKey(record))
      if (one === undefined) return
      taken.delete(recordKey(record))
      const [next, ...rest] = one.createdLooks
      if (!found && next !== undefined) return putBack({ ...one, createdLooks: rest, ...laterAt(now + next) })
      if (one.isSecondOwed) putBack({ ...one, createdLooks: [], isSecondOwed: false, ...laterAt(now + secondLookMs) })
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
    awaits: (record) => waiting.get(recordKey(record))?.isSecond === false,
    doneTo: (added) => {
      let done = added
      for (const one of [...waiting.values(), ...taken.values()])
        for (const delivery of one.deliveries) done = Math.min(done, delivery - 1)
      return done
    },
    pending: () => taken.size + [...waiting.values()].filter((one) => !one.isSecond).length,
  }
}
