/** A day's calls that are used up: what stands before Odoo answers every call itself, and the product makes none of its own. */
import type { HttpAnswer } from "@concordat/engine/ports/ProviderHttp"
import type { Server } from "../network.ts"
import type { Spending } from "../script.ts"
import type { Timeline } from "../timeline.ts"

type Name = Spending["side"]

export class Spent {
  readonly #timeline: Timeline
  readonly #onStep: (what: string) => void
  /** Until when, ms since 1970, and whether callers are told so. */
  readonly #until = new Map<Name, { readonly ms: number; readonly tells: boolean }>()

  constructor(timeline: Timeline, onStep: (what: string) => void) {
    this.#timeline = timeline
    this.#onStep = onStep
  }

  begin({ forMs, side, tells }: Spending): void {
    this.#onStep(`${side}: the day's calls are used up`)
    this.#until.set(side, { ms: this.#timeline.now + forMs, tells })
  }

  /** Tomorrow. */
  end(): void {
    this.#until.clear()
  }

  is(side: Name): boolean {
    return this.#timeline.now < (this.#until.get(side)?.ms ?? 0)
  }

  /** A proxy's answer: nothing of the call has come to Odoo. */
  #refusal(side: Name): HttpAnswer {
    const { ms, tells } = this.#until.get(side)!
    const seconds = Math.ceil((ms - this.#timeline.now) / 1_000)
    return {
      status: 429,
      headers: { "content-type": "text/html", ...(tells ? { "retry-after": String(seconds) } : {}) },
      text: "<html>no more calls today</html>",
    }
  }

  before(side: string, server: Server): Server {
    return side === "odoo"
      ? (call, onArrival) => (this.is(side) ? this.#refusal(side) : server(call, onArrival))
      : server
  }
}
