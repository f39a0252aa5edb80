/** Personal values sit in one place of an event, in clear or sealed with a key per subject: erasing the key erases them. */
import * as Schema from "effect/Schema"
import { JsonObject } from "../json.ts"

export const Sealed = Schema.Struct({
  /** The subject's key. */
  k: Schema.String,
  /** Base64 of nonce, ciphertext and tag; the nonce is derived, so that deciding again gives the same bytes. */
  enc: Schema.String,
})
export const Clear = Schema.Struct({ clear: JsonObject })
/** What the personal place of an event holds. */
export const Personal = Schema.Union([Clear, Sealed])
export type Personal = typeof Personal.Type

export const clear = (values: JsonObject): Personal => ({ clear: values })

/** The values, or nothing where they are sealed and nobody opened them. */
export const opened = (personal: Personal): JsonObject => ("clear" in personal ? personal.clear : {})
