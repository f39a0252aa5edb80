/** The engine's `ProviderHttp`: budget, checked addresses, bounds, counts. It logs nothing that was sent or answered. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Agent as HttpAgent } from "node:http"
import { Agent as HttpsAgent } from "node:https"
import type { Budget } from "../budget/Budget.ts"
import { BODY_BYTES, IDLE_SOCKET_MS, IDLE_SOCKETS } from "../limits.ts"
import type { Definition } from "../ports/Provider.ts"
import { ProviderError, RequestRefused, Unavailable } from "../ports/ProviderError.ts"
import type { ProviderHttp } from "../ports/ProviderHttp.ts"
import { exchange, type ExchangeFailure, isForbiddenAddress } from "./exchange.ts"

/** Counts since the start, per connection. `unanswered`: timeouts, broken and refused sockets. */
export interface HttpStats {
  calls: number
  rateLimited: number
  unanswered: number
  serverErrors: number
}
export const noCalls = (): HttpStats => ({ calls: 0, rateLimited: 0, unanswered: 0, serverErrors: 0 })

export interface HttpOptions {
  readonly definition: Pick<Definition, "provider" | "limits">
  readonly budget: Budget
  /** `settings.allowPrivateAddresses` of the connection is `true`: its system stands in our own network. */
  readonly allowPrivateAddresses: boolean
  readonly stats?: HttpStats
  /** Told of each call when it has ended: the status, null without an answer, and how long it took on the wire. */
  readonly onCall?: (status: number | null, ms: number) => void
  /** Whether the connection is still this process's own, looked at right before each call; absent: it always is. */
  readonly isOurs?: Effect.Effect<boolean>
  /** In bytes after decompression; default 32 MiB. */
  readonly bodyBytes?: number
}

export const allowsPrivateAddresses = (settings: Readonly<Record<string, string>>): boolean =>
  settings["allowPrivateAddresses"] === "true"

/** The call was not made. */
type NotOurs = "not ours"

/** Sockets stay open between calls and are closed with the scope. */
export const makeProviderHttp = Effect.fn("ProviderHttp.make")(function* (options: HttpOptions) {
  const { provider, limits } = options.definition
  const stats = options.stats ?? noCalls()
  const keepAlive = { keepAlive: true, maxFreeSockets: IDLE_SOCKETS, keepAliveMsecs: IDLE_SOCKET_MS }
  const agents = yield* Effect.acquireRelease(
    Effect.sync(() => ({ http: new HttpAgent(keepAlive), https: new HttpsAgent(keepAlive) })),
    (all) =>
      Effect.sync(() => {
        all.http.destroy()
        all.https.destroy()
      }),
  )

  const reasonOf = (error: ExchangeFailure | NotOurs, writes: boolean) =>
    error === "not ours"
      ? new Unavailable({ detail: "another process has the connection", effect: "none" })
      : isForbiddenAddress(error)
        ? new RequestRefused({ code: "address", detail: "the address is private; allowPrivateAddresses permits it" })
        : new Unavailable({ detail: error.message, effect: writes && error.sent ? "unknown" : "none" })

  const send: ProviderHttp["send"] = Effect.fnUntraced(function* (call) {
    const failed = (reason: ProviderError["reason"]) =>
      new ProviderError({ provider, operation: call.operation, reason })
    const url = URL.canParse(call.url) ? new URL(call.url) : null
    if (url === null) return yield* failed(new RequestRefused({ code: "address", detail: "the address is not a URL" }))
    const exchanged = exchange(agents, {
      method: call.method,
      url,
      headers: call.headers ?? {},
      body: call.body,
      timeoutMs: call.timeoutMs ?? limits.timeoutMs,
      bodyBytes: options.bodyBytes ?? BODY_BYTES,
      allowPrivateAddresses: options.allowPrivateAddresses,
    })
    const { onCall } = options
    const counted = Effect.gen(function* () {
      if (options.isOurs !== undefined && !(yield* options.isOurs)) return yield* Effect.fail<NotOurs>("not ours")
      stats.calls += 1
      const began = yield* Clock.currentTimeMillis
      return yield* Effect.onExit(exchanged, (exit) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          onCall?.(Exit.isSuccess(exit) ? exit.value.status : null, now - began),
        ),
      )
    })
    const answer = yield* options.budget
      .within(call.cost ?? { default: 1 })(counted)
      .pipe(
        Effect.mapError((error) => {
          if (error !== "not ours") stats.unanswered += 1
          return failed(reasonOf(error, call.writes === true))
        }),
      )
    if (answer.status === 429) stats.rateLimited += 1
    if (answer.status >= 500) stats.serverErrors += 1
    return answer
  })

  const client: ProviderHttp = { send }
  return client
})
