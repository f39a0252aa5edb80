/**
 * What a provider has to offer: small capabilities, each of which may be absent. The engine branches on what is there
 * and never on a provider's name. Cursors and jobs are opaque JSON to the engine; times are optional. A connector never
 * retries, never sleeps and keeps no state that a restart would miss: it reports, the engine decides.
 */
import type { Json, JsonObject } from "@concordat/model/json"
import type { Metadata } from "@concordat/model/metadata"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { ProviderError } from "./ProviderError.ts"
import type { ProviderHttp } from "./ProviderHttp.ts"

export type Cursor = Json

/** One token bucket: `capacity` calls at once, refilled by `perSecond`. `daily` is a budget that ends at midnight. */
export interface Bucket {
  readonly capacity: number
  readonly perSecond: number
  readonly daily?: number
  /**
   * No more than so many calls within any so many ms, beside what the bucket lets through: where the provider counts in a rolling
   * window, refill and capacity together may be more than it allows. It counts a call when that arrives, which is before its
   * answer: so long after that the call is surely out of the window.
   */
  readonly window?: {
    readonly calls: number
    readonly ms: number
    /**
     * Answers may take long. Without one a call counts as out of the window so much later than `ms` after it was let go, and for
     * what may arrive in another order so many calls are left.
     */
    readonly margin?: { readonly calls: number; readonly ms: number }
  }
}

export interface ObjectDefinition {
  /** What is read whole (first sync), found changed, read by id, written; what is absent can't be done. */
  readonly backfill: boolean
  readonly changes: "delta" | "hints" | "snapshot" | "none"
  readonly read: boolean
  readonly write: ReadonlyArray<"create" | "update" | "archive">
  /** Whether a deletion has to be found by comparing all ids (`census`). */
  readonly census: boolean
  /** How often the object is walked again beside its delta, ms, since some of its changes move no date (associations):
   * at the priority of the census. Absent: all changes are found by the delta. */
  readonly rereadEveryMs?: number
  /** Most rows in one call. */
  readonly batch: { readonly list: number; readonly read: number; readonly write: number }
  /** Objects that a backfill walks first, since this one refers to them. */
  readonly after?: ReadonlyArray<string>
}

export interface Definition {
  readonly provider: string
  readonly class: "peer" | "table" | "enrichment" | "leads"
  /** True for the one that embeds Concordat. */
  readonly isApp?: boolean
  /** It fetches what is written to it, and says up to where it has it: after a start writes wait for that word. */
  readonly follows?: boolean
  readonly objects: Readonly<Record<string, ObjectDefinition>>
  readonly limits: {
    readonly buckets: Readonly<Record<string, Bucket>>
    readonly concurrency: number
    readonly timeoutMs: number
  }
  /** Default time between two polls of one object. */
  readonly pollEveryMs: number
  /** How long a webhook's second look waits (0: none needed), and how long an index may lag behind a write. */
  readonly secondLookMs: number
  readonly indexLagMs: number
  /** `ownId`: creates carry our id in a unique place and can be repeated; `lookup`: an unresolved create is looked up first. */
  readonly creates: "ownId" | "lookup"
  /** Whether a write can carry a precondition; without one the engine reads directly before it writes. */
  readonly preconditions: boolean
  /** Settings a person gives, and which credentials are needed: validated as a whole by the configuration. */
  readonly settings: Readonly<Record<string, Setting>>
  readonly credentials: Readonly<Record<string, Omit<Setting, "values">>>
}

export interface Setting {
  readonly required: boolean
  readonly description: string
  /** The values that it can have; absent: any. */
  readonly values?: ReadonlyArray<string>
  /** What any value has to look like, and how that is said after "has to be". */
  readonly form?: { readonly pattern: RegExp; readonly expected: string }
}

export interface ConnectionConfig {
  readonly tenant: string
  readonly connection: string
  readonly settings: Readonly<Record<string, string>>
  readonly credentials: Readonly<Record<string, Redacted.Redacted>>
  /** Keyed hash for ids that say something of a person. */
  readonly opaqueId: (externalId: string) => string
}

/** A record as the provider has it: its own names, its own values. Keys that begin with `@` are associations, each a
 * facet of its own: `"@companies": [{ "object": "companies", "id": "77" }]`. A missing key is unknown, never empty. */
export interface RawRecord {
  readonly object: string
  readonly id: string
  readonly values: JsonObject
  /** The provider's own time of the last change, ms since 1970, as exact as it serves it. */
  readonly stamp?: number
  /** Opaque version for preconditions (ETag, revision). */
  readonly version?: string
  readonly by?: "person" | "integration" | "automation" | "us"
  /** The own id found in the record, as it was given in `WriteRow.ownId`. */
  readonly ownId?: string
  /**
   * Ids of what was merged into it, as far as it names them: from a list or a lookup, where nothing else says that it is nobody
   * new. A read by id says so itself.
   */
  readonly merged?: ReadonlyArray<string>
}

