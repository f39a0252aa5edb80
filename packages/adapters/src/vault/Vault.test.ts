/** What is sealed opens for its owner with its key, and for nobody else. */
import { Vault } from "@concordat/engine/ports/Vault"
import type { Sealed } from "@concordat/engine/ports/Vault"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { randomBytes } from "node:crypto"
import { inspect } from "node:util"
import { layer, layerKeys } from "./Vault.ts"

const owner = { tenant: "acme", connection: "hubspot1" }
const secret = Redacted.make("pat-eu1-é😀")
const newKey = () => Redacted.make(randomBytes(32).toString("base64"))
const current = newKey()
const withKeys = <A, E>(keys: Parameters<typeof layerKeys>[0], effect: Effect.Effect<A, E, Vault>) =>
  Effect.provide(effect, layerKeys(keys), { local: true })
const withKey = <A, E>(effect: Effect.Effect<A, E, Vault>) => withKeys({ current, former: [] }, effect)
const withConfig = (config: Readonly<Record<string, string>>) =>
  Vault.pipe(
    Effect.provide(Layer.provide(layer, ConfigProvider.layer(ConfigProvider.fromUnknown(config))), { local: true }),
  )

const flipped = (base64: string, byte: number): string => {
  const bytes = Buffer.from(base64, "base64")
  bytes[byte]! ^= 1
  return bytes.toString("base64")
}

describe("Vault", () => {
  it.effect("opens for its owner what it sealed, also after a restart", () =>
    Effect.gen(function* () {
      const sealed = yield* withKey(Effect.flatMap(Vault, (vault) => vault.seal(owner, secret)))
      const opened = yield* withKey(Effect.flatMap(Vault, (vault) => vault.open(owner, sealed)))
      assert.strictEqual(Redacted.value(opened), Redacted.value(secret))
    }),
  )

  it.effect("shows the secret nowhere, and seals the same one differently each time", () =>
    withKey(
      Effect.gen(function* () {
        const vault = yield* Vault
        const sealed = [yield* vault.seal(owner, secret), yield* vault.seal(owner, secret)]
        assert.notStrictEqual(sealed[0]!.nonce, sealed[1]!.nonce)
        assert.notStrictEqual(sealed[0]!.box, sealed[1]!.box)
        const shown = inspect([sealed, vault, yield* vault.open(owner, sealed[0]!)], { depth: 9 })
        assert.notInclude(shown, Redacted.value(secret))
        assert.notInclude(shown, Redacted.value(current))
      }),
    ),
  )

  it.effect("does not open for another tenant or connection", () =>
    withKey(
      Effect.gen(function* () {
        const vault = yield* Vault
        const sealed = yield* vault.seal(owner, secret)
        for (const other of [
          { ...owner, tenant: "other" },
          { ...owner, connection: "hubspot2" },
          { tenant: "hubspot1", connection: "acme" },
        ])
          assert.strictEqual((yield* Effect.flip(vault.open(other, sealed))).reason, "refused")
      }),
    ),
  )

  it.effect("does not open what was changed or cut", () =>
    withKey(
      Effect.gen(function* () {
        const vault = yield* Vault
        const sealed = yield* vault.seal(owner, secret)
        const length = Buffer.from(sealed.box, "base64").length
        const changed: ReadonlyArray<Sealed> = [
          { ...sealed, box: flipped(sealed.box, 0) },
          { ...sealed, box: flipped(sealed.box, length - 1) },
          { ...sealed, nonce: flipped(sealed.nonce, 3) },
          {
            ...sealed,
            box: Buffer.from(sealed.box, "base64")
              .subarray(0, length - 1)
              .toString("base64"),
          },
          { ...sealed, box: Buffer.from(sealed.box, "base64").subarray(0, 5).toString("base64") },
          { ...sealed, box: "" },
          { ...sealed, nonce: "" },
        ]
        for (const other of changed) {
          const error = yield* Effect.flip(vault.open(owner, other))
          assert.strictEqual(error.reason, "refused")
        }
      }),
    ),
  )

  it.effect("after a rotation opens what former keys sealed, and seals with the current one", () =>
    Effect.gen(function* () {
      const next = newKey()
      const old = yield* withKey(Effect.flatMap(Vault, (vault) => vault.seal(owner, secret)))
      yield* withKeys(
        { current: next, former: [current] },
        Effect.gen(function* () {
          const vault = yield* Vault
          assert.notStrictEqual(old.keyId, vault.keyId)
          const again = yield* vault.seal(owner, yield* vault.open(owner, old))
          assert.strictEqual(again.keyId, vault.keyId)
          assert.strictEqual(Redacted.value(yield* vault.open(owner, again)), Redacted.value(secret))
        }),
      )
      const refused = yield* withKeys(
        { current: next, former: [] },
        Effect.flip(Effect.flatMap(Vault, (vault) => vault.open(owner, old))),
      )
      assert.strictEqual(refused.reason, "unknownKey")
      assert.include(refused.detail, old.keyId)
    }),
  )

  it.effect("takes keys from the configuration, in hexadecimal or base64", () =>
    Effect.gen(function* () {
      const key = randomBytes(32)
      const former = randomBytes(32).toString("hex")
      const hex = yield* withConfig({ VAULT_KEY: key.toString("hex") })
      const base64 = yield* withConfig({ VAULT_KEY: key.toString("base64"), VAULT_FORMER_KEYS: `${former}, ` })
      assert.strictEqual(hex.keyId, base64.keyId)
      const sealedBefore = yield* Effect.flatMap(withConfig({ VAULT_KEY: former }), (vault) =>
        vault.seal(owner, secret),
      )
      assert.strictEqual(Redacted.value(yield* base64.open(owner, sealedBefore)), Redacted.value(secret))
    }),
  )

  it.effect("refuses a key of another length without showing it", () =>
    Effect.gen(function* () {
      const short = randomBytes(16).toString("hex")
      const error = yield* Effect.flip(withConfig({ VAULT_KEY: short }))
      assert.strictEqual(error._tag, "VaultError")
      assert.notInclude(inspect(error, { depth: 9 }), short)
      const missing = yield* Effect.flip(withConfig({}))
      assert.strictEqual(missing._tag, "ConfigError")
    }),
  )
})
