/** The sandbox without sockets, behind the port that a connector sends through: for tests that hold the clock themselves. */
import { ProviderError, Unavailable } from "@concordat/engine/ports/ProviderError"
import type { ProviderHttp } from "@concordat/engine/ports/ProviderHttp"
import * as Effect from "effect/Effect"
import type { OdooSandbox } from "../sandbox/sandbox.ts"

export const inProcess = (sandbox: OdooSandbox): ProviderHttp => ({
  send: Effect.fnUntraced(function* ({ method, url, headers, body, operation, writes }) {
    const text = typeof body === "string" ? body : new TextDecoder().decode(body ?? new Uint8Array())
    const answer = yield* Effect.promise(() => sandbox.handle({ method, url, headers: { ...headers }, body: text }))
    if (answer.delayMs > 0) yield* Effect.sleep(answer.delayMs)
    if (!answer.dropped) return { status: answer.status, headers: answer.headers, text: answer.body }
    const effect = writes === true ? "unknown" : "none"
    return yield* new ProviderError({
      provider: "odoo",
      operation,
      reason: new Unavailable({ detail: "dropped", effect }),
    })
  }),
})
