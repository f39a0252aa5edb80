/** What an account meets that a network does not: its day's calls are used up, its token ends, its administrator changes rules. */
import * as Redacted from "effect/Redacted"
import type { Deployment } from "../deployment.ts"
import type { Trouble } from "../script.ts"
import type { Owner, Timeline } from "../timeline.ts"
import { TOKEN } from "./configuration.ts"
import type { HubspotSide } from "./hubspot-side.ts"
import type { Operators } from "./operators.ts"

const DAILY = 625_000

export interface Account {
  readonly tenant: string
  readonly timeline: Timeline
  readonly owner: Owner
  readonly deployment: () => Deployment
  readonly onStep: (what: string) => void
  readonly hubspot: HubspotSide
  readonly operators: Operators
  /** What its connection is started with from now on. */
  readonly credentials: (given: Readonly<Record<string, Redacted.Redacted>>) => void
}

export class Troubles {
  readonly #account: Account
  readonly #open = new Set<() => void>()
  #tokens = 0

  constructor(account: Account) {
    this.#account = account
  }

  begin({ forMs, what }: Trouble): void {
    const { hubspot, onStep, owner, timeline } = this.#account
    const { sandbox } = hubspot
    onStep(`hubspot: trouble with the ${what}`)
    const end = (over: () => void): void => {
      const once = (): void => {
        if (!this.#open.delete(once)) return
        onStep(`hubspot: no trouble with the ${what} any more`)
        over()
      }
      this.#open.add(once)
      timeline.after(owner, forMs, once)
    }
    switch (what) {
      case "day":
        sandbox.settings({ limits: { daily: 0 } })
        return end(() => void sandbox.settings({ limits: { daily: DAILY } }))
      case "token": {
        const { tokens } = sandbox.settings()
        sandbox.settings({ tokens: [] })
        return end(() => {
          sandbox.settings({ tokens })
          this.#resume()
        })
      }
      case "rotation": {
        this.#tokens += 1
        const next = `${TOKEN}-${this.#tokens}`
        sandbox.settings({ tokens: [next] })
        return end(() => {
          const { credentials, deployment, tenant } = this.#account
          credentials({ token: Redacted.make(next) })
          // It is read when the process starts.
          deployment().groupOf(tenant, "hubspot").process.crash()
          this.#resume()
        })
      }
      case "rule":
        // Rows that lack it are refused, and those beside them are not.
        sandbox.settings({ requiredProperties: { contacts: ["phone"], companies: ["phone"] } })
        return end(() => void sandbox.settings({ requiredProperties: { contacts: [], companies: [] } }))
    }
  }

  /** From now on there is none. */
  end(): void {
    for (const over of this.#open) over()
  }

  #resume(): void {
    const { operators, timeline } = this.#account
    void operators.operate({ _tag: "ResumeRequested", connection: "hubspot", by: "somebody" }).catch(timeline.fail)
  }
}
