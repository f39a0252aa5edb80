/**
 * Writes whose histories may not have been looked into when the state was dropped. The journal says what was found, and not that
 * nothing was: so of all that were taken in the worker's last hour, and of which nothing was found, it is asked once more.
 */
import { opened } from "@concordat/model/events/envelope"
import type { EditOverwritten, RecordWritten } from "@concordat/model/events/record"
import { type JsonObject, sameJson } from "@concordat/model/json"
import { type OpenIntentDoc, recordKey, type SeenDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { GAPS_WAITING, LOOKED_INTO_MS } from "../limits.ts"
import type { RecordedEvent } from "../ports/Journal.ts"
import type { DocumentWrite } from "../ports/State.ts"
import { facetOf, FIELDS } from "./facets.ts"
import type { Gap } from "./gaps.ts"
import { type Parts, put } from "./parts.ts"
import { saidBefore } from "./rebuild-open.ts"
import { readBefore } from "./seen.ts"
import { sentOf } from "./settle.ts"

const named = (values: JsonObject, isNamed: (name: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(values).filter(([name]) => isNamed(name)))

/** A later write of the same value is not told from this one in a history. */
const withoutRepeated = (gap: Gap, later: Gap): Gap => {
  const isTold = (name: string): boolean =>
    later.held[name] === undefined || !sameJson(gap.held[name], later.held[name])
  return { ...gap, held: named(gap.held, isTold), before: named(gap.before, isTold) }
}

/** Of the writes so far; to be kept a page at a time. */
export interface GapsAgain {
  readonly parts: Parts
  /** From when on they are asked of, ms since 1970. */
  readonly from: number
  /** Keys of those of a record: a busy hour has thousands, and few of one. */
  readonly ofRecord: Map<string, Set<string>>
  /** Keys of those that the page has changed. */
  readonly moved: Set<string>
}

/** `endedAt`: when the worker said something last, before its state was dropped. */
export const gapsAgain = (parts: Parts, endedAt: number): GapsAgain => {
  const self: GapsAgain = { parts, from: endedAt - LOOKED_INTO_MS, ofRecord: new Map(), moved: new Set() }
  for (const gap of parts.gaps.values()) keysOf(self, gap).add(gap.key)
  return self
}

const keysOf = ({ ofRecord }: GapsAgain, { record }: Gap): Set<string> => {
  const id = recordKey(record)
  const keys = ofRecord.get(id) ?? new Set()
  ofRecord.set(id, keys)
  return keys
}

const drop = (self: GapsAgain, key: string): void => {
  const gap = self.parts.gaps.get(key)
  if (gap === undefined) return
  self.parts.gaps.delete(key)
  self.moved.add(key)
  const keys = keysOf(self, gap)
  keys.delete(key)
  if (keys.size === 0) self.ofRecord.delete(recordKey(gap.record))
}

/** One without a field is none. */
const set = (self: GapsAgain, gap: Gap): void => {
  if (Object.keys(gap.held).length === 0) return drop(self, gap.key)
  self.parts.gaps.set(gap.key, gap)
  self.moved.add(gap.key)
  keysOf(self, gap).add(gap.key)
}

/** A write was taken, or an edit found that one stood over. `intent`: of the write; `seen`: what was known of the record before. */
export const noteGap = Effect.fnUntraced(function* (
  self: GapsAgain,
  [event, data]: readonly [event: RecordedEvent, data: Record<string, unknown>],
  intent: OpenIntentDoc | undefined,
  seen: SeenDoc,
) {
  const { parts } = self
  if (event.type === "EditOverwritten") drop(self, (data as unknown as EditOverwritten).key)
  const isLate = (Date.parse(event.metadata["at"] ?? "") || 0) >= self.from
  if (event.type !== "RecordWritten" || !isLate || parts.connector.overwritten === undefined) return
  const { adopted, entity, externalId, held, key, kind, object, refused } = data as unknown as RecordWritten
  if (kind !== "update" || adopted || intent === undefined) return
  const isRefused = new Set(refused.map(({ name }) => name))
  const taken = { ...sentOf(intent).values, ...(held === null ? {} : opened(held)) }
  const names = Object.keys(taken).filter((name) => facetOf(name) === FIELDS && !isRefused.has(name))
  const before = yield* saidBefore(parts, intent, names)
  const record = { object, id: externalId }
  const gap: Gap = {
    key,
    record,
    entity,
    held: named(taken, (name) => before[name] !== undefined),
    before,
    ...readBefore(seen),
  }
  for (const of of self.ofRecord.get(recordKey(record)) ?? []) set(self, withoutRepeated(parts.gaps.get(of)!, gap))
  set(self, gap)
  const [oldest] = parts.gaps.keys()
  if (oldest !== undefined && parts.gaps.size > GAPS_WAITING) drop(self, oldest)
})

/** What follows from a page is kept with it. */
export const gapDocuments = ({ moved, parts }: GapsAgain): ReadonlyArray<DocumentWrite> => {
  const documents = [...moved].map((key) => put(parts, "gap", key, parts.gaps.get(key) ?? null))
  moved.clear()
  return documents
}
