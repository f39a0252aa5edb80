/**
 * The way to a provider: it takes time, loses requests and answers, and sometimes answers for the provider. What was sent
 * arrives, also where the sender has died meanwhile.
 */
import type { Budget } from "@concordat/engine/budget/Budget"
import type { HttpStats } from "@concordat/engine/http/ProviderHttp"
import type { Definition } from "@concordat/engine/ports/Provider"
import { ProviderError, Unavailable } from "@concordat/engine/ports/ProviderError"
import type { HttpAnswer, HttpCall, ProviderHttp } from "@concordat/engine/ports/ProviderHttp"
import * as Effect from "effect/Effect"
import type { Process } from "./process.ts"
import type { Chance } from "./random.ts"
import type { Owner, Timeline } from "./timeline.ts"

export interface NetworkFaults {
  /** ms, one way. */
  readonly latency: readonly [least: number, most: number]
  /** Shares of calls: never arrived; answered by nobody though it took effect; answered with a status of the way. */
  readonly lost: number
  readonly unanswered: number
  readonly tooMany: number
  readonly broken: number
  /** Of those that are broken, how many took effect all the same. */
  readonly brokenAfter: number
}

export const PERFECT: NetworkFaults = {
  latency: [20, 80],
  lost: 0,
  unanswered: 0,
  tooMany: 0,
  broken: 0,
  brokenAfter: 0,
}

/** Takes what is told when an answer, as the provider gave it, has come back to who asked and still waits. */
export type OnArrival = (told: () => void) => void

/** A provider that answers requests; null: the connection breaks. */
export type Server = (call: HttpCall, onArrival: OnArrival) => HttpAnswer | null | Promise<HttpAnswer | null>

export interface Network {
  readonly timeline: Timeline
  readonly owner: Owner
  readonly chance: Chance
  faults: NetworkFaults
  /** Told of each call when it is sent. */
  readonly onSend?: (call: HttpCall) => void
  /** Told of each call that arrived, and of each that ended: `null` without an answer. */
  readonly onCall: (call: HttpCall, status: number | null) => void
}

const STATUSES = [500, 502, 503, 504]

const tooMany = (chance: Chance): HttpAnswer => ({
  status: 429,
  headers: chance.isLess(0.5) ? { "retry-after": String(chance.between(1, 30)) } : {},
  text: JSON.stringify({ status: "error", message: "Too many requests", category: "RATE_LIMITS" }),
})

const broken = (chance: Chance): HttpAnswer => ({
  status: chance.pick(STATUSES),
  headers: { "content-type": "text/html" },
  text: "<html>the server is having a bad day</html>",
})

/** What the way makes of an answer. */
type Then = (answer: HttpAnswer | null) => HttpAnswer | null

type Fault = "none" | "lost" | "unanswered" | "tooMany" | "broken" | "brokenAfter"

const faultOf = ({ chance, faults }: Network): Fault => {
  const draw = chance.next()
  const rates = [
    ["lost", faults.lost],
    ["unanswered", faults.unanswered],
    ["tooMany", faults.tooMany],
    ["broken", faults.broken * (1 - faults.brokenAfter)],
    ["brokenAfter", faults.broken * faults.brokenAfter],
  ] as const
  let sum = 0
  for (const [name, rate] of rates) {
    sum += rate
    if (draw < sum) return name
  }
  return "none"
}

/** The engine's `ProviderHttp` without sockets: budget, time limit and counts are its own. */
export const httpOver = (
  process: Process,
  network: Network,
  server: Server,
  options: { readonly definition: Definition; readonly budget: Budget; readonly stats: HttpStats },
): ProviderHttp => {
  const { budget, definition, stats } = options
  const { owner, timeline } = network

  /** null: no answer will come. */
  const exchange = (call: HttpCall): Effect.Effect<HttpAnswer | null> =>
    Effect.callback((resume) => {
      stats.calls += 1
      network.onSend?.(call)
      const fault = faultOf(network)
      const [least, most] = network.faults.latency
      const [there, back] = [network.chance.between(least, most), network.chance.between(least, most)]
      let isAwaited = true
      const answerWith = (answer: HttpAnswer | null, arrivals: ReadonlyArray<() => void> = []): void => {
        network.onCall(call, answer?.status ?? null)
        timeline.after(process, back, () => {
          if (isAwaited) for (const told of arrivals) told()
          resume(Effect.succeed(answer))
        })
      }
      const serve = (then: Then): void => {
        const arrivals: Array<() => void> = []
        const served = server(call, (told) => void arrivals.push(told))
        const passOn = (given: HttpAnswer | null): void => {
          const answer = then(given)
          answerWith(answer, answer === given ? arrivals : [])
        }
        const promised = async (answer: Promise<HttpAnswer | null>): Promise<void> => {
          timeline.promised()
          const given = await answer
          timeline.promised()
          passOn(given)
        }
        if (served instanceof Promise) void promised(served).catch(timeline.fail)
        else passOn(served)
      }
      timeline.after(owner, there, () => {
        switch (fault) {
          case "lost":
            return network.onCall(call, null)
          case "unanswered":
            return serve(() => null)
          case "tooMany":
            return answerWith(tooMany(network.chance))
          case "broken":
            return answerWith(broken(network.chance))
          case "brokenAfter":
            return serve(() => broken(network.chance))
          case "none":
            return serve((answer) => answer)
        }
      })
      // The time is up, or it has died: what comes now nobody sees.
      return Effect.sync(() => {
        isAwaited = false
      })
    })

  const noAnswer = (call: HttpCall) =>
    new ProviderError({
      provider: definition.provider,
      operation: call.operation,
      reason: new Unavailable({ detail: "no answer", effect: call.writes === true ? "unknown" : "none" }),
    })

  return {
    send: Effect.fnUntraced(function* (call) {
      const answer = yield* budget.within(call.cost ?? { default: 1 })(
        Effect.timeoutOrElse(exchange(call), {
          duration: call.timeoutMs ?? definition.limits.timeoutMs,
          orElse: () => Effect.succeed(null),
        }),
      )
      if (answer === null) {
        stats.unanswered += 1
        return yield* noAnswer(call)
      }
      if (answer.status === 429) stats.rateLimited += 1
      if (answer.status >= 500) stats.serverErrors += 1
      return answer
    }),
  }
}
