/**
 * One tenant's systems and the whole engine between them, on the virtual clock. A scenario says who does what and when;
 * everything that is to be judged is written down on the way.
 */
import { readRules } from "@concordat/all-in-one/config/documents"
import { ask } from "@concordat/engine/operations/requests"
import { status } from "@concordat/engine/operations/status"
import type { Listed, WaitingItem } from "@concordat/engine/operations/views"
import { waiting } from "@concordat/engine/operations/waiting"
import type { HttpCall } from "@concordat/engine/ports/ProviderHttp"
import type { HubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import type { OdooSandbox } from "@concordat/providers/odoo/sandbox/sandbox"
import type * as Effect from "effect/Effect"
import { Deployment, type Peer } from "../simulation/deployment.ts"
import type { Server } from "../simulation/network.ts"
import { outcomeOf } from "../simulation/outcome.ts"
import { type Chance, makeChance } from "../simulation/random.ts"
import type { SideName } from "../simulation/script.ts"
import { makeStores, type Ports, type Stores } from "../simulation/store/ports.ts"
import { Timeline } from "../simulation/timeline.ts"
import { Entering } from "../simulation/world/entering.ts"
import type { HubspotSide } from "../simulation/world/hubspot-side.ts"
import type { OdooSide } from "../simulation/world/odoo-side.ts"
import type { Side } from "../simulation/world/side.ts"
import { type GroupName, keyOf, kindOf, type Values } from "../simulation/world/things.ts"
import { World } from "../simulation/world/world.ts"
import { agrees, judge, type Verdict } from "./judge.ts"
import { planted, rawCount } from "./planting.ts"
import { HOUR, MINUTE, scriptOf, SECOND, type Setting } from "./setting.ts"
import { Truth } from "./truth.ts"
import { Watch } from "./watch.ts"

export { HOUR, MINUTE, SECOND, SILENT } from "./setting.ts"

const START = Date.parse("2026-03-02T08:00:00Z")
const ANSWER_MS = 30 * MINUTE
/** How long after agreement it is looked whether anything is written still. */
const QUIET_MS = 10 * MINUTE

/** What somebody on the way does with a call: lets it through at once, later, or with something before or after it. */
export type Intercept = (call: HttpCall, serve: () => ReturnType<Server>) => ReturnType<Server>

export interface Result extends Verdict {
  readonly writes: number
  readonly secondsToAgreement: number
  /** What the scenario promises beyond the columns and did not keep. */
  readonly unkept: ReadonlyArray<string>
}

export class Scene {
  readonly timeline = new Timeline(START)
  readonly truth = new Truth()
  readonly watch = new Watch(() => this.timeline.now)
  /** The journal can be another one later: that of a backup. */
  readonly stores: { -readonly [K in keyof Stores]: Stores[K] } = makeStores()
  readonly chance: Chance
  readonly world: World
  readonly deployment: Deployment
  readonly tenant: string
  readonly unkept: Array<string> = []
  /** Nobody takes changes, nor sends edits, while it is. */
  isProductAway = false
  readonly #entering: Entering
  readonly #intercepts = new Map<string, Intercept>()
  readonly #baseline = new Map<SideName, number>()
  #began = START
  /** A thing that did not agree when it was looked at last. */
  #open = 0

  constructor(name: string, setting: Setting) {
    this.chance = makeChance(`field ${name}`)
    this.#entering = new Entering(this.chance.fork("entering"), 0)
    this.tenant = "acme"
    let deployment: Deployment
    this.world = new World({
      tenant: this.tenant,
      number: 0,
      script: scriptOf(setting),
      timeline: this.timeline,
      chance: this.chance.fork("world"),
      history: this.watch,
      deployment: () => this.#reached(deployment),
      onStep: () => {},
    })
    for (const [side, { sandbox }] of this.#sandboxes()) this.#baseline.set(side, rawCount(side, sandbox))
    deployment = new Deployment({
      timeline: this.timeline,
      stores: this.stores,
      chance: this.chance.fork("engine"),
      peers: this.world.peers.map((peer) => this.#heard(peer, setting.rules)),
      isApart: setting.isApart ?? false,
      faults: { writeMs: 0, readMs: 0, unmade: 0, unknown: 0 },
      onStep: () => {},
    })
    this.deployment = deployment
  }

  #sandboxes() {
    return [...this.world.sides].map(([name, side]) => [name, side as Side & { readonly sandbox: unknown }] as const)
  }

  /** As the systems reach it. */
  #reached(deployment: Deployment): Deployment {
    if (!this.isProductAway) return deployment
    const away: Pick<Deployment, "groupOf" | "webhook"> = {
      groupOf: () => {
        throw new Error("the product is away")
      },
      webhook: (...given) => deployment.webhook(...given),
    }
    return away as Deployment
  }

  #heard(peer: Peer, rules: string | undefined): Peer {
    const document = rules === undefined ? null : readRules({ name: "rules.yaml", text: rules })
    if (document !== null && document.problems.length > 0) throw new Error(JSON.stringify(document.problems))
    const tenant = { ...peer.tenant, rules: document?.document ?? null }
    const { connection, way } = peer
    if (way === null) return { tenant, connection, way }
    const server: Server = (call, onArrival) => {
      const intercept = this.#intercepts.get(peer.connection.name)
      const answer = () => way.server(call, onArrival)
      return intercept === undefined ? answer() : intercept(call, answer)
    }
    return { tenant, connection, way: { ...way, server } }
  }

  side(name: SideName): Side {
    return this.world.sides.get(name)!
  }

  /** From now on somebody stands on the way to a system; null: nobody. */
  intercept(name: SideName, with_: Intercept | null): void {
    if (with_ === null) this.#intercepts.delete(name)
    else this.#intercepts.set(name, with_)
  }

  fresh(group: GroupName, key: string): string {
    return this.#entering.fresh(group, key)
  }

  /** Things as they always were, alike in all systems that know them but for what a system never was told. */
  seed(
    keys: ReadonlyArray<string>,
    sides: ReadonlyArray<SideName>,
    untold: Readonly<Partial<Record<SideName, ReadonlyArray<GroupName>>>> = {},
  ): void {
    const first = sides.map((name) => this.side(name))
    const rows = keys.map((key) => {
      const kind = kindOf(key)
      const values: Values = Object.assign({}, ...first.map((side) => this.#entering.first(kind, key, side)))
      this.truth.made(key, values)
      return { key, values }
    })
    for (const side of first) {
      const known = rows.map(({ key, values }) => {
        const told = Object.entries(values).filter(
          ([group]) => untold[side.name as SideName]?.includes(group as GroupName) !== true,
        )
        return { key, values: Object.fromEntries(told) as Values }
      })
      for (const [at, id] of planted(side, known).entries()) {
        const { key, values } = known[at]!
        const kind = kindOf(key)
        const held = Object.fromEntries(side.groups[kind].map((group) => [group, values[group] ?? ""]))
        this.watch.stands(side.name, key, id)
        this.watch.enter({ side: side.name, isApp: side.isApp, id: `${kind}:${id}` }, key, held, true)
      }
    }
  }

  /** The record that a thing is in a system. */
  idOf(name: SideName, key: string): string {
    const id = this.watch.idOf(name, key)
    if (id === undefined) throw new Error(`${key} is not at ${name}`)
    return id
  }

  /** A person enters a value, in whatever way. */
  entered(name: SideName, key: string, group: GroupName, value: string): void {
    const { isApp } = this.side(name)
    const id = `${kindOf(key)}:${this.idOf(name, key)}`
    this.watch.enter({ side: name, isApp, id }, key, { [group]: value }, false)
    this.truth.entered(key, group, value)
  }

  /** A person enters a value. */
  edit(name: SideName, key: string, group: GroupName, value = this.fresh(group, key)): string {
    this.entered(name, key, group, value)
    this.does(this.side(name).edit(kindOf(key), this.idOf(name, key), { [group]: value }))
    return value
  }

  get hubspot(): HubspotSandbox {
    return (this.side("hubspot") as HubspotSide).sandbox
  }

  get odoo(): OdooSandbox {
    return (this.side("odoo") as OdooSide).sandbox
  }

  /**
   * A person merges two people of a CRM. What the one lacked it has from the other; a new id may stand for both. Without a
   * trace of it, what was merged away looks deleted, and where rules let deletions follow it is gone everywhere.
   */
  async merge(name: "hubspot" | "odoo", winner: string, loser: string): Promise<void> {
    const [kept, gone] = [this.idOf(name, winner), this.idOf(name, loser)]
    let id = kept
    if (name === "hubspot") id = this.hubspot.merge("contacts", kept, gone)
    else await this.odoo.backdoor.merge("res.partner", Number(kept), [Number(gone)])
    this.timeline.promised()
    this.watch.stands(name, winner, id)
    this.truth.of(loser).gone.add(name)
    const { values } = this.side(name).get("person", id)!
    this.watch.enter({ side: name, isApp: false, id: `person:${id}` }, winner, values, false)
    for (const [group, value] of Object.entries(values)) this.truth.entered(winner, group as GroupName, value)
  }

  /** A person makes a thing. */
  create(name: SideName, key: string): void {
    const side = this.side(name)
    const kind = kindOf(key)
    const values = this.#entering.first(kind, key, side)
    this.truth.made(key, values)
    const entered = async (): Promise<void> => {
      const id = await side.create(kind, values, {})
      this.watch.stands(name, key, id)
      const all = Object.fromEntries(side.groups[kind].map((group) => [group, values[group] ?? ""]))
      this.watch.enter({ side: name, isApp: side.isApp, id: `${kind}:${id}` }, key, all, false)
    }
    this.does(entered())
  }

  /** A person deletes a thing in one system; `everywhere`: the tenant's rules let that follow. */
  remove(name: SideName, key: string, everywhere = false): void {
    const { gone } = this.truth.of(key)
    for (const side of everywhere ? this.world.sides.keys() : [name]) gone.add(side)
    this.does(this.side(name).remove(kindOf(key), this.idOf(name, key)))
  }

  /** What goes on beside the clock: a failure of it ends the scenario. */
  does(what: Promise<unknown> | unknown): void {
    this.timeline.promised()
    if (what instanceof Promise) void what.catch(this.timeline.fail)
  }

  async pass(ms: number): Promise<void> {
    await this.timeline.until(this.timeline.now + ms)
  }

  /** Lets time pass until something has happened; says so where it never does. */
  async happens(what: string, has: () => boolean, limitMs = 10 * MINUTE): Promise<void> {
    const until = this.timeline.now + limitMs
    while (!has() && this.timeline.now < until) await this.pass(SECOND)
    if (!has()) this.unkept.push(`it never came to ${what}`)
  }

  /** An answer of the engine's to an operator; undefined: it gave none in time. */
  async asked<A>(question: () => Effect.Effect<A, unknown, Ports>): Promise<A | undefined> {
    const until = this.timeline.now + ANSWER_MS
    while (this.timeline.now < until) {
      const answer = outcomeOf(this.deployment.ask(question()))
      this.timeline.promised()
      for (let waited = 0; answer.now === null && waited < 600; waited += 1) await this.pass(100)
      if (answer.now !== null && "value" in answer.now) return answer.now.value
      await this.pass(5 * SECOND)
    }
    return undefined
  }

  /** Everything that the engine lists as waiting, with its reason. */
  async waiting(): Promise<ReadonlyArray<WaitingItem>> {
    const items: Array<WaitingItem> = []
    for (let after: string | null = null; ;) {
      const page: Listed<WaitingItem> | undefined = await this.asked(() =>
        waiting(this.tenant, { connection: null, after, limit: 1_000, kind: null }),
      )
      if (page === undefined) throw new Error("the engine does not say what waits")
      items.push(...page.items)
      if (page.next === null) return items
      after = page.next
    }
  }

  async untilBackfilled(limitMs = 12 * HOUR): Promise<void> {
    const until = this.timeline.now + limitMs
    while (this.timeline.now < until) {
      await this.pass(5 * SECOND)
      const now = await this.asked(() => status(this.tenant))
      if (now === undefined || now.connections.length < this.world.sides.size) continue
      if (now.connections.every(({ backfill }) => backfill.state === "done")) return
    }
    this.unkept.push(`the first sync is not done after ${limitMs / HOUR} h`)
  }

  async arm(): Promise<void> {
    for (const connection of this.world.sides.keys())
      await this.asked(() =>
        ask(this.tenant, { _tag: "ArmRequested", connection, by: "somebody", writesPerHour: null }),
      )
  }

  /** The product is connected, the first sync done, and everything armed. */
  async begin(): Promise<void> {
    this.world.connectApp()
    await this.untilBackfilled()
    await this.arm()
  }

  /** From here on the time to agreement is counted. */
  mark(): void {
    this.#began = this.timeline.now
    this.#open = 0
  }

  get writes(): number {
    return [...this.world.sides.values()].reduce((sum, side) => sum + side.writes(), 0)
  }

  /** Whether all systems hold all that stands. Those that agreed are looked at again by the judge only. */
  isAgreed(names: ReadonlyArray<SideName> = [...this.world.sides.keys()], keys?: ReadonlySet<string>): boolean {
    const things = this.truth.things.filter(({ key }) => keys?.has(key) !== false)
    for (let looked = 0; looked < things.length; looked += 1) {
      const at = (this.#open + looked) % things.length
      const thing = things[at]!
      const isOpen = names.some((name) => {
        const side = this.side(name)
        const id = this.watch.idOf(name, thing.key)
        const record = id === undefined ? null : side.get(kindOf(thing.key), id)
        // An id that was merged away leads to what it became.
        if (thing.gone.has(name)) return record !== null && keyOf(kindOf(thing.key), record.values) === thing.key
        if (record === null) return !thing.absent.has(name)
        return !agrees(thing, side, record)
      })
      if (!isOpen) continue
      this.#open = at
      return false
    }
    return true
  }

  /** Seconds from the mark until everything agrees, or until nobody waits any longer. */
  async agreement(limitMs: number, names?: ReadonlyArray<SideName>, keys?: ReadonlySet<string>): Promise<number> {
    const until = this.timeline.now + limitMs
    while (!this.isAgreed(names, keys) && this.timeline.now < until) await this.pass(SECOND)
    return Math.round((this.timeline.now - this.#began) / SECOND)
  }

  /** Waits for agreement, looks whether it is quiet then, and counts. */
  async result(limitMs = 3 * HOUR, quietMs = QUIET_MS): Promise<Result> {
    const secondsToAgreement = await this.agreement(limitMs)
    const before = this.writes
    await this.pass(quietMs)
    const late = this.writes - before
    if (late > 0) this.unkept.push(`${late} writes after everything agreed`)
    return { ...this.judged(), writes: this.writes, secondsToAgreement, unkept: this.unkept }
  }

  judged(): Verdict {
    const { sides } = this.world
    const kinds = new Set(this.truth.things.map(({ key }) => kindOf(key)))
    // What a system had of its own from the beginning, its administrator say, may have been taken to the others.
    const allowed = [...this.#baseline.values()].reduce((sum, one) => sum + one, 0)
    const strays = this.#sandboxes().map(([name, { sandbox }]) => {
      const named = [...kinds].reduce((sum, kind) => sum + this.side(name).list(kind).length, 0)
      return Math.max(0, rawCount(name, sandbox) - named - allowed)
    })
    return judge({
      sides,
      truth: this.truth,
      // Alone, it has no other tenant whose things could be seen: high numbers are its own.
      violations: this.watch.violations.filter(({ invariant }) => invariant !== "isolation"),
      strays: strays.reduce((sum, one) => sum + one, 0),
    })
  }
}
