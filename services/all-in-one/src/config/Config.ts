/** What a whole Concordat is configured with, after validation: no question is left open by it. */
import type { EntityType } from "@concordat/model/canonical/fields"
import type { JsonObject } from "@concordat/model/json"
import type * as Redacted from "effect/Redacted"

export const CREATE_POLICIES = ["never", "linkOnly", "afterPlan", "always"] as const
export type CreatePolicy = (typeof CREATE_POLICIES)[number]

export interface ConnectionConfig {
  readonly name: string
  /** A name in the catalogue of providers. */
  readonly provider: string
  readonly settings: Readonly<Record<string, string>>
  readonly credentials: Readonly<Record<string, Redacted.Redacted>>
  readonly create: Readonly<Record<EntityType, CreatePolicy>>
  /** The provider's default with the tenant's override merged into it: the document that is stored and applied. */
  readonly mapping: JsonObject
  readonly pollEveryMs: number
  /** How often objects are read again of which the provider says that some changes move no date; null: never; absent: as
   * the provider says. */
  readonly rereadEveryMs?: number | null
  /** ISO 4217: what amounts there are in, where the provider names no currency; empty: nobody said. */
  readonly currency: string
  /** Whether the provider may be reached at an address that is not public (a server in the same network, a sandbox). */
  readonly allowPrivateAddresses: boolean
}

export interface TenantConfig {
  readonly name: string
  /** ISO 3166-1 alpha-2: what phone numbers that name no country are read by; empty: none. */
  readonly region: string
  /** The rules document, whole; null: the defaults. */
  readonly rules: JsonObject | null
  readonly connections: ReadonlyArray<ConnectionConfig>
}

export interface Config {
  /** The store's file, absolute, or `:memory:`. */
  readonly store: string
  /** Hashes ids that say something of a person; null: kept in a file beside the store. */
  readonly key: Redacted.Redacted | null
  readonly http: {
    readonly host: string
    /** 0: any free one. */
    readonly port: number
    readonly token: Redacted.Redacted
    /** As providers call us, where that is not `http://host:port`. */
    readonly publicUrl: string | null
  }
  readonly tenants: ReadonlyArray<TenantConfig>
}
