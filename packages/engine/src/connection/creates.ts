/** Creating at most once: a new record is looked for by its match keys, one whose answer was lost by our own id. */
import type { Mapping } from "@concordat/rules/mapping/lens"
import { recordKey } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import type { LookupKey, Page, RawRecord } from "../ports/Provider.ts"
import { chunked } from "./batches.ts"
import type { Candidate } from "./candidate.ts"
import type { Gate } from "./faults.ts"
import { ingest, readingsOf } from "./ingest.ts"
import { type Parts, sourcesOf } from "./parts.ts"

const keyOf = (candidate: Candidate, byOwnId: boolean): LookupKey => ({
  ...(byOwnId && candidate.sent.ownId !== "" ? { ownId: candidate.sent.ownId } : {}),
  fields: candidate.sent.lookup as Readonly<Record<string, string>>,
})

const asksAnything = (key: LookupKey): boolean => key.ownId !== undefined || Object.keys(key.fields).length > 0

/** Everything once, where nothing can be looked up: a table that is its own index. */
const lookThroughAll = Effect.fnUntraced(function* (
  parts: Parts,
  gate: Gate,
  mapping: Mapping,
  object: string,
  keys: ReadonlyArray<LookupKey>,
) {
  const found: Array<{ readonly key: number; readonly record: RawRecord }> = []
  const options = { fields: sourcesOf(mapping, object), limit: parts.definition.objects[object]!.batch.list }
  for (let cursor: Page["next"] = null; ;) {
    const page: Page = yield* gate.callNow("push", parts.connector.backfill!(object, cursor, options))
    for (const record of page.records)
      for (const [key, { ownId }] of keys.entries())
        if (ownId !== undefined && record.ownId === ownId) found.push({ key, record })
    if (page.next === null) return found
    cursor = page.next
  }
})

export interface Hit {
  readonly candidate: Candidate
  readonly record: RawRecord
  /** Whether the record was not known as it is: then it is an observation first, and may be what is to be created. */
  readonly isNews: boolean
}

/** Whether a create whose outcome is unknown can be looked for at all. */
export const canLookUp = (parts: Parts, object: string): boolean =>
  parts.connector.lookup !== undefined ||
  (parts.connector.backfill !== undefined && parts.definition.objects[object]?.backfill === true)

/** Records that are there already, the first of each candidate. `byOwnId`: also those that carry our id. */
export const lookUp = Effect.fn("Connection.lookup")(function* (
  parts: Parts,
  gate: Gate,
  what: {
    readonly mapping: Mapping
    readonly object: string
    readonly candidates: ReadonlyArray<Candidate>
    readonly byOwnId: boolean
    /** Without a lookup the whole object is walked. */
    readonly thorough: boolean
  },
) {
  const { mapping, object, byOwnId } = what
  const hits: Array<Hit> = []
  const asked = what.candidates.filter((candidate) => asksAnything(keyOf(candidate, byOwnId)))
  const definition = parts.definition.objects[object]!
  const { lookup } = parts.connector
  for (const batch of chunked(asked, lookup === undefined ? asked.length : definition.batch.read)) {
    const keys = batch.map((candidate) => keyOf(candidate, byOwnId))
    const startedAt = yield* parts.tick
    if (lookup === undefined && !what.thorough) continue
    const found =
      lookup === undefined
        ? yield* lookThroughAll(parts, gate, mapping, object, keys)
        : yield* gate.callNow(
            "push",
            lookup(object, keys, { fields: sourcesOf(mapping, object), limit: definition.batch.read }),
          )
    const named = new Map<number, RawRecord>()
    for (const { key, record } of found) if (batch[key] !== undefined && !named.has(key)) named.set(key, record)
    // What an unresolved create is found as, its answer says; anything else is an observation first.
    const others = [...named].filter(([key]) => batch[key]!.intent === null).map(([, record]) => record)
    const readings = readingsOf(others)
    const { again, news } = yield* ingest(parts, { mapping, readings, via: "read", startedAt, byId: true })
    const fresh = new Set([...news, ...again.map(recordKey)])
    for (const [key, record] of named)
      hits.push({ candidate: batch[key]!, record, isNews: fresh.has(recordKey(record)) })
  }
  return hits
})
