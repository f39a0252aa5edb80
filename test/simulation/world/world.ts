/** One tenant's systems and the people in them, connected to an engine: what the engine sees of the world, and the oracle of the engine. */
import type { ConnectionConfig, TenantConfig } from "@concordat/all-in-one/config/Config"
import { makeCatalogue } from "@concordat/all-in-one/providers"
import { readMapping } from "@concordat/all-in-one/config/documents"
import type { HttpAnswer, HttpCall } from "@concordat/engine/ports/ProviderHttp"
import type { HubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import * as Redacted from "effect/Redacted"
import type { Deployment, Peer } from "../deployment.ts"
import { type Network, PERFECT } from "../network.ts"
import type { History } from "../oracle/history.ts"
import type { Chance } from "../random.ts"
import type { Script, SideName } from "../script.ts"
import type { Owner, Timeline } from "../timeline.ts"
import { type AppSide, makeAppSide } from "./app-side.ts"
import { answer } from "./endpoint.ts"
import { type HubspotSide, makeHubspotSide } from "./hubspot-side.ts"
import { type GroupName, joined, parted, personOf, type Seen, type Side, type Values, type Written } from "./side.ts"

const SECRET = "a client secret"
const TOKEN = "pat-na1-sandbox"
const CREATE = { contact: "always", company: "always", deal: "never", activity: "never" } as const
const WEBHOOK_EVERY_MS = 500
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
    for (const name of script.sides) this.sides.set(name, name === "app" ? this.#app() : this.#hubspot())
    const connections = script.sides.map((name) => this.#configuration(name))
    this.tenant = { name: options.tenant, region: "DE", rules: null, connections }
    this.peers = connections.map((connection) => ({
      tenant: this.tenant,
      connection,
      way: connection.provider === "app" ? null : this.#way(connection.name as SideName),
    }))
    for (const [at, known] of script.people.entries()) this.#seed(`P${at + 1}`, known)
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
    const round = (): void => {
      timeline.after(this.owner, WEBHOOK_EVERY_MS, round)
      for (const delivery of sandbox.takeWebhooks()) {
        timeline.promised()
        void send(delivery.url, delivery.headers, delivery.body).then((status) => {
          onStep(`webhook ${status}`)
          if (status < 200 || status >= 300) sandbox.undelivered(delivery)
        }, timeline.fail)
        if (!chance.isLess(this.webhooks.forge)) continue
        void send(delivery.url, { ...delivery.headers, "x-hubspot-signature-v3": "bm90IG91cnM=" }, delivery.body).then(
          (status) => {
            if (status === 202) timeline.fail(new Error("a forged webhook was taken"))
          },
          timeline.fail,
        )
      }
    }
    round()
  }

  #within<A>(promise: Promise<A>, ms: number): Promise<A> {
    const { timeline } = this.#options
    timeline.promised()
    return new Promise((resolve, reject) => {
      const cancel = timeline.after(this.owner, ms, () => {
        timeline.promised()
        reject(new Error("no answer in time"))
      })
      promise.then(
        (value) => {
          cancel()
          timeline.promised()
          resolve(value)
        },
        (error: unknown) => {
          cancel()
          timeline.promised()
          reject(error as Error)
        },
      )
    })
  }

  #configuration(name: SideName): ConnectionConfig {
    const { script } = this.#options
    const provider = makeCatalogue().providers[name]!
    const { document, problems } = readMapping(provider, null)
    if (document === null) throw new Error(JSON.stringify(problems))
    const lag = Math.ceil(script.indexLagMs[1] / 1_000)
    return {
      name,
      provider: name,
      settings: name === "hubspot" && lag > 0 ? { indexLagSeconds: String(lag + 1) } : {},
      credentials:
        name === "app"
          ? { token: Redacted.make(TOKEN) }
          : { token: Redacted.make(TOKEN), clientSecret: Redacted.make(SECRET) },
      create: CREATE,
      mapping: document,
      pollEveryMs: script.pollMs[name] ?? provider.definition.pollEveryMs,
      currency: "EUR",
      allowPrivateAddresses: false,
    }
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
    const { sandbox } = this.sides.get(name) as HubspotSide
    const server = (call: HttpCall): HttpAnswer | null => {
      const url = new URL(call.url)
      const answer = sandbox.handle({
        method: call.method,
        url: url.pathname + url.search,
        headers: call.headers ?? {},
        body: call.body ?? "",
      })
      if (answer.dropped === true) return null
      if (call.writes !== true && answer.status < 300) this.#shown(name, url.pathname, answer.body)
      return { status: answer.status, headers: answer.headers, text: answer.body }
    }
    return { network, server }
  }

  /** Records whose values an answer carries: what the engine knows of them from now on. */
  #shown(side: SideName, path: string, body: string): void {
    if (!path.includes("/objects/contacts") || path.endsWith("/search")) return
    const { results } = JSON.parse(body) as { readonly results?: ReadonlyArray<{ readonly id: string }> }
    for (const { id } of results ?? []) this.#options.history.read(side, id)
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
      history.enter({ side: name, isApp: side.isApp, id }, person, { title: "", phone: "", address: "", ...values }, true)
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

  readonly #written = ({ id, kind, side: name }: Written): void => {
    const { history, onStep } = this.#options
    const side = this.sides.get(name as SideName)!
    const seen = side.get(id)
    onStep(`${name} was written: ${kind} ${id}`)
    if (seen === null) return
    const person = this.#persons.get(`${name}|${id}`) ?? personOf(seen.values)
    this.#persons.set(`${name}|${id}`, person)
    history.written(side, id, person, seen.values)
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

  async edit(name: SideName, person: string, group: GroupName, how: { readonly empty: boolean; readonly back: boolean }) {
    const { history, onStep } = this.#options
    const side = this.sides.get(name)!
    const [record] = this.recordsOf(name, person)
    if (record === undefined) return
    const key = `${person}|${group}`
    const isKept = group === "name" || group === "email"
    const previous = this.#previous.get(key)
    const value =
      how.empty && !isKept ? "" : how.back && previous !== undefined && group !== "email" ? previous : this.#fresh(group, person)
    this.#previous.set(key, record.values[group])
    onStep(`${name} ${person} ${group} becomes "${value}"`)
    // Parts that the group does not name stay: a person changes the whole of an address here.
    const whole = group === "address" && value === "" ? "||" : value
    history.enter({ side: name, isApp: side.isApp, id: record.id }, person, { [group]: value }, false)
    await side.edit(record.id, { [group]: group === "address" ? joinedAddress(whole) : whole })
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

const joinedAddress = (value: string): string => parted(value, 3).join("|")
