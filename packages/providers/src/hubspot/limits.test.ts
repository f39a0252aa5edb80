/** Traps of limits and faults of the connection: what is reported, and that nothing is tried again here. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { connect } from "./connector.ts"
import { transportTo } from "./sandbox/transport.ts"
import { creating, openPortal } from "./testing/portal.ts"

const options = { fields: ["email"], limit: 10 }

describe("limits", () => {
  it.effect("[HS15] 429 comes with and without policyName and never with Retry-After; both name the budget", () =>
    Effect.gen(function* () {
      const { sandbox, connector, raw } = yield* openPortal({ limits: { enforced: true } })
      const bodies = new Set<string>()
      for (let second = 0; second < 20; second += 1) {
        for (let calls = 0; calls < 6; calls += 1) {
          const answer = raw("POST", "/crm/objects/2026-09/contacts/search", { limit: 1 })
          assert.strictEqual(answer.status, calls < 5 ? 200 : 429)
          if (answer.status !== 429) continue
          bodies.add(answer.json.policyName ?? answer.json.category ?? "")
          assert.notProperty(answer.headers, "retry-after")
          assert.strictEqual(answer.json.message, "You have reached your secondly limit.")
        }
        const { reason } = yield* connector
          .lookup("companies", [{ fields: { domain: "x.example" } }], options)
          .pipe(Effect.flip)
        assert.deepInclude(reason, { _tag: "RateLimited", scope: "bucket", bucket: "search" })
        sandbox.advance(1_001)
      }
      assert.deepStrictEqual([...bodies].toSorted(), ["RATE_LIMITS", "SECONDLY"])
      sandbox.advance(10_001)
      for (let calls = 0; calls < 110; calls += 1)
        assert.strictEqual(raw("GET", "/crm/objects/2026-09/contacts").status, 200)
      const { reason } = yield* connector.read("contacts", ["1"], options).pipe(Effect.flip)
      assert.deepInclude(reason, { _tag: "RateLimited", scope: "bucket", bucket: "default" })
      sandbox.settings({ limits: { daily: 1 } })
      const day = yield* connector.read("contacts", ["1"], options).pipe(Effect.flip)
      assert.deepInclude(day.reason, { _tag: "RateLimited", scope: "day" })
    }),
  )

  it.effect("[HS25] locked, migrating and broken: told apart, once each, with what HubSpot says of the wait", () =>
    Effect.gen(function* () {
      const { sandbox, connector, calls } = yield* openPortal()
      const read = connector.read("contacts", ["1"], options).pipe(Effect.flip)
      sandbox.failNext({ status: 423 })
      assert.deepInclude((yield* read).reason, { _tag: "RateLimited", scope: "connection", retryAfterMs: 2_000 })
      sandbox.failNext({ status: 477, headers: { "retry-after": "3600" } })
      assert.deepInclude((yield* read).reason, { _tag: "RateLimited", retryAfterMs: 3_600_000 })
      sandbox.failNext({ status: 502, body: "<html>Bad gateway</html>" })
      assert.deepInclude((yield* read).reason, { _tag: "Unavailable", effect: "none" })
      sandbox.failNext({ status: 524, body: "" })
      const write = yield* connector.write("contacts", [creating("c-1", { email: "a@example.com" })]).pipe(Effect.flip)
      assert.deepInclude(write.reason, { _tag: "Unavailable", effect: "unknown" })
      sandbox.failNext({ status: 200, body: "<html>" })
      assert.strictEqual((yield* read).reason._tag, "Unreadable")
      assert.strictEqual(calls.length, 5)
    }),
  )

  it.effect("[HS39] what is no token at all is answered 530, and is a lost authorisation and no outage", () =>
    Effect.gen(function* () {
      const { sandbox } = yield* openPortal()
      const connector = yield* connect(
        {
          tenant: "acme",
          connection: "hubspot",
          settings: {},
          credentials: { token: Redacted.make('"pat-na1-sandbox"') },
          opaqueId: (id) => id,
        },
        transportTo(sandbox),
      )
      const { message, reason } = yield* connector.read!("contacts", ["1"], options).pipe(Effect.flip)
      assert.strictEqual(reason._tag, "AuthLost")
      assert.notInclude(message, "pat-na1")
    }),
  )

  it.effect("[HS41] a spent day lasts until midnight of the account's own time zone, and nobody says until when", () =>
    Effect.gen(function* () {
      // Los Angeles; it is 08:00 UTC.
      const { sandbox, connector } = yield* openPortal({
        limits: { enforced: true, daily: 2, dayBeginsAtHour: 7 },
      })
      const read = connector.read("contacts", ["1"], options)
      yield* read
      const HOUR = 3_600_000
      const refused = [0, 16, 6].map((hours) =>
        Effect.suspend(() => {
          sandbox.advance(hours * HOUR)
          return Effect.flip(read)
        }),
      )
      for (const one of refused) {
        const { reason } = yield* one
        assert.deepInclude(reason, { _tag: "RateLimited", scope: "day", retryAfterMs: null })
      }
      sandbox.advance(HOUR)
      yield* read
    }),
  )

  it.effect("[HS44] an error without a category is an error all the same", () =>
    Effect.gen(function* () {
      const { sandbox, connector, raw } = yield* openPortal()
      const told = raw("GET", "/crm/objects/2026-09/gadgets")
      assert.strictEqual(told.status, 400)
      assert.notProperty(told.json, "category")
      const { reason } = yield* connector.backfill("gadgets", { after: "1" }, options).pipe(Effect.flip)
      assert.deepInclude(reason, { _tag: "RequestRefused", code: "400" })
      sandbox.failNext({ status: 400, body: { status: "error", message: "?" }, match: "batch/create" })
      const [answer] = yield* connector.write("contacts", [creating("c-1", { email: "a@example.com" })])
      assert.deepInclude(answer?.outcome, { _tag: "Refused", code: "other", message: "?" })
    }),
  )

  it.effect("a revoked token is a lost authorisation, a missing scope is named, and no message quotes the token", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* openPortal({ missingScopes: ["deals"] })
      const scope = yield* connector.read("deals", ["1"], options).pipe(Effect.flip)
      assert.strictEqual(scope.reason._tag, "Forbidden")
      assert.include(scope.message, "crm.objects.deals.read")
      sandbox.failNext({
        status: 403,
        body: {
          status: "error",
          category: "MISSING_SCOPES",
          message: "This app hasn't been granted all required scopes to make this call.",
          errors: [{ message: "One or more are required.", context: { requiredScopes: ["sales-email-read"] } }],
        },
      })
      const older = yield* connector.read("emails", ["1"], options).pipe(Effect.flip)
      assert.include(older.message, "needs sales-email-read")
      sandbox.settings({ tokens: [] })
      const token = yield* connector.read("contacts", ["1"], options).pipe(Effect.flip)
      assert.strictEqual(token.reason._tag, "AuthLost")
      assert.notInclude(token.message, "pat-na1")
    }),
  )
})
