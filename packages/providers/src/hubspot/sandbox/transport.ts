/** The port `ProviderHttp` straight onto a sandbox in the same process: for tests on a virtual clock. */
import { ProviderError, Unavailable } from "@concordat/engine/ports/ProviderError"
import type { HttpCall, ProviderHttp } from "@concordat/engine/ports/ProviderHttp"
import * as Effect from "effect/Effect"
import type { SandboxRequest, SandboxResponse } from "./shapes.ts"

export const transportTo = (sandbox: {
  readonly handle: (request: SandboxRequest) => SandboxResponse
}): ProviderHttp & { readonly calls: ReadonlyArray<HttpCall> } => {
  const calls: Array<HttpCall> = []
  return {
    calls,
    send: (call) =>
      Effect.suspend(() => {
        calls.push(call)
        const url = new URL(call.url)
        const answer = sandbox.handle({
          method: call.method,
          url: url.pathname + url.search,
          headers: call.headers ?? {},
          body: call.body ?? "",
        })
        return answer.dropped === true
          ? Effect.fail(
              new ProviderError({
                provider: "hubspot",
                operation: call.operation,
                reason: new Unavailable({
                  detail: "the connection broke",
                  effect: call.writes === true ? "unknown" : "none",
                }),
              }),
            )
          : Effect.succeed({ status: answer.status, headers: answer.headers, text: answer.body })
      }),
  }
}
