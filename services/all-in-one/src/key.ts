/** The installation's key: hashes ids that say something of a person, and marks the records that are ours. */
import type { Config } from "./config/Config.ts"
import { createHmac, randomBytes } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/**
 * From the configuration, or from `<store>.key`, which is made at the first start and belongs to the store: whoever keeps
 * a copy of the one keeps a copy of the other. A store in memory has a key for as long as it lives.
 */
export const installationKey = (config: Pick<Config, "key" | "store">): Effect.Effect<Redacted.Redacted> =>
  Effect.sync(() => {
    if (config.key !== null) return config.key
    if (config.store === ":memory:") return Redacted.make(randomBytes(32).toString("hex"))
    const path = `${config.store}.key`
    if (!existsSync(path)) writeFileSync(path, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" })
    return Redacted.make(readFileSync(path, "utf8").trim())
  })

/** Names this installation and tenant in the ids that we leave in records: 8 of a-z, 0-9. */
export const markOf = (key: Redacted.Redacted, tenant: string): string => {
  const digest = createHmac("sha256", Redacted.value(key)).update(`mark\n${tenant}`).digest("hex")
  return BigInt(`0x${digest}`).toString(36).slice(0, 8)
}
