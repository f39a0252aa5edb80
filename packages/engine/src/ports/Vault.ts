/** The vault: credentials of connections, sealed for one connection each. Where the sealed form is kept is not its matter. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** A sealed secret as it may be stored anywhere: it opens only with its key and for its owner. */
export const Sealed = Schema.Struct({
  /** Names the key, without telling anything of it. */
  keyId: Schema.String,
  /** Base64, 12 bytes, never used twice with a key. */
  nonce: Schema.String,
  /** Base64: the encrypted secret and its tag of 16 bytes. */
  box: Schema.String,
})
export type Sealed = typeof Sealed.Type

/** Whose secret it is. What was sealed for one owner does not open for another. */
export interface SecretOwner {
  readonly tenant: string
  readonly connection: string
}

export class VaultError extends Schema.TaggedError<VaultError>()("VaultError", {
  /** `key`: a configured key is none; `unknownKey`: sealed with a key that is not configured; `refused`: changed, or another's. */
  reason: Schema.Literals(["key", "unknownKey", "refused"]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `vault ${this.reason}: ${this.detail}`
  }
}

export class Vault extends Context.Service<
  Vault,
  {
    /** Seals with the current key. */
    readonly seal: (owner: SecretOwner, secret: Redacted.Redacted) => Effect.Effect<Sealed>
    readonly open: (owner: SecretOwner, sealed: Sealed) => Effect.Effect<Redacted.Redacted, VaultError>
    /** The id of the current key: what carries another is to be opened, sealed again and stored. */
    readonly keyId: string
  }
>()("@concordat/engine/ports/Vault") {}
