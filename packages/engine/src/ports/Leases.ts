/**
 * Who owns what, where several processes do the same work: a share of the reconciling, or a connection. A lease ends by
 * itself unless it is prolonged, and each new one has a higher epoch. The store's clock alone decides; an owner looks at its
 * own for how long it may still act (`ownership/tenure.ts`).
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StateError } from "./State.ts"

/** What a write names so that a former owner's is refused. `name` is whole: `group/name`. */
export interface LeaseToken {
  readonly name: string
  /** From 1, higher with each owner. */
  readonly epoch: number
}

export interface LeaseView extends LeaseToken {
  readonly owner: string
  /** How much longer it holds by the store's clock, ms; 0: it has ended. */
  readonly leftMs: number
}

export const leaseName = (group: string, name: string): string => `${group}/${name}`

export class Leases extends Context.Service<
  Leases,
  {
    /** Says that the owner is there for so long, and answers how many owners of the group are. */
    readonly attend: (options: {
      readonly group: string
      readonly owner: string
      readonly ttlMs: number
    }) => Effect.Effect<number, StateError>
    /** The owner leaves the group; what it holds it has released before. */
    readonly leave: (options: { readonly group: string; readonly owner: string }) => Effect.Effect<void, StateError>
    /** Takes at most `most` of the leases that nobody holds. One that was the owner's own has a new epoch too. */
    readonly claim: (options: {
      readonly owner: string
      readonly names: ReadonlyArray<string>
      readonly most: number
      readonly ttlMs: number
    }) => Effect.Effect<ReadonlyArray<LeaseToken>, StateError>
    /** Prolongs leases that are still the owner's, and answers their names. */
    readonly renew: (options: {
      readonly owner: string
      readonly leases: ReadonlyArray<LeaseToken>
      readonly ttlMs: number
    }) => Effect.Effect<ReadonlyArray<string>, StateError>
    /** Ends leases that are still the owner's. Others can have them at once. */
    readonly release: (options: {
      readonly owner: string
      readonly leases: ReadonlyArray<LeaseToken>
    }) => Effect.Effect<void, StateError>
    /**
     * Of a lease of which the journal knows a later epoch than this store has given: the store was lost, and its epochs began
     * anew. If it is still this one it ends, and the next one's epoch is higher than that.
     */
    readonly surpass: (options: {
      readonly lease: LeaseToken
      readonly epoch: number
    }) => Effect.Effect<void, StateError>
    /** Every lease there ever was, sorted by name. */
    readonly list: Effect.Effect<ReadonlyArray<LeaseView>, StateError>
  }
>()("@concordat/engine/ports/Leases") {}
