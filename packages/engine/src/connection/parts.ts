/** What the flows of one connection's worker share: its ports, its budget, its ledger and what it knows in memory. */
import type { Mapping, ObjectMapping } from "@concordat/rules/mapping/lens"
import {
  type CursorDoc,
  type OpenIntentDoc,
  type RecordKey,
  recordKey,
  type SeenDoc,
} from "@concordat/rules/state/documents"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as streams from "@concordat/model/streams"
import type { Budget } from "../budget/Budget.ts"
import { READ_AGAIN_MS } from "../limits.ts"
import type { Bus } from "../ports/Bus.ts"
import type { Commit } from "../ports/Commit.ts"
import type { Journal } from "../ports/Journal.ts"
import type { Connector, Definition, Hint, ObjectDefinition } from "../ports/Provider.ts"
import type { DocumentId, DocumentWrite, State } from "../ports/State.ts"
import type { Gap } from "./gaps.ts"
import type { Held } from "./held.ts"
import type { Distance } from "./lag.ts"
import type { Fence, Ledger } from "./Ledger.ts"
import type { News } from "./news.ts"
import type { Planner } from "./Planner.ts"
import type { Rota } from "./rota.ts"
import type { Counting } from "./stats.ts"
import type { Starting } from "./starting.ts"
import type { Tick } from "./tick.ts"
import type { WorkerError } from "./WorkerError.ts"

/** What one flow has another know. */
export interface Told {
  /** Records have to be looked at soon. */
  readonly lookAt: (records: ReadonlyArray<RecordKey>) => void
  /** Hints that have to be looked at before a cursor moves; the others are kept for a look that is to come (see `hinting.ts`). */
  readonly share: (hints: ReadonlyArray<Hint>) => Effect.Effect<ReadonlyArray<Hint>, WorkerError>
  /** A write has become a job of the provider's. */
  readonly job: () => void
  /** A write may have stood over an edit. */
  readonly gap: () => void
  /** A write was given up without an answer. */
  readonly doubt: () => void
}

export interface Parts {
  readonly tenant: string
  readonly connection: string
  readonly definition: Definition
  readonly connector: Connector
  readonly planner: Planner
  readonly budget: Budget
  readonly ledger: Ledger
  readonly counting: Counting
  readonly distance: Distance
  readonly tick: Tick
  readonly journal: Context.Service.Shape<typeof Journal>
  readonly state: Context.Service.Shape<typeof State>
  readonly bus: Context.Service.Shape<typeof Bus>
  readonly commit: Context.Service.Shape<typeof Commit>
  readonly pollEveryMs: number
  readonly censusEveryMs: number
  /** How often what the definition says is to be read again is; null: never; undefined: as the definition says. */
  readonly rereadEveryMs: number | null | undefined
  /**
   * Records with a write on its way (`Infinity`) or of unknown outcome (when its last attempt ended), by `object:id`; those
   * that are being created, whose id nobody knows yet, by the own id that they carry.
   */
  readonly busy: Map<string, number>
  /** Records that were read while they were being created, with their lock in `busy`. */
  readonly created: Map<string, string>
  /** Writes that are begun and not settled, by key. */
  readonly intents: Map<string, OpenIntentDoc>
  /** Those that were given up without an answer, until their records are read, by key. */
  readonly doubts: Map<string, OpenIntentDoc>
  /** Writes that were taken, and may have stood over an edit: looked for in the provider's history, by key. */
  readonly gaps: Map<string, Gap>
  readonly starting: Starting
  readonly news: News
  /** Its flows, and whose turn it is. */
  readonly rota: Rota
  /** Records that have to be read, since others became them, by `object:id`: kept until they are. */
  readonly follows: Set<string>
  /** Where each walk is, by `walk|object`. */
  readonly cursors: Map<string, CursorDoc>
  /** Those of them that are not kept yet. */
  readonly held: Held
  /** The last event that told where an object's changes are, ms since 1970. */
  readonly toldAt: Map<string, number>
  readonly told: Told
}

/** Whether the write is begun and not settled, or was given up and its outcome is not known so far. `key`: its own. */
export const isOpen = ({ doubts, intents }: Parts, key: string): boolean => intents.has(key) || doubts.has(key)

/** A record that is being created may be seen before all of it is there: it is known by the own id that it carries. */
const ownKey = (ownId: string): string => `own ${ownId}`

/** What a write locks until it is answered; null: nothing by which it could be known. */
export const lockOf = (record: RecordKey | null, ownId: string): string | null =>
  record !== null ? recordKey(record) : ownId === "" ? null : ownKey(ownId)

/**
 * Until when a write of ours to the record is on its way, or may still take effect. `key`: its `object:id`. `ownId`: as it
 * was read.
 */
