/** The HTTP client against a server of our own: bounds, faults, and addresses that it must not reach. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { AddressInfo } from "node:net"
import { createServer, type RequestListener } from "node:http"
import { gzipSync } from "node:zlib"
import { makeBudget } from "../budget/Budget.ts"
import type { HttpCall } from "../ports/ProviderHttp.ts"
import type { ProviderError } from "../ports/ProviderError.ts"
import { type HttpOptions, makeProviderHttp, noCalls } from "./ProviderHttp.ts"

/** Long enough for any answer on a slow machine; `SHORT` is for servers that give none. */
const limitsOf = (timeoutMs: number) => ({ buckets: {}, concurrency: 4, timeoutMs })
const LONG = limitsOf(60_000)
const SHORT = limitsOf(300)

const client = Effect.fnUntraced(function* (
  listener: RequestListener,
  options: Partial<HttpOptions> = {},
  limits = LONG,
) {
  const server = createServer(listener)
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      }),
  )
  const stats = noCalls()
  const definition = { provider: "test", limits }
  const budget = yield* makeBudget(limits)
  const http = yield* makeProviderHttp({ definition, budget, allowPrivateAddresses: true, stats, ...options })
  const { port } = server.address() as AddressInfo
  const call = (rest: Partial<HttpCall> = {}) =>
    http.send({ method: "GET", url: `http://127.0.0.1:${port}/x?token=secret`, operation: "test.call", ...rest })
  return { call, http, port, stats }
})

const reasonOf = <A>(call: Effect.Effect<A, ProviderError>) =>
  Effect.map(Effect.flip(call), ({ message, reason }) => ({
    message,
    reason: { ...reason, _tag: reason._tag as string },
  }))

describe("ProviderHttp", () => {
  it.live("answers any status, with headers in lower case and the body unpacked", () =>
    Effect.gen(function* () {
      const { call, stats } = yield* client((_, answer) => {
        answer.writeHead(429, { "Retry-After": "7", "Content-Encoding": "gzip" })
        answer.end(gzipSync("slow down"))
      })
      const answer = yield* call()
      assert.strictEqual(answer.status, 429)
      assert.strictEqual(answer.headers["retry-after"], "7")
      assert.strictEqual(answer.text, "slow down")
      assert.deepStrictEqual(stats, { calls: 1, rateLimited: 1, unanswered: 0, serverErrors: 0 })
    }),
  )

  it.live("tells of each call how it ended and how long it was on the wire, not in the budget's queue", () =>
    Effect.gen(function* () {
      const told: Array<readonly [status: number | null, ms: number]> = []
      const onCall: HttpOptions["onCall"] = (status, ms) => void told.push([status, ms])
      const answers = yield* client((_, answer) => void setTimeout(() => answer.writeHead(503).end(), 50), { onCall })
      yield* answers.call()
      const silent = yield* client(() => {}, { onCall }, SHORT)
      yield* reasonOf(silent.call())
      assert.deepStrictEqual(
        told.map(([status]) => status),
        [503, null],
      )
      assert.isAtLeast(told[0]![1], 45)
      assert.isAtLeast(told[1]![1], 250)
    }),
  )

  it.live("follows no redirect", () =>
    Effect.gen(function* () {
      const { call, stats } = yield* client((_, answer) => {
        answer.writeHead(302, { location: "http://169.254.169.254/" })
        answer.end()
      })
      assert.strictEqual((yield* call()).status, 302)
      assert.strictEqual(stats.calls, 1)
    }),
  )

  it.live("a write without an answer may have been taken; a read had no effect", () =>
    Effect.gen(function* () {
      const { call, stats } = yield* client(() => {}, {}, SHORT)
      const write = yield* reasonOf(call({ method: "POST", body: "{}", writes: true }))
      assert.include(write.reason, { _tag: "Unavailable", effect: "unknown" })
      const read = yield* reasonOf(call())
      assert.include(read.reason, { _tag: "Unavailable", effect: "none" })
      assert.notInclude(read.message, "secret")
      assert.strictEqual(stats.unanswered, 2)
    }),
  )

  it.live("a write that never left had no effect", () =>
    Effect.gen(function* () {
      const { http } = yield* client(() => {})
      const call: HttpCall = {
        method: "POST",
        url: "http://127.0.0.1:1/",
        body: "{}",
        writes: true,
        operation: "test.call",
      }
      const error = yield* reasonOf(http.send(call))
      assert.include(error.reason, { _tag: "Unavailable", effect: "none" })
    }),
  )

  it.live("ends a body that is too large, packed or not", () =>
    Effect.gen(function* () {
      const { call } = yield* client(
        (_, answer) => {
          answer.writeHead(200, { "Content-Encoding": "gzip" })
          answer.end(gzipSync("x".repeat(100_000)))
        },
        { bodyBytes: 10_000 },
      )
      const error = yield* reasonOf(call())
      assert.include(error.message, "ETOOLARGE")
    }),
  )

  it.live("reaches no private address, by number or by name, unless it may", () =>
    Effect.gen(function* () {
      let reached = 0
      const { http, port } = yield* client(
        (_, answer) => {
          reached += 1
          answer.end()
        },
        { allowPrivateAddresses: false },
      )
      for (const host of ["127.0.0.1", "localhost", "[::1]", "2130706433"]) {
        const error = yield* reasonOf(
          http.send({ method: "GET", url: `http://${host}:${port}/`, operation: "test.call" }),
        )
        assert.include(error.reason, { _tag: "RequestRefused", code: "address" }, host)
      }
      const file = yield* reasonOf(http.send({ method: "GET", url: "file:///etc/passwd", operation: "test.call" }))
      assert.include(file.reason, { _tag: "RequestRefused", code: "address" })
      assert.strictEqual(reached, 0)
    }),
  )
})
