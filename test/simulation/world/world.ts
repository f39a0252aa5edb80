/** One tenant's systems and the people in them, connected to an engine: what the engine sees of the world, and the oracle of the engine. */
import type { TenantConfig } from "@concordat/all-in-one/config/Config"
import type { HubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import type { Delivery } from "@concordat/providers/hubspot/sandbox/webhooks"
import type { WebhookPost } from "@concordat/providers/odoo/sandbox/wire"
import type { Deployment, Peer } from "../deployment.ts"
import { type Network, PERFECT, type Server } from "../network.ts"
import type { History } from "../oracle/history.ts"
import { within } from "../outcome.ts"
import type { Chance } from "../random.ts"
import type { Script, SideName } from "../script.ts"
import type { Owner, Timeline } from "../timeline.ts"
import { type AppSide, makeAppSide } from "./app-side.ts"
import { configurationOf, HOOK_SECRET, SECRET, TOKEN } from "./configuration.ts"
import { answer } from "./endpoint.ts"
import { type HubspotSide, makeHubspotSide } from "./hubspot-side.ts"
import { makeOdooSide, type OdooSide } from "./odoo-side.ts"
import { type GroupName, joined, personOf, type Seen, type Side, type Values, type Written } from "./side.ts"

const WEBHOOK_EVERY_MS = 500
/** Every database brings people of its own, who are none of the story. */
const OURS = /^P\d+$/
/** How long a provider, or the product, waits for an answer of the engine, ms. */
const WAIT_MS = 5_000

export interface WorldOptions {
  readonly tenant: string
  readonly script: Script
  readonly timeline: Timeline
  readonly chance: Chance
  readonly history: History
  readonly deployment: () => Deployment
  readonly onStep: (what: string) => void
}

export class World {
  readonly owner: Owner = { isAlive: true }
  readonly tenant: TenantConfig
  readonly sides = new Map<SideName, Side>()
  readonly networks: Array<Network> = []
  readonly peers: ReadonlyArray<Peer>
  calls = 0
  /** Where a person was deleted, and is not to be created again. */
  readonly removed = new Map<string, Set<SideName>>()
  #values = 0
  readonly #options: WorldOptions
  /** Person by record, once known. */
  readonly #persons = new Map<string, string>()
  /** What people replaced last, by person and group. */
  readonly #previous = new Map<string, string>()
  webhooks: Script["webhooks"]

  constructor(options: WorldOptions) {
    this.#options = options
    const { script } = options
    this.webhooks = script.webhooks
    for (const name of script.sides) this.sides.set(name, this.#side(name))
    const connections = script.sides.map((name) => configurationOf(name, script))
    this.tenant = { name: options.tenant, region: "DE", rules: null, connections }
    this.peers = connections.map((connection) => ({
      tenant: this.tenant,
      connection,
      way: connection.provider === "app" ? null : this.#way(connection.name as SideName),
    }))
    for (const [at, known] of script.people.entries()) this.#seed(`P${at + 1}`, known)
  }

  #side(name: SideName): Side {
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
        timeline.after(this.owner, post.delayMs * posts.next(), () => {
          timeline.promised()
          send(post).catch(timeline.fail)
        })
        return Promise.resolve()
      },
      onWritten: this.#written,
    })
  }

  #app(): AppSide {
    const { chance, script, tenant, timeline } = this.#options
    const { delayMs, duplicate, lostAnswer } = script.app
    return makeAppSide({
      name: "app",
      tenant,
      timeline,
      owner: this.owner,
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
        const group = this.#options.deployment().groupOf(tenant, "app")
        const asked = { method, path, key, body }
        return this.#within(group.process.ask(answer(group.access, { tenant, connection: "app" }, asked)), 70_000)
      },
      onWritten: this.#written,
    })
  }

  #hubspot(): HubspotSide {
    const { chance, script, tenant, timeline } = this.#options
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
        webhooks: {
          target: `http://concordat.invalid/webhooks/${tenant}/hubspot`,
          dropRate: this.webhooks.drop,
          duplicateRate: this.webhooks.duplicate,
          reorderRate: this.webhooks.reorder,
          delayMs: this.webhooks.delayMs,
          properties: null,
        },
      },
      onWritten: this.#written,
    })
    this.#deliver(side.sandbox, chance.fork("hubspot webhooks"))
    return side
  }

  /** HubSpot sends what is due, again where the answer is no 2xx; now and then somebody else sends something. */
  #deliver(sandbox: HubspotSandbox, chance: Chance): void {
    const { deployment, onStep, tenant, timeline } = this.#options
    const send = (url: string, headers: Readonly<Record<string, string>>, body: string): Promise<number> =>
      this.#within(
        deployment().webhook(tenant, "hubspot", {
          method: "POST",
          url,
          headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
          body: Buffer.from(body),
        }),
        WAIT_MS,
      ).catch(() => 0)
    const deliver = async (delivery: Delivery): Promise<void> => {
      const status = await send(delivery.url, delivery.headers, delivery.body)
      onStep(`webhook ${status}`)
      if (status < 200 || status >= 300) sandbox.undelivered(delivery)
    }
    const forge = async ({ body, headers, url }: Delivery): Promise<void> => {
      const status = await send(url, { ...headers, "x-hubspot-signature-v3": "bm90IG91cnM=" }, body)
      if (status === 202) throw new Error("a forged webhook was taken")
    }
    const round = (): void => {
      timeline.after(this.owner, WEBHOOK_EVERY_MS, round)
      for (const delivery of sandbox.takeWebhooks()) {
        timeline.promised()
        void deliver(delivery).catch(timeline.fail)
        if (chance.isLess(this.webhooks.forge)) void forge(delivery).catch(timeline.fail)
      }
    }
    round()
  }

  #within<A>(promise: Promise<A>, ms: number): Promise<A> {
    return within(this.#options.timeline, this.owner, promise, ms)
  }

  #way(name: SideName): NonNullable<Peer["way"]> {
    const { chance, onStep, script, timeline } = this.#options
    const network: Network = {
      timeline,
      owner: this.owner,
      chance: chance.fork(`way to ${name}`),
      faults: script.network,
      onCall: (call, status) => {
        this.calls += 1
        onStep(`${name} ${call.operation} ${status}`)
      },
    }
    this.networks.push(network)
    return { network, server: name === "odoo" ? this.#odooServer() : this.#hubspotServer() }
  }

  #hubspotServer(): Server {
    const { sandbox } = this.sides.get("hubspot") as HubspotSide
    return (call) => {
      const url = new URL(call.url)
      const answer = sandbox.handle({
        method: call.method,
        url: url.pathname + url.search,
        headers: call.headers ?? {},
        body: call.body ?? "",
      })
      if (answer.dropped === true) return null
      const isShowing = /\/objects\/[^/]+\/contacts(\/batch\/read|\/\d+)?$/.test(url.pathname)
      if (isShowing && call.writes !== true && answer.status < 300)
        this.#shown("hubspot", JSON.parse(answer.body).results)
      return { status: answer.status, headers: answer.headers, text: answer.body }
    }
  }

  #odooServer(): Server {
    const { sandbox } = this.sides.get("odoo") as OdooSide
    return async (call) => {
      const body = typeof call.body === "string" ? call.body : ""
      const answer = await sandbox.handle({ method: call.method, url: call.url, headers: { ...call.headers }, body })
      if (answer.dropped) return null
      const isShowing =
        call.writes !== true &&
        answer.status < 300 &&
        (body.includes("res.partner") || call.url.includes("res.partner"))
      if (isShowing) {
        const said: unknown = JSON.parse(answer.body)
        this.#shown("odoo", Array.isArray(said) ? said : (said as { readonly result?: unknown }).result)
      }
      return { status: answer.status, headers: answer.headers, text: answer.body }
    }
  }

  /** Records whose values an answer carries: what the engine knows of them from now on. */
  #shown(side: SideName, rows: unknown): void {
    for (const row of Array.isArray(rows) ? rows : []) {
      const isWhole = typeof row === "object" && row !== null && ("properties" in row || "name" in row)
      if (isWhole) this.#options.history.read(side, String((row as { readonly id: unknown }).id))
    }
  }

  #seed(person: string, known: ReadonlyArray<SideName>): void {
    const { chance, history } = this.#options
    for (const name of known) {
      const side = this.sides.get(name)!
      const values: Partial<Values> = {
        name: joined(`First${person}`, person),
        email: `${person.toLowerCase()}@people.example`,
        ...(chance.isLess(0.7) ? { title: this.#fresh("title") } : {}),
        ...(chance.isLess(0.6) ? { phone: this.#fresh("phone") } : {}),
        ...(chance.isLess(0.6) ? { address: this.#fresh("address") } : {}),
      }
      const id = side.seed(values)
      this.#persons.set(`${name}|${id}`, person)
      history.enter(
        { side: name, isApp: side.isApp, id },
        person,
        { title: "", phone: "", address: "", ...values },
        true,
      )
    }
  }

  /** A value that nobody entered before. */
  #fresh(group: GroupName, person = ""): string {
    this.#values += 1
    const n = this.#values
    switch (group) {
      case "name":
        return joined(`Name${n}`, person)
      case "email":
        return `mail${n}@people.example`
      case "title":
        return `Title ${n}`
      case "phone":
        return `+49301${String(n).padStart(6, "0")}`
      case "address":
        return joined(`Street ${n}`, `City${n}`, String(10_000 + n))
    }
  }

  readonly #written = ({ id, kind, side: name, values = {}, wasWithheld = false }: Written): void => {
    const { history, onStep } = this.#options
    const side = this.sides.get(name as SideName)!
    const seen = side.get(id)
    onStep(`${name} was written: ${kind} ${id}`)
    if (seen === null) return
    if (!OURS.test(personOf(seen.values))) return
    const person = this.#persons.get(`${name}|${id}`) ?? personOf(seen.values)
    this.#persons.set(`${name}|${id}`, person)
    if (wasWithheld) history.released(name, id, person, values)
    history.written(side, id, person, seen.values)
    if (!wasWithheld) history.withheld(name, id, person, values)
  }

  recordsOf(name: SideName, person: string): ReadonlyArray<Seen> {
    return this.sides
      .get(name)!
      .list()
      .filter(({ values }) => personOf(values) === person)
  }

  get persons(): ReadonlyArray<string> {
    return [...new Set(this.#persons.values())]
  }

  async edit(
    name: SideName,
    person: string,
    group: GroupName,
    how: { readonly empty: boolean; readonly back: boolean },
  ) {
    const { history, onStep } = this.#options
    const side = this.sides.get(name)!
    const [record] = this.recordsOf(name, person)
    if (record === undefined) return
    const key = `${person}|${group}`
    const isKept = group === "name" || group === "email"
    const previous = this.#previous.get(key)
    const value =
      how.empty && !isKept
        ? ""
        : how.back && previous !== undefined && group !== "email"
          ? previous
          : this.#fresh(group, person)
    this.#previous.set(key, record.values[group])
    onStep(`${name} ${person} ${group} becomes "${value}"`)
    history.enter({ side: name, isApp: side.isApp, id: record.id }, person, { [group]: value }, false)
    await side.edit(record.id, { [group]: value })
  }

  async remove(name: SideName, person: string) {
    const [record] = this.recordsOf(name, person)
    if (record === undefined) return
    this.#options.onStep(`${name} loses ${person}`)
    const from = this.removed.get(person) ?? new Set<SideName>()
    this.removed.set(person, from.add(name))
    await this.sides.get(name)!.remove(record.id)
  }

  async create(name: SideName) {
    const { history, onStep } = this.#options
    const side = this.sides.get(name)!
    const person = `P${this.persons.length + 1}`
    const values: Partial<Values> = {
      name: joined(`First${person}`, person),
      email: `${person.toLowerCase()}@people.example`,
      title: this.#fresh("title"),
    }
    onStep(`${name} gets ${person}`)
    const id = await side.create(values)
    this.#persons.set(`${name}|${id}`, person)
    history.enter({ side: name, isApp: side.isApp, id }, person, { phone: "", address: "", ...values }, false)
  }

  /** From now on everything answers. */
  heal(): void {
    for (const network of this.networks) network.faults = PERFECT
    const app = this.sides.get("app") as AppSide | undefined
    app?.sandbox.settings({ lostAnswerRate: 0, duplicateRate: 0, sendDelayMs: [0, 0], applyDelayMs: [0, 0] })
    this.webhooks = { ...this.webhooks, forge: 0 }
  }

  connectApp(): void {
    ;(this.sides.get("app") as AppSide | undefined)?.connect(TOKEN)
  }
}
