/** The `Vault` port with AES-256-GCM and keys from the configuration. */
import { Vault, VaultError } from "@concordat/engine/ports/Vault"
import type { SecretOwner } from "@concordat/engine/ports/Vault"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto"

const CIPHER = "aes-256-gcm"
const KEY_BYTES = 32
/** What GCM is made for; random nonces of this length are safe for 2^32 secrets per key (NIST SP 800-38D, 8.3). */
const NONCE_BYTES = 12
const TAG_BYTES = 16

interface Key {
  readonly id: string
  readonly bytes: Redacted.Redacted<Buffer>
}

export interface VaultKeys {
  /** 32 bytes as 64 hexadecimal digits or base64. */
  readonly current: Redacted.Redacted
  /** Keys that were current before: they open, and seal nothing. */
  readonly former: ReadonlyArray<Redacted.Redacted>
}

const decodeKey = (text: string): Buffer =>
  /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64")

/** The id follows from the key, so that nobody has to keep the two together. */
const toKey = (text: Redacted.Redacted, which: string): Effect.Effect<Key, VaultError> => {
  const bytes = decodeKey(Redacted.value(text).trim())
  if (bytes.length !== KEY_BYTES)
    return Effect.fail(
      new VaultError({ reason: "key", detail: `${which} is not ${KEY_BYTES} bytes in hexadecimal or base64` }),
    )
  const id = createHmac("sha256", bytes).update("concordat vault key id").digest("hex").slice(0, 12)
  return Effect.succeed({ id, bytes: Redacted.make(bytes) })
}

/** Bound to the secret: under another owner or key id it does not open. */
const associatedData = (owner: SecretOwner, keyId: string): Buffer =>
  Buffer.from(JSON.stringify(["concordat vault 1", owner.tenant, owner.connection, keyId]))

export const make = Effect.fnUntraced(function* (keys: VaultKeys) {
  const current = yield* toKey(keys.current, "the current key")
  const former = yield* Effect.forEach(keys.former, (key, n) => toKey(key, `former key ${n + 1}`))
  const byId = new Map([...former, current].map((key) => [key.id, key]))

  return Vault.of({
    keyId: current.id,
    seal: (owner, secret) =>
      Effect.sync(() => {
        const nonce = randomBytes(NONCE_BYTES)
        const cipher = createCipheriv(CIPHER, Redacted.value(current.bytes), nonce)
        cipher.setAAD(associatedData(owner, current.id))
        const box = Buffer.concat([cipher.update(Redacted.value(secret), "utf8"), cipher.final(), cipher.getAuthTag()])
        return { keyId: current.id, nonce: nonce.toString("base64"), box: box.toString("base64") }
      }),
    open: (owner, sealed) => {
      const key = byId.get(sealed.keyId)
      if (key === undefined)
        return Effect.fail(new VaultError({ reason: "unknownKey", detail: `no key ${sealed.keyId} is configured` }))
      return Effect.try({
        try: () => {
          const box = Buffer.from(sealed.box, "base64")
          const nonce = Buffer.from(sealed.nonce, "base64")
          const decipher = createDecipheriv(CIPHER, Redacted.value(key.bytes), nonce, { authTagLength: TAG_BYTES })
          decipher.setAAD(associatedData(owner, key.id))
          decipher.setAuthTag(box.subarray(Math.max(0, box.length - TAG_BYTES)))
          const text = Buffer.concat([decipher.update(box.subarray(0, -TAG_BYTES)), decipher.final()])
          return Redacted.make(text.toString("utf8"))
        },
        // The cause would say no more: a box that was changed, cut, or sealed for another owner looks the same.
        catch: () =>
          new VaultError({
            reason: "refused",
            detail: `a secret of ${owner.tenant}/${owner.connection} was changed, or sealed for another connection`,
          }),
      })
    },
  })
})

/**
 * `VAULT_KEY`: the current key; `VAULT_FORMER_KEYS`: those before it, separated by commas. To rotate, move the current
 * one there and put a new one in its place (`openssl rand -base64 32`).
 */
export const layer: Layer.Layer<Vault, VaultError | ConfigError> = Layer.effect(
  Vault,
  Effect.gen(function* () {
    const current = yield* Config.Redacted("VAULT_KEY")
    const former = yield* Config.Redacted("VAULT_FORMER_KEYS").pipe(Config.withDefault(Redacted.make("")))
    const texts = Redacted.value(former).split(",")
    return yield* make({
      current,
      former: texts.filter((text) => text.trim() !== "").map((text) => Redacted.make(text)),
    })
  }),
)

/** With keys from elsewhere: a demo's, a test's, or another configuration's. */
export const layerKeys = (keys: VaultKeys): Layer.Layer<Vault, VaultError> => Layer.effect(Vault, make(keys))
