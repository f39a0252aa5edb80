/** How the journal is reached: addresses, TLS and passwords, and what is said of a connection string that can't be used. */
import { checkConnectionString } from "@concordat/adapters/kurrentdb/connection-string"
import { layer } from "@concordat/adapters/kurrentdb/KurrentDb"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, forward, hurry, ids, serve, some } from "./system.ts"

const appendAndRead = Effect.fnUntraced(function* (connectionString: string) {
  const journal = yield* connect(connectionString)
  const events = some(2)
  assert.strictEqual((yield* hurry(journal.append({ stream: "record-3f.t.a", expected: -1, events })))._tag, "Appended")
  assert.deepStrictEqual(ids(yield* hurry(journal.read("record-3f.t.a", forward))), ids(events))
})

/** A certificate for localhost, of this test alone. */
const certificate = Effect.acquireRelease(
  Effect.sync(() => {
    const home = mkdtempSync(join(tmpdir(), "concordat-tls-"))
    const [key, file] = [join(home, "key.pem"), join(home, "certificate.pem")]
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    const output = ["-keyout", key, "-out", file]
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...subject, ...output], {
      stdio: "ignore",
    })
    return { home, file, key: readFileSync(key), certificate: readFileSync(file) }
  }),
  ({ home }) => Effect.sync(() => rmSync(home, { recursive: true })),
)
const hasOpenssl = (() => {
  try {
    return execFileSync("openssl", ["version"], { encoding: "utf8" }) !== ""
  } catch {
    return false
  }
})()

describe("connecting to KurrentDB", () => {
  it.effect("takes the scheme of EventStoreDB too", () =>
    Effect.gen(function* () {
      const { address } = yield* serve({ many: false })
      yield* appendAndRead(`esdb://${address}?tls=false`)
    }),
  )

  it.effect("finds the leader by gossip, from a name or from several hosts of which one is down", () =>
    Effect.gen(function* () {
      const one = yield* serve({ many: true })
      yield* appendAndRead(`kurrentdb+discover://${one.address}?tls=false`)
      const two = yield* serve({ many: true })
      yield* appendAndRead(`kurrentdb://localhost:1,${two.address}?tls=false&gossipTimeout=10`)
      assert.isAbove(one.faults.seen.gossips, 0)
      assert.isAbove(two.faults.seen.gossips, 0)
    }),
  )

  it.effect.skipIf(!hasOpenssl)("sends user and password over TLS, and says so when they are not taken", () =>
    Effect.gen(function* () {
      const { file, key, certificate: cert } = yield* certificate
      const { address } = yield* serve({
        many: true,
        tls: { key, certificate: cert, user: "ops", password: "s3:cret@/" },
      })
      const ca = encodeURIComponent(file)
      yield* appendAndRead(`kurrentdb://ops:s3%3Acret%40%2F@${address}?tls=true&tlsCAFile=${ca}`)
      const stranger = yield* connect(`kurrentdb://ops:wr0ngword@${address}?tls=true&tlsCAFile=${ca}`)
      const append = { stream: "record-3f.t.b", expected: -1, events: some(1) }
      for (const failing of [stranger.append(append), stranger.read("record-3f.t.a", forward)]) {
        const error = yield* Effect.flip(hurry<unknown, { reason: string; message: string }, never>(failing))
        assert.strictEqual(error.reason, "unauthorised")
        assert.include(error.message, "access denied")
        assert.notInclude(error.message, "wr0ngword")
      }
    }),
  )

  it.effect(
    "a connection string that can't be used is refused with the part that is wrong, and without its password",
    () =>
      Effect.gen(function* () {
        const wrong: ReadonlyArray<readonly [string, string]> = [
          ["http://ops:hunter2@host:2113", "kurrentdb://"],
          ["kurrentdb://ops:hunter2@host:2113?nodePreferense=leader", "nodePreferense"],
          ["kurrentdb://ops:hunter2@host:port", "host:port"],
          ["kurrentdb://ops:hunter2@host:70000", "70000"],
          ["kurrentdb://ops:hunt:er2@host", "percent-encoded"],
          ["kurrentdb://hunter2@host", "user:password"],
          ["kurrentdb://ops:hunter2@host?tls", "tls"],
          ["kurrentdb://ops:hunter2@host?throwOnAppendFailure=false", "throwOnAppendFailure"],
          ["kurrentdb://ops:hunter2@host?keepAliveTimeout=soon", "keepAliveTimeout"],
          ["kurrentdb://ops:hunter2@host?tlsCAFile=/no/such/file", "can't use it"],
          ["kurrentdb://ops:hunter2@host?tls=perhaps", "can't use it"],
        ]
        for (const [text, part] of wrong) {
          const error = yield* Effect.flip(
            Effect.scoped(Layer.build(Layer.fresh(layer({ connectionString: Redacted.make(text) })))),
          )
          assert.strictEqual(error.reason, "foreign", text)
          assert.include(error.message, part)
          assert.notInclude(error.message, "hunt")
        }
      }),
  )

  it.effect("over a connection that is not encrypted no password is sent, as the client would have it", () =>
    Effect.gen(function* () {
      const given = yield* checkConnectionString("kurrentdb://admin:changeit@localhost:2113?tls=false")
      assert.isTrue(given.ignoresLogin)
      assert.strictEqual(given.text, "kurrentdb://localhost:2113?tls=false")
    }),
  )

  it.effect("opens nothing before it is asked for something, and closes without a server", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Effect.scoped(connect("kurrentdb://localhost:1?tls=false")))
      assert.isTrue(Exit.isSuccess(exit))
    }),
  )

  it("has no native code with it: what stands in for it refuses to read", () => {
    const client = createRequire(import.meta.resolve("@concordat/adapters/kurrentdb/KurrentDb"))
    const inside = createRequire(client.resolve("@kurrent/kurrentdb-client"))
    const bridge = inside("@kurrent/bridge") as { createClient: () => { readAll: () => void } }
    assert.include(inside.resolve("@kurrent/bridge"), "without-bridge")
    assert.throws(() => bridge.createClient().readAll(), /left out/)
    for (const module of Object.keys(inside.cache)) assert.isFalse(module.endsWith(".node"), module)
  })
})
