/** What goes over the wire of the sandbox and what its rows are made of. */

/** A value as JSON carries it. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

export interface SandboxRequest {
  readonly method: string
  /** Path with query, or a whole URL. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export interface SandboxResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Milliseconds that the answer is to be held back. */
  readonly delayMs: number
  /** The connection breaks instead of carrying the answer. */
  readonly dropped: boolean
}

/** One POST of an automation rule. It carries no signature, as the real one. */
export interface WebhookPost {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Milliseconds that the network keeps it; a kept post does not hold up the transaction. */
  readonly delayMs: number
}

/** A stored value: many2one as a bare id, empty as `false`, datetimes as microseconds since 1970. */
export type Value = false | true | number | string | ReadonlyArray<number>

export type Row = Readonly<Record<string, Value>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
