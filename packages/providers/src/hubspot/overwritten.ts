/**
 * What our write stood over, and whether it was taken where its answer was lost: the history of a property holds each value that it had, the newest first, with its source. The one
 * before ours is what was read directly before, unless somebody came in between, or the record was made of two: it has the
 * histories of both then, with what we wrote into the other, and its value is the older one where that is of the one that remained.
 */
import type { Overwritten, RawRecord, ShownWrite, TakenWrite } from "@concordat/engine/ports/Provider"
import type { Json } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import type { HubspotClient } from "./client.ts"
import { kindOf } from "./history.ts"
import { STAGE } from "./lifecycle.ts"
import { batchRead, empty, mergedIds } from "./reading.ts"
import type { WireRecord } from "./wire.ts"

/** A batch read with histories takes half as many records (HS38). */
const MOST = 50

type Version = NonNullable<WireRecord["propertiesWithHistory"]>[string][number]

const textOf = (value: Json | undefined): string | null =>
  value === undefined || value === null || typeof value === "object" ? null : empty(String(value))

interface Written {
  readonly held: string | null
  readonly before: string | null
  /** HubSpot's time of the record as it was read before the write. */
  readonly stamp: number | undefined
  /** Whether the record was made of two. */
  readonly isMerged: boolean
  /** Whether we may have cleared it ourselves before we wrote it (HS48). */
  readonly isCleared: boolean
}

const isOfSameApp = (one: Version, other: Version): boolean =>
  one.sourceType === other.sourceType && typeof one.sourceId === "string" && one.sourceId === other.sourceId

const newestFirst = (versions: ReadonlyArray<Version>): ReadonlyArray<Version> =>
  versions.toSorted((a, b) => Date.parse(b.timestamp) - Date.parse(a.timestamp))

const isOurs =
  (held: string | null) =>
  ({ sourceType, value }: Version): boolean =>
    empty(value) === held && kindOf(sourceType) === "integration"

/** The version that stood between what was read and what we wrote; undefined where there was none, or ours is not told. */
const between = (
  versions: ReadonlyArray<Version>,
  { before, held, isCleared, isMerged, stamp }: Written,
): Version | undefined => {
  const all = newestFirst(versions)
  const ours = all.findIndex(isOurs(held))
  const mine = all[ours]
  if (mine === undefined) return undefined
  // What we wrote into the other of the two meanwhile never stood in this one.
  const isOthers = (one: Version): boolean => isMerged && empty(one.value) !== before && isOfSameApp(one, mine)
  const isOurClearing = (one: Version): boolean => isCleared && empty(one.value) === null && isOfSameApp(one, mine)
  const under = all.slice(ours + 1).find((one) => !isOthers(one) && !isOurClearing(one))
  if (under === undefined || empty(under.value) === before || empty(under.value) === held) return undefined
  if (stamp !== undefined && Date.parse(under.timestamp) <= stamp) return undefined
  // What was read before the write came after that one: it is an older write of the same value, and this one was not taken.
  const read = all.findIndex(({ value }) => empty(value) === before)
  return read >= 0 && read < ours ? undefined : under
}

const overwrittenIn = (record: WireRecord, write: TakenWrite): Overwritten | undefined => {
  const values: Record<string, Json> = {}
  const by = new Set<RawRecord["by"]>()
  let stamp = Number.NEGATIVE_INFINITY
  const isMerged = mergedIds(record).length > 0
  for (const [name, versions] of Object.entries(record.propertiesWithHistory ?? {})) {
    if (!(name in write.held)) continue
    const [held, before] = [textOf(write.held[name]), textOf(write.before[name])]
    const under = between(versions, {
      held,
      before,
      stamp: write.stamp,
      isMerged,
      isCleared: name === STAGE && before !== null,
    })
    if (under === undefined) continue
    values[name] = empty(under.value)
    by.add(kindOf(under.sourceType))
    stamp = Math.max(stamp, Date.parse(under.timestamp))
  }
  if (Object.keys(values).length === 0) return undefined
  const [who] = by
  return {
    key: write.key,
    values,
    ...(Number.isFinite(stamp) ? { stamp } : {}),
    ...(by.size === 1 && who !== undefined ? { by: who } : {}),
  }
}

/**
 * The version that such a write made. Of a record that was made of two it is not told which of them it was written into. A value
 * that stood there already makes none.
 */
const madeBy = (record: WireRecord, write: TakenWrite): ShownWrite | undefined => {
  if (mergedIds(record).length > 0) return undefined
  let stamp = Number.NEGATIVE_INFINITY
  for (const [name, value] of Object.entries(write.held)) {
    const [held, before] = [textOf(value), textOf(write.before[name])]
    if (held === before) continue
    const all = newestFirst(record.propertiesWithHistory?.[name] ?? [])
    const ours = all.findIndex(isOurs(held))
    const mine = all[ours]
    if (mine === undefined) return undefined
    const read = all.findIndex((one) => empty(one.value) === before)
    const isOlder = write.stamp === undefined ? read >= 0 && read < ours : Date.parse(mine.timestamp) <= write.stamp
    if (isOlder) return undefined
    stamp = Math.max(stamp, Date.parse(mine.timestamp))
  }
  return Number.isFinite(stamp) ? { key: write.key, stamp } : undefined
}

/** What the histories of the written properties say of each write; undefined is left out. */
const fromHistories = <A>(tell: (record: WireRecord, write: TakenWrite) => A | undefined) =>
  Effect.fnUntraced(function* (client: HubspotClient, object: string, writes: ReadonlyArray<TakenWrite>) {
    const told: Array<A> = []
    for (let at = 0; at < writes.length; at += MOST) {
      const some = writes.slice(at, at + MOST)
      const ids = [...new Set(some.map(({ id }) => id))]
      const histories = [...new Set(some.flatMap(({ held }) => Object.keys(held)))]
      const records = new Map((yield* batchRead(client, object, ids, [], { histories })).map((one) => [one.id, one]))
      for (const write of some) {
        const record = records.get(write.id)
        const one = record === undefined ? undefined : tell(record, write)
        if (one !== undefined) told.push(one)
      }
    }
    return told
  })

export const overwritten = fromHistories(overwrittenIn)

export const shown = fromHistories(madeBy)
