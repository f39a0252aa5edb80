/** A tenant's systems, each joined to the engine: its webhooks, the way on which it is called, and what is written to it. */
import type { HttpCall } from "@concordat/engine/ports/ProviderHttp"
import type { WebhookPost } from "@concordat/providers/odoo/sandbox/wire"
import type { Deployment, Peer } from "../deployment.ts"
import type { Network } from "../network.ts"
import type { History } from "../oracle/history.ts"
import { leak } from "../oracle/isolation.ts"
import type { Read } from "../oracle/reads.ts"
import { within } from "../outcome.ts"
import type { Chance } from "../random.ts"
import type { Script, SideName } from "../script.ts"
import type { Owner, Timeline } from "../timeline.ts"
import { type AppSide, makeAppSide } from "./app-side.ts"
import { HOOK_SECRET, SECRET } from "./configuration.ts"
import { deliver } from "./deliveries.ts"
import { answer } from "./endpoint.ts"
import { type HubspotSide, makeHubspotSide } from "./hubspot-side.ts"
import { makeOdooSide, type OdooSide } from "./odoo-side.ts"
import { serverOf } from "./servers.ts"
import type { Side, Written } from "./side.ts"
import type { Spent } from "./spent.ts"

/** How long a provider, or the product, waits for an answer of the engine, ms. */
const WAIT_MS = 5_000

export interface SystemsOptions {
  readonly tenant: string
  /** Which of the tenants it is, from 0 on. */
  readonly number: number
  readonly script: Script
  readonly timeline: Timeline
  readonly chance: Chance
  readonly history: History
  readonly owner: Owner
  readonly deployment: () => Deployment
  readonly onStep: (what: string) => void
  readonly onWritten: (written: Written) => void
  readonly spent: Spent
}

export class Systems {
  readonly networks: Array<Network> = []
  /** Calls that ended. */
  calls = 0
  webhooks: Script["webhooks"]
  readonly #options: SystemsOptions

  constructor(options: SystemsOptions) {
    this.#options = options
    this.webhooks = options.script.webhooks
  }

  side(name: SideName): Side {
    switch (name) {
      case "app":
        return this.#app()
      case "hubspot":
        return this.#hubspot()
      case "odoo":
        return this.#odoo()
    }
  }

  #odoo(): OdooSide {
    const { chance, deployment, onStep, script, tenant, timeline } = this.#options
    const posts = chance.fork("odoo webhooks")
    const send = async (post: WebhookPost): Promise<void> => {
      const request = { method: "POST", url: post.url, headers: post.headers, body: Buffer.from(post.body) }
      // Odoo asks no second time, whatever the answer is.
      const status = await this.#within(deployment().webhook(tenant, "odoo", request), WAIT_MS).catch(() => 0)
      onStep(`webhook ${status}`)
    }
    return makeOdooSide({
      name: "odoo",
      tenant,
      version: script.odoo,
      timeline,
      chance: chance.fork("odoo"),
      skewMs: script.skewMs["odoo"] ?? 0,
      archives: script.reshaping.odooArchives,
      webhook: {
        url: `http://concordat.invalid/webhooks/${tenant}/odoo?secret=${HOOK_SECRET}`,
        dropRate: this.webhooks.drop,
        duplicateRate: this.webhooks.duplicate,
        delayRate: this.webhooks.reorder,
        delayMs: this.webhooks.delayMs[1],
        postsPerCreate: 2,
        postsPerWrite: 2,
      },
      deliver: (post) => {
        if (post.delayMs === 0) return send(post)
        timeline.after(this.#options.owner, post.delayMs * posts.next(), () => {
          timeline.promised()
          send(post).catch(timeline.fail)
        })
        return Promise.resolve()
      },
      onWritten: this.#options.onWritten,
    })
  }

  #app(): AppSide {
    const { chance, script, tenant, timeline } = this.#options
    const { delayMs, duplicate, lostAnswer } = script.app
    return makeAppSide({
      name: "app",
      tenant,
      timeline,
      owner: this.#options.owner,
      chance: chance.fork("app"),
      settings: {
        lostAnswerRate: lostAnswer,
        duplicateRate: duplicate,
        sendDelayMs: [0, delayMs],
        applyDelayMs: [0, delayMs],
        answerDelayMs: [0, delayMs],
        waitSeconds: 20,
        pollMs: 500,
      },
      endpoint: (method, path, key, body) => {
        if (this.#options.spent.is("app")) return Promise.reject(new Error("no calls left today"))
        const group = this.#options.deployment().groupOf(tenant, "app")
        const asked = { method, path, key, body }
        return this.#within(group.process.ask(answer(group.access, { tenant, connection: "app" }, asked)), 70_000)
      },
      onWritten: this.#options.onWritten,
    })
  }

  #hubspot(): HubspotSide {
    const { chance, deployment, onStep, script, tenant, timeline } = this.#options
    const side = makeHubspotSide({
      name: "hubspot",
      tenant,
      timeline,
      chance: chance.fork("hubspot"),
      skewMs: script.skewMs["hubspot"] ?? 0,
      secret: SECRET,
      settings: {
        indexLagMs: script.indexLagMs,
        limits: { enforced: true },
        mergeMintsId: script.reshaping.mergeMintsId,
        mergeNamesChain: script.reshaping.mergeNamesChain,
        webhooks: {
          target: `http://concordat.invalid/webhooks/${tenant}/hubspot`,
          dropRate: this.webhooks.drop,
          duplicateRate: this.webhooks.duplicate,
          reorderRate: this.webhooks.reorder,
          delayMs: this.webhooks.delayMs,
          properties: null,
        },
      },
      onWritten: this.#options.onWritten,
    })
    deliver(side.sandbox, {
      timeline,
      owner: this.#options.owner,
      chance: chance.fork("hubspot webhooks"),
      forge: () => this.webhooks.forge,
      onStep,
      post: (request) => this.#within(deployment().webhook(tenant, "hubspot", request), WAIT_MS).catch(() => 0),
    })
    return side
  }

  #within<A>(promise: Promise<A>, ms: number): Promise<A> {
    return within(this.#options.timeline, this.#options.owner, promise, ms)
  }

  way(side: Side): NonNullable<Peer["way"]> {
    const { chance, history, number, onStep, script, timeline } = this.#options
    const sent = new WeakMap<HttpCall, Read>()
    const network: Network = {
      timeline,
      owner: this.#options.owner,
      chance: chance.fork(`way to ${side.name}`),
      faults: script.network,
      onSend: (call) => void sent.set(call, history.answered()),
      onCall: (call, status) => {
        this.calls += 1
        const body = typeof call.body === "string" ? call.body : ""
        const leaked = leak(`${call.operation} to ${side.name}`, `${call.url} ${body}`, number)
        if (leaked !== null) history.violations.push(leaked)
        onStep(`${side.name} ${call.operation} ${status}`)
      },
    }
    this.networks.push(network)
    return { network, server: serverOf(side, history, (call) => sent.get(call)) }
  }
}
