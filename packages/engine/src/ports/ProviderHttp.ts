/**
 * The only way a connector reaches its provider. The engine's implementation waits for the connection's budget, keeps
 * user-given addresses away from private networks, bounds time and size, and counts; a connector just sends.
 */
import type * as Effect from "effect/Effect"
import type { ProviderError } from "./ProviderError.ts"

export interface HttpCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** Absolute. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Which budgets of `definition.limits.buckets` the call draws on, and how much; default `{ default: 1 }`. */
  readonly cost?: Readonly<Record<string, number>>
  /** True when the call can change something: a lost answer then is `Unavailable{effect: "unknown"}`. */
  readonly writes?: boolean
  /** Names the call in errors and metrics: "contacts.batchRead". Never holds a value of a record. */
  readonly operation: string
  readonly timeoutMs?: number
}

export interface HttpAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface ProviderHttp {
  /** Any status is an answer; only no answer at all is an error (`Unavailable`). */
  readonly send: (call: HttpCall) => Effect.Effect<HttpAnswer, ProviderError>
}
