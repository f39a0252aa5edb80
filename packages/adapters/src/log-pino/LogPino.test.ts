/** Log lines are JSON, carry what the code said, and never a credential or a personal value. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { layer } from "./LogPino.ts"
import type { LogPinoOptions } from "./LogPino.ts"
import { redact, redactText } from "./redact.ts"

const logged = Effect.fnUntraced(function* <E>(effect: Effect.Effect<unknown, E>, options: LogPinoOptions = {}) {
  const lines: Array<string> = []
  const destination = { write: (line: string) => void lines.push(line) }
  yield* Effect.provide(effect, layer({ ...options, destination }), { local: true })
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
})

describe("log-pino", () => {
  it.effect("writes a line with level, message, annotations, spans and details", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        Effect.logWarning("pushed", { count: 3n, at: new Date(0) }).pipe(
          Effect.annotateLogs({ tenant: "acme" }),
          Effect.withLogSpan("push"),
        ),
      )
      assert.deepStrictEqual(lines, [
        {
          level: "warn",
          time: 0,
          tenant: "acme",
          pushMs: 0,
          details: [{ count: "3", at: "1970-01-01T00:00:00.000Z" }],
          msg: "pushed",
        },
      ])
    }),
  )

  it.effect("leaves out what is below its level", () =>
    Effect.gen(function* () {
      const both = Effect.andThen(Effect.logDebug("quiet"), Effect.logInfo("said"))
      assert.deepStrictEqual(
        (yield* logged(both)).map((line) => line["msg"]),
        ["said"],
      )
      assert.deepStrictEqual((yield* logged(both, { level: "Debug" })).length, 2)
    }),
  )

  it.effect("redacts by name in annotations, details and causes, at any depth", () =>
    Effect.gen(function* () {
      const value = "s3cr3t-value"
      const named = {
        token: value,
        accessToken: value,
        refresh_token: value,
        "X-Auth-Token": value,
        client_secret: value,
        password: value,
        Authorization: value,
        apiKey: value,
        email: value,
        workEmail: value,
        phone: value,
        name: value,
        firstname: value,
        last_name: value,
      }
      const failure = Cause.fail(new Error(`401 for https://x.test/?access_token=${value} Bearer ${value}`))
      const lines = yield* logged(
        Effect.logError(
          "failed",
          { deep: [{ deeper: new Map([["k", named]]) }], held: Redacted.make(value) },
          failure,
        ).pipe(Effect.annotateLogs({ ...named, connection: "hubspot1" })),
      )
      assert.strictEqual(lines.length, 1)
      assert.notInclude(JSON.stringify(lines), value)
      assert.strictEqual(lines[0]!["connection"], "hubspot1")
      assert.include(String(lines[0]!["cause"]), "401 for https://x.test/")
    }),
  )

  it("redacts addresses and credentials within texts, and leaves the rest", () => {
    assert.strictEqual(redactText("no contact jane.doe+x@example.co.uk there"), "no contact [redacted] there")
    assert.strictEqual(redactText('{"refresh_token":"abc.def"}'), '{"refresh_token":"[redacted]"}')
    assert.strictEqual(redactText("authorization: Basic dXNlcjpwYXNz"), "authorization: [redacted] [redacted]")
    assert.strictEqual(redactText("+49 (30) 123-45 67 is no number"), "[redacted] is no number")
    assert.strictEqual(redactText("nats://own:s3cr3t@localhost:4222"), "nats://own:[redacted]@localhost:4222")
    const stack = "at file:///x/.pnpm/effect@4.1.0/node_modules/effect/src/internal/effect.ts:152:23, 12:00+01:00"
    assert.strictEqual(redactText(stack), stack)
    const stream = "record-3f.acme.hubspot1.contacts.12 at revision 4"
    assert.strictEqual(redactText(stream), stream)
  })

  it("keeps keys that only contain such a word's letters, and cuts cycles", () => {
    const value: Record<string, unknown> = { hostname: "h", filename: "f", tokenizer: "t", renamed: true, none: null }
    assert.deepStrictEqual(redact(value), value)
    value["self"] = value
    assert.deepStrictEqual((redact(value) as { self: unknown }).self, "[…]")
  })

  it("shows an error's class and message, and redacts its fields", () => {
    class Lost extends Error {
      override readonly name = "Lost"
      readonly token = "abc"
    }
    const shown = redact(new Lost("gone")) as Record<string, unknown>
    assert.strictEqual(shown["type"], "Lost")
    assert.strictEqual(shown["message"], "gone")
    assert.strictEqual(shown["token"], "[redacted]")
  })
})