/** "Go and look": an id that changed, or may have. */
export interface Hint {
  readonly object: string
  readonly id: string
  readonly kind: "changed" | "created" | "gone" | "merged" | "restored"
  /** The facet that changed: `fields` for the record's own, or the name of an association (`@companies`). Absent: anything. */
  readonly about?: string
}

export type Reading =
  | { readonly _tag: "Found"; readonly record: RawRecord }
  | {
      readonly _tag: "Gone"
      readonly object: string
      readonly id: string
      readonly reason: "deleted" | "archived" | "invisible"
    }
  | { readonly _tag: "Merged"; readonly object: string; readonly id: string; readonly into: string }
  | {
      readonly _tag: "Converted"
      readonly object: string
      readonly id: string
      readonly into: ReadonlyArray<{ readonly object: string; readonly id: string }>
    }

export interface Page {
  readonly records: ReadonlyArray<RawRecord>
  readonly hints: ReadonlyArray<Hint>
  /** Where to go on; `null` only from `backfill` and `census`: the walk is over. */
  readonly next: Cursor | null
  /** True when the next page is there already; false: come back at the next poll, or in a walk over everything after a wait. */
  readonly more: boolean
  /** How many there are in all, where the provider says. */
  readonly total?: number
}

export interface ReadOptions {
  /** The provider's fields and association keys that the mapping uses. */
  readonly fields: ReadonlyArray<string>
  readonly limit: number
  /** False: nobody looks at how far the walk is, so a total is not worth a call. */
  readonly counted?: boolean
}

export interface WriteRow {
  /** Idempotency key: names the row in the answer and goes wherever the provider takes one. */
  readonly key: string
  readonly kind: "create" | "update" | "archive"
  /** The record's id; absent for a create. */
  readonly id?: string
  /** Our id for the entity, `[a-z0-9-]{1,80}`, to be kept in a unique place of the record where there is one. */
  readonly ownId: string
  readonly type: string
  /** Provider names to provider values; `@` keys hold the whole wanted association list. */
  readonly values: JsonObject
  /** What the record is known to hold of those keys: for associations and verbs that need the difference. */
  readonly before: JsonObject
  readonly version?: string
}

export type RefusalCode =
  | "validation"
  | "uniqueness"
  | "permission"
  | "missing"
  | "precondition"
  | "reference"
  | "busy"
  | "other"

/** `held`: raw values that the answer itself carried. A refused key of a written row is listed in `refused`. */
export type WriteOutcome =
  | {
      readonly _tag: "Written"
      readonly id: string
      readonly object?: string
      readonly held?: JsonObject
      readonly stamp?: number
      readonly version?: string
      /**
       * A create that turned out to exist already, found by its own id or a unique value. With `held`: made by this very try, which
       * was broken off before it was all written, so that the record has to be read.
       */
      readonly adopted?: boolean
      /**
       * Of an adopted one that surely is what a create under this own id has made, and nothing that was merged into it since or
       * came to that id by other means: keys of the row that such a create sets, all at once. Absent: nobody knows.
       */
      readonly made?: ReadonlyArray<string>
      readonly refused?: ReadonlyArray<{ readonly key: string; readonly code: RefusalCode; readonly message: string }>
      /** What the record became, for verbs that convert. */
      readonly converted?: ReadonlyArray<{ readonly object: string; readonly id: string }>
    }
  | { readonly _tag: "Pending"; readonly job: Json }
  | {
      readonly _tag: "Refused"
      readonly code: RefusalCode
      readonly message: string
      readonly field?: string
      readonly effect: "none" | "unknown"
      /** Worth trying again by itself (a lock, a serialization failure). A record that is not there may come back, whatever this says. */
      readonly retry: boolean
      /** A uniqueness refusal that names the holder. */
      readonly existing?: string
    }

export interface WriteAnswer {
  readonly key: string
  readonly outcome: WriteOutcome
}

/** A write of which a history tells whether it was taken, and what it stood over. */
export interface TakenWrite {
  readonly key: string
  readonly id: string
  /** What the record held of it right after, by the provider's names; what was sent, where no answer came. No associations. */
  readonly held: JsonObject
  /** What was read directly before. */
  readonly before: JsonObject
  /** The provider's time of the record as it was read then: what is not later stood there already; absent: nobody knows. */
  readonly stamp?: number
}

