/**
 * What can be rebuilt from the journal: documents by (tenant, kind, key), read by key or as a range of keys. The
 * reconciler and the workers decide on them; every operator's list is a range. Written by `Commit` alone.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { LeaseToken } from "./Leases.ts"

export interface DocumentId {
  readonly tenant: string
  readonly kind: string
  readonly key: string
}

/** `value` is JSON text; `null` removes the document. */
export interface DocumentWrite extends DocumentId {
  readonly value: string | null
}

export interface StoredDocument {
  readonly key: string
  readonly value: string
}

/** A tenant whose facts are decided up to another place than the checkpoint's. */
export interface Place {
  readonly tenant: string
  readonly position: string
  readonly eventId: string
}

/** A tenant that has more facts than are looked over: of those beyond its place, up to this one, none is decided. */
export interface Behind extends Place {
  /** The position of a fact of the tenant, not beyond the checkpoint's. */
  readonly until: string
}

/** How far a reader has come: the position and the id of the event there, so that another journal is noticed. */
export interface Checkpoint {
  readonly name: string
  /** All that is to be read up to here is decided, but for tenants that are behind. */
  readonly position: string
  readonly eventId: string
  /** Tenants that are decided beyond it. One per tenant, in no order; absent: none. */
  readonly ahead?: ReadonlyArray<Place>
  /** Likewise, and none of them is ahead. */
  readonly behind?: ReadonlyArray<Behind>
}

export class StateError extends Schema.TaggedError<StateError>()("StateError", {
  /**
   * `fenced`: the lease that the write names has another owner now. `newer`, `foreign`: not a state of this engine's.
   * `invalid`: what is configured can never work so. `unauthorised`: the credentials, or their rights, are refused.
   */
  reason: Schema.Literals([
    "unavailable",
    "corrupt",
    "limit",
    "closed",
    "fenced",
    "newer",
    "foreign",
    "invalid",
    "unauthorised",
  ]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `state ${this.reason}: ${this.detail}`
  }
}

export class State extends Context.Service<
  State,
  {
    /** In the order asked for; `null` where there is none. At most 5,000 at once. */
    readonly getMany: (ids: ReadonlyArray<DocumentId>) => Effect.Effect<ReadonlyArray<string | null>, StateError>
    /** Documents of a kind whose key begins with the prefix, after a key, in code point order of the key. */
    readonly scan: (options: {
      readonly tenant: string
      readonly kind: string
      readonly prefix: string
      readonly after: string | null
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<StoredDocument>, StateError>
    readonly count: (options: {
      readonly tenant: string
      readonly kind: string
      readonly prefix: string
    }) => Effect.Effect<number, StateError>
    /** Tenants that have any document, sorted. */
    readonly tenants: Effect.Effect<ReadonlyArray<string>, StateError>
    readonly checkpoint: (name: string) => Effect.Effect<Checkpoint | null, StateError>
    /** Drops every document and checkpoint: the next start rebuilds them from the journal. */
    readonly clear: Effect.Effect<void, StateError>
  }
>()("@concordat/engine/ports/State") {}

/** Where the state is a store of its own: the step of a commit that writes it. */
export class StateWriter extends Context.Service<
  StateWriter,
  {
    /**
     * Documents and checkpoint in one transaction, which is refused whole (`fenced`) where the lease is not that of its last
     * owner. `null`: a writer that needs none.
     */
    readonly write: (unit: {
      readonly documents: ReadonlyArray<DocumentWrite>
      readonly checkpoint: Checkpoint | null
      readonly lease: LeaseToken | null
    }) => Effect.Effect<void, StateError>
  }
>()("@concordat/engine/ports/StateWriter") {}
