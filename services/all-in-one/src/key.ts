/** The installation's key: hashes ids that say something of a person, and marks the records that are ours. */
import type { Config } from "./config/Config.ts"
import { createHmac, randomBytes } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Redacted from "effect/Redacted"

/** Less could be guessed. */
export const KEY_CHARACTERS = 16
export const isKey = (key: Redacted.Redacted): boolean => Redacted.value(key).length >= KEY_CHARACTERS

export class KeyUnusable extends Schema.TaggedError<KeyUnusable>()("KeyUnusable", {
  path: Schema.String,
  reason: Schema.Literals(["missing", "short"]),
}) {
  override get message(): string {
    const what =
      this.reason === "missing"
        ? `the store has content and its key ${this.path} is gone`
        : `${this.path} holds no key of at least ${KEY_CHARACTERS} characters`
    return (
      `${what}. Put the copy back that was kept with the store. If there is none, ` +
      `"openssl rand -hex 32 > ${this.path}" makes another; records whose ids are hashed with it will count as new ones.`
    )
  }
}

/**
 * From the configuration, or from `<store>.key`, which is made at the first start and belongs to the store: whoever keeps
 * a copy of the one keeps a copy of the other. A store in memory has a key for as long as it lives. `isNew`: nothing is in
 * the store yet.
 */
export const installationKey = (
  config: Pick<Config, "key" | "store">,
  isNew: boolean,
): Effect.Effect<Redacted.Redacted, KeyUnusable> =>
  Effect.gen(function* () {
    if (config.key !== null) return config.key
    if (config.store === ":memory:") return Redacted.make(randomBytes(32).toString("hex"))
    const path = `${config.store}.key`
    if (!existsSync(path)) {
      if (!isNew) return yield* new KeyUnusable({ path, reason: "missing" })
      writeFileSync(path, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" })
    }
    const key = Redacted.make(readFileSync(path, "utf8").trim())
    return isKey(key) ? key : yield* new KeyUnusable({ path, reason: "short" })
  })

/** Names this installation and tenant in the ids that we leave in records: 8 of a-z, 0-9. */
export const markOf = (key: Redacted.Redacted, tenant: string): string => {
  const digest = createHmac("sha256", Redacted.value(key)).update(`mark\n${tenant}`).digest("hex")
  return BigInt(`0x${digest}`).toString(36).slice(0, 8)
}
