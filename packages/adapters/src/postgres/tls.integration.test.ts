/** A server with TLS: who it is is verified, unless the address says not to. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect } from "./Database.ts"
import { acquireOwn, missingOwn, runAs } from "./testing/server.ts"

const missing = missingOwn ?? (spawnSync("openssl", ["version"]).status === 0 ? null : "no openssl")

/** A key, and a certificate that it signed itself for this machine. */
const certificate = Effect.acquireRelease(
  Effect.sync(() => {
    const home = mkdtempSync(join(tmpdir(), "concordat-tls-"))
    const [key, cert] = [join(home, "key.pem"), join(home, "cert.pem")]
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    const how = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    execFileSync("openssl", ["req", "-x509", ...how, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" })
    chmodSync(key, 0o600)
    chmodSync(home, 0o755)
    const as = runAs()
    if (as !== null) for (const path of [key, cert]) chownSync(path, as.uid, as.gid)
    return { home, key, cert }
  }),
  ({ home }) => Effect.sync(() => rmSync(home, { recursive: true })),
)

describe.skipIf(missing !== null)("PostgreSQL, TLS", () => {
  it.effect("verify-full takes a server whose certificate it knows and no other, require takes any", () =>
    Effect.gen(function* () {
      const { cert, key } = yield* certificate
      const { url } = yield* acquireOwn({ ssl: "on", ssl_cert_file: cert, ssl_key_file: key })
      const encrypted = (search: string) =>
        Effect.scoped(
          Effect.gen(function* () {
            const { once, sql } = yield* connect({ url: Redacted.make(`${url}?${search}`), connections: 1 })
            return yield* once(sql.unsafe("select ssl from pg_stat_ssl where pid = pg_backend_pid()").values)
          }),
        )
      const known = `sslrootcert=${encodeURIComponent(cert)}`
      assert.deepStrictEqual(yield* encrypted(`sslmode=verify-full&${known}`), [[true]])
      assert.deepStrictEqual(yield* encrypted("sslmode=require"), [[true]])
      assert.deepStrictEqual(yield* encrypted("sslmode=disable"), [[false]])
      const error = yield* Effect.flip(encrypted("sslmode=verify-full"))
      assert.strictEqual(error.reason, "unavailable")
      assert.match(error.message, /self[- ]signed certificate/i)
    }),
  )
})
