/** The clock beside every request. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as TestClock from "effect/testing/TestClock"
import { Connections } from "../Connections.ts"
import { makeRecording } from "./recording.ts"
import { timed } from "./routes.ts"

const webhook = HttpServerRequest.fromWeb(new Request("http://here/webhooks/acme/crm", { method: "POST" }))
const SERIES = "concordat_http_request_duration_seconds"

describe("the time of requests", () => {
  it.effect("is kept of those too that nobody waited for to the end", () =>
    Effect.gen(function* () {
      const recording = makeRecording()
      const beside = timed(recording, new Connections([], recording))
      const request = <R>(answer: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>) =>
        Effect.provideService(beside(answer), HttpServerRequest.HttpServerRequest, webhook)
      yield* request(Effect.succeed(HttpServerResponse.empty({ status: 202 })))
      const slow = yield* Effect.forkChild(request(Effect.never))
      yield* TestClock.adjust("7 seconds")
      yield* Fiber.interrupt(slow)
      const text = PrometheusMetrics.formatUnsafe(recording.context)
      const labels = 'part="webhooks",method="POST",tenant="",connection=""'
      assert.include(text, `${SERIES}_count{${labels},status="2xx"} 1\n`)
      assert.include(text, `${SERIES}_count{${labels},status="none"} 1\n`)
      assert.include(text, `${SERIES}_sum{${labels},status="none"} 7\n`)
    }),
  )
})