export const busyUntil = (parts: Parts, key: string, ownId?: string): number | null => {
  if (ownId !== undefined && parts.busy.has(ownKey(ownId))) parts.created.set(key, ownKey(ownId))
  const own = parts.created.get(key)
  const until = own === undefined ? undefined : parts.busy.get(own)
  if (until === undefined) parts.created.delete(key)
  return parts.busy.get(key) ?? until ?? null
}

export const walkKey = (walk: string, object: string): string => `${walk}|${object}`

/** The document that says under which meaning an object was last read whole. */
export const meaningKey = (object: string): string => `sources|${object}`
export const meaningDoc = (hash: string, startedAt: number): CursorDoc => ({
  cursor: hash,
  done: 0,
  total: null,
  finished: false,
  startedAt,
})

export const documentId = (parts: Parts, kind: string, key: string): DocumentId => ({
  tenant: parts.tenant,
  kind,
  key: `${parts.connection}|${key}`,
})
export const put = (parts: Parts, kind: string, key: string, value: unknown): DocumentWrite => ({
  ...documentId(parts, kind, key),
  value: value === null ? null : JSON.stringify(value),
})

export const recordStream = (parts: Parts, record: RecordKey): string =>
  streams.record(parts.tenant, parts.connection, record.object, record.id)

export const seenDocs = Effect.fnUntraced(function* (parts: Parts, records: ReadonlyArray<RecordKey>) {
  if (records.length === 0) return []
  const texts = yield* parts.state.getMany(records.map((record) => documentId(parts, "seen", recordKey(record))))
  return texts.map((text) => (text === null ? null : (JSON.parse(text) as SeenDoc)))
})

/** The fence of a commit that moves no cursor repeats where the walk is. */
export const fenceOf = (parts: Parts, walk: Fence["walk"], object: string): Fence => {
  const at = parts.cursors.get(walkKey(walk, object))
  return {
    _tag: "PageCommitted",
    connection: parts.connection,
    walk,
    object,
    cursor: at?.cursor ?? null,
    done: at?.done ?? 0,
    total: at?.total ?? null,
  }
}

/** Walks whose place is kept. That of a walk made again is in the state alone: lost, the walk is only made once more. */
export type Walk = Fence["walk"] | "reread"

/** Says a walk's place; for one whose place is not told, where the changes of the object are. */
export const fenceAt = (parts: Parts, walk: Walk, object: string, to: CursorDoc): Fence =>
  walk === "reread"
    ? fenceOf(parts, "changes", object)
    : {
        _tag: "PageCommitted",
        connection: parts.connection,
        walk,
        object,
        cursor: to.cursor,
        done: to.done,
        total: to.total,
      }

const sourcesByMapping = new WeakMap<Mapping, Map<string, ReadonlyArray<string>>>()

/**
 * Every provider name that the mappings of an object read; an object can hold several types (`is_company`). Asked for with
 * every answer, so remembered as long as the mapping is.
 */
export const sourcesOf = (mapping: Mapping, object: string): ReadonlyArray<string> => {
  let known = sourcesByMapping.get(mapping)
  if (known === undefined) sourcesByMapping.set(mapping, (known = new Map()))
  let sources = known.get(object)
  if (sources === undefined) {
    const mappings = mapping.objects.filter((one) => one.object === object)
    sources = [...new Set(mappings.flatMap((one: ObjectMapping) => one.sources))].toSorted()
    known.set(object, sources)
  }
  return sources
}

export const mappedObjects = (parts: Parts, mapping: Mapping): ReadonlyArray<readonly [string, ObjectDefinition]> => {
  const names = new Set(mapping.objects.map(({ object }) => object))
  return Object.entries(parts.definition.objects).filter(([name]) => names.has(name))
}

export const canRead = (parts: Parts, object: string): boolean =>
  parts.connector.read !== undefined && parts.definition.objects[object]?.read === true

/** The documents that keep records to be followed, of those that can be read here; also after a crash they are. */
export const followed = (parts: Parts, mapping: Mapping, records: ReadonlyArray<RecordKey>): ReadonlyArray<RecordKey> =>
  records.filter(({ object }) => canRead(parts, object) && sourcesOf(mapping, object).length > 0)
export const putFollow = (parts: Parts, record: RecordKey): DocumentWrite =>
  put(parts, "follow", recordKey(record), true)

/** Waits until no write to one of the records is on its way. */
export const untilFree = (parts: Parts, records: ReadonlyArray<RecordKey>): Effect.Effect<void> =>
  Effect.gen(function* () {
    while (records.some((record) => busyUntil(parts, recordKey(record)) === Number.POSITIVE_INFINITY))
      yield* Effect.sleep(READ_AGAIN_MS)
  })