/** What somebody else had set in the meantime. `stamp`: the provider's time of the newest of these edits. */
export interface Overwritten {
  readonly key: string
  readonly values: JsonObject
  readonly stamp?: number
  readonly by?: NonNullable<RawRecord["by"]>
}

/** A write that the history shows. `stamp`: the provider's time of it. */
export interface ShownWrite {
  readonly key: string
  readonly stamp?: number
}

export interface WebhookRequest {
  readonly method: string
  /** The public URL as the provider called it. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Keys to look an unresolved or a new create up by: provider field to value. */
export type LookupKey = { readonly ownId?: string; readonly fields: Readonly<Record<string, string>> }

export interface Connector {
  readonly metadata: Effect.Effect<Metadata, ProviderError>
  /** Everything, in pages, from a consistent list. `cursor: null` starts. */
  readonly backfill?: (
    object: string,
    cursor: Cursor | null,
    options: ReadOptions,
  ) => Effect.Effect<Page, ProviderError>
  /** Where a delta has to start so that nothing after now is missed; taken before the backfill. */
  readonly changesFrom?: (object: string) => Effect.Effect<Cursor, ProviderError>
  readonly changes?: (object: string, cursor: Cursor, options: ReadOptions) => Effect.Effect<Page, ProviderError>
  /**
   * One answer per id, at most `batch.read` ids; in any order, but that what was merged into a record comes before it, also where
   * the record alone was asked for and names it.
   */
  readonly read?: (
    object: string,
    ids: ReadonlyArray<string>,
    options: ReadOptions,
  ) => Effect.Effect<ReadonlyArray<Reading>, ProviderError>
  /** Every id there is, in pages of hints with kind `changed`. */
  readonly census?: (object: string, cursor: Cursor | null) => Effect.Effect<Page, ProviderError>
  /** One answer per row; at most `batch.write` rows, all of one object. */
  readonly write?: (
    object: string,
    rows: ReadonlyArray<WriteRow>,
  ) => Effect.Effect<ReadonlyArray<WriteAnswer>, ProviderError>
  /**
   * Of updates that were taken: edits between the read before and the write, from a history that the provider keeps. At most
   * `batch.read` writes; those without such an edit are left out.
   */
  readonly overwritten?: (
    object: string,
    writes: ReadonlyArray<TakenWrite>,
  ) => Effect.Effect<ReadonlyArray<Overwritten>, ProviderError>
  /**
   * Of updates whose answers were lost: those that such a history shows, whatever came after them. At most `batch.read` writes;
   * those of which it doesn't tell are left out.
   */
  readonly shown?: (
    object: string,
    writes: ReadonlyArray<TakenWrite>,
  ) => Effect.Effect<ReadonlyArray<ShownWrite>, ProviderError>
  /** Looks at jobs that `write` answered with `Pending`. */
  readonly settle?: (
    object: string,
    jobs: ReadonlyArray<{ readonly key: string; readonly job: Json }>,
  ) => Effect.Effect<ReadonlyArray<WriteAnswer>, ProviderError>
  /** Records that carry our id or hold one of the values; used before a create where nothing unique protects it. */
  readonly lookup?: (
    object: string,
    keys: ReadonlyArray<LookupKey>,
    options: ReadOptions,
  ) => Effect.Effect<ReadonlyArray<{ readonly key: number; readonly record: RawRecord }>, ProviderError>
  /** What has to exist before the first write (a unique property, an external id). Idempotent. */
  readonly prepare?: Effect.Effect<void, ProviderError>
  readonly webhook?: {
    /** True only for a genuine, fresh request; over the raw bytes, in constant time. */
    readonly verify: (request: WebhookRequest, nowMs: number) => boolean
    readonly parse: (request: WebhookRequest) => Effect.Effect<ReadonlyArray<Hint>, ProviderError>
  }
  /** Manages the provider's webhook subscriptions; `until` is when they have to be renewed (ms), null for never. */
  readonly subscribe?: (target: string) => Effect.Effect<{ readonly until: number | null }, ProviderError>
  readonly query?: (text: string, limit: number) => Effect.Effect<ReadonlyArray<JsonObject>, ProviderError>
  readonly enrich?: (
    type: string,
    known: ReadonlyArray<JsonObject>,
  ) => Effect.Effect<ReadonlyArray<JsonObject | null>, ProviderError>
}

export interface Provider {
  readonly definition: Definition
  /** The limits of an account, where its plan decides them: by the connection's settings. The definition's unless given. */
  readonly limitsOf?: (settings: ConnectionConfig["settings"]) => Definition["limits"]
  /** The default mapping, as YAML text. */
  readonly mapping: string
  readonly connect: (
    config: ConnectionConfig,
    http: ProviderHttp,
  ) => Effect.Effect<Connector, ProviderError, Scope.Scope>
}
