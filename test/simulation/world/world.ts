/** One tenant's systems and the people in them, connected to an engine: what the engine sees of the world, and the oracle of the engine. */
import type { ConnectionConfig, TenantConfig } from "@concordat/all-in-one/config/Config"
import type { Deployment, Peer } from "../deployment.ts"
import { PERFECT } from "../network.ts"
import type { History } from "../oracle/history.ts"
import { THINGS_APART, VALUES_APART } from "../oracle/isolation.ts"
import { Hanging } from "../oracle/participants.ts"
import { Thrift } from "../oracle/thrift.ts"
import type { Chance } from "../random.ts"
import type { Log } from "../store/log.ts"
import type { Remapped, Script, SideName } from "../script.ts"
import type { Owner, Timeline } from "../timeline.ts"
import type { AppSide } from "./app-side.ts"
import { Automation } from "./automation.ts"
import { configurationOf, TOKEN } from "./configuration.ts"
import { Configuring } from "./configuring.ts"
import { Entering } from "./entering.ts"
import type { HubspotSide } from "./hubspot-side.ts"
import { Intruding } from "./intruding.ts"
import { Joining } from "./joining.ts"
import { Operators } from "./operators.ts"
import { Reshaping } from "./reshaping.ts"
import { Spent } from "./spent.ts"
import { Systems } from "./systems.ts"
import { Taken } from "./taken.ts"
import { Troubles } from "./troubles.ts"
import type { About, Seen, Side, Written } from "./side.ts"
import { type GroupName, isNaming, keyFor, keyOf, type Kind, kindOf, KINDS, type Values } from "./things.ts"

/** How long the engine may take from the first to the second half of a write, ms. */
const BOTH_MS = 60_000

/** How long it takes at most where nothing is in the way, ms: after that there was none. */
const SECOND_HALF_MS = 5_000

/** Of an edit: to nothing, to what it was before the last one, or as a row of a file. */
interface How {
  readonly empty: boolean
  readonly back: boolean
  readonly imported?: boolean
}

export interface WorldOptions {
  readonly tenant: string
  /** Which of the tenants it is, from 0 on. */
  readonly number: number
  readonly script: Script
  readonly timeline: Timeline
  readonly chance: Chance
  readonly history: History
  readonly deployment: () => Deployment
  readonly onStep: (what: string) => void
}

/** What is mapped otherwise at the beginning than it is by default: of each field the first change says how. */
const remapped = ({ actions }: Script): ReadonlyArray<Remapped> =>
  actions
    .filter((one) => one.kind === "mapping")
    .filter(({ group, of, side }, at, all) =>
      all.slice(0, at).every((one) => one.side !== side || one.of !== of || one.group !== group),
    )

export class World {
  readonly owner: Owner = { isAlive: true }
  readonly tenant: TenantConfig
  readonly sides = new Map<SideName, Side>()
  readonly rewriting: ReadonlyArray<SideName>
  readonly thrift: Thrift
  readonly peers: ReadonlyArray<Peer>
  readonly #systems: Systems
  readonly #taken: Taken
  /** The person whom an activity is with. */
  readonly with = new Map<string, string>()
  readonly reshaping: Reshaping
  readonly configuring: Configuring
  readonly operators: Operators
  readonly joining: Joining
  readonly intruding = new Intruding()
  readonly hanging = new Hanging()
  readonly spent: Spent
  /** Whether somebody decides what waits for a person, so that nothing does for ever. */
  readonly isAttended: boolean
  /** null: its systems have none. */
  readonly troubles: Troubles | null
  readonly #entering: Entering
  readonly #automation: Automation
  /** How many there are of each kind. */
  readonly #counts = new Map<Kind, number>()
  readonly #options: WorldOptions
  /** What a record is of, once known. */
  readonly #keys = new Map<string, string>()
  /** By record, the judgement of a reference that was taken away and perhaps not replaced: made before somebody edits it. */
  readonly #halves = new Map<string, () => void>()
  /** What people replaced last, by thing and group. */
  readonly #previous = new Map<string, string>()

  constructor(options: WorldOptions) {
    this.#options = options
    const { script } = options
    this.rewriting = script.rewriting
    this.isAttended = script.actions.some(({ kind }) => kind === "decide")
    this.thrift = new Thrift(script)
    const { history, onStep } = options
    const recordsOf = (name: SideName, key: string) => this.recordsOf(name, key)
    const parts = { sides: this.sides, history, onStep, recordsOf }
    this.reshaping = new Reshaping({ ...parts, keys: this.#keys, with: this.with })
    this.spent = new Spent(options.timeline, onStep)
    this.#systems = new Systems({ ...options, owner: this.owner, onWritten: this.#written, spent: this.spent })
    for (const name of script.sides) this.sides.set(name, this.#systems.side(name))
    this.#taken = new Taken(options.tenant, this.sides.values(), history)
    const begins = remapped(script)
    for (const { from, group, of, side } of begins) history.mapped.set(side, of, group, from, null)
    const configurations = script.sides.map((name) => {
      const own = begins.filter(({ side }) => side === name).map(({ from, group, of }) => ({ of, group, way: from }))
      return { ...configurationOf(name, script, own) }
    })
    const connections: ReadonlyArray<ConnectionConfig> = configurations
    const configured = { name: options.tenant, region: "DE", rules: null, connections }
    this.tenant = configured
    this.peers = connections.map((connection) => ({
      tenant: this.tenant,
      connection,
      way: connection.provider === "app" ? null : this.#way(connection.name as SideName),
      batch: script.batch[connection.name as SideName],
    }))
    this.operators = new Operators({
      tenant: options.tenant,
      timeline: options.timeline,
      owner: this.owner,
      chance: options.chance.fork("operators"),
      deployment: options.deployment,
      history,
      sides: this.sides,
      keys: this.#keys,
      onStep,
    })
    const { operators, reshaping } = this
    this.joining = new Joining({ ...parts, tenant: options.tenant, operators, reshaping })
    const hubspot = this.sides.get("hubspot") as HubspotSide | undefined
    const { deployment, tenant, timeline } = options
    this.configuring = new Configuring(
      {
        tenant: configured,
        connections: configurations,
        sides: this.sides,
        keys: this.#keys,
        deployment,
        history,
        onStep,
      },
      script.rules,
    )
    const ofHubspot = configurations.find(({ name }) => name === "hubspot")
    this.troubles =
      hubspot === undefined || ofHubspot === undefined
        ? null
        : new Troubles({
            tenant,
            timeline,
            owner: this.owner,
            deployment,
            onStep,
            hubspot,
            operators: this.operators,
            credentials: (given) => {
              ofHubspot.credentials = { ...ofHubspot.credentials, ...given }
            },
          })
    this.#entering = new Entering(options.chance, options.number * VALUES_APART)
    this.#automation = new Automation({
      timeline,
      owner: this.owner,
      chance: options.chance.fork("automation"),
      history,
      entering: this.#entering,
      onStep,
    })
    for (const kind of KINDS)
      for (const [at, known] of script.things[kind].entries()) this.#seed(kind, this.keyFor(kind, at), known)
  }

  #way(name: SideName): NonNullable<Peer["way"]> {
    const way = this.#systems.way(this.sides.get(name)!)
    const server = this.intruding.before(name, way.server, (...about) => this.#intrude(name, ...about))
    return { ...way, server: this.spent.before(name, server) }
  }

  /** Somebody edits a record that the engine is just writing. */
  async #intrude(name: SideName, kind: Kind, id: string, group: GroupName): Promise<boolean> {
    const { history, onStep } = this.#options
    const side = this.sides.get(name)!
    const key = this.#keys.get(`${name}|${kind}:${id}`)
    if (key === undefined || side.get(kind, id) === null) return false
    const thing = history.canonical(key)
    const value = this.#entering.fresh(group, key)
    if (history.joins.isPart(thing) || side.refuses?.(kind, id, { [group]: value }) === true) return false
    onStep(`${name} ${key} ${group} becomes "${value}", in the gap`)
    const by = { side: name, isApp: side.isApp, id: `${kind}:${id}` }
    const edits = history.enter(by, thing, { [group]: value }, false, this.isAside(name, thing))
    if (side.keepsHistory) history.told(name, by.id, group)
    await side.edit(kind, id, { [group]: value })
    history.saved(edits)
    return true
  }

  #about(kind: Kind, key: string, side: Side): About {
    if (kind === "company") return { domain: `${key.toLowerCase()}.example` }
    if (kind !== "activity") return {}
    const people = side.list("person")
    const person = people[this.#options.chance.between(0, Math.max(0, people.length - 1))]
    if (person === undefined) return {}
    this.with.set(key, keyOf("person", person.values))
    return { person: person.id }
  }

  #seed(kind: Kind, key: string, known: ReadonlyArray<SideName>): void {
    const { history } = this.#options
    for (const name of known) {
      const side = this.sides.get(name)!
      const about = this.#about(kind, key, side)
      if (kind === "activity" && about.person === undefined) continue
      const values = this.#entering.first(kind, key, side)
      const id = side.seed(kind, values, about)
      this.#keys.set(`${name}|${kind}:${id}`, key)
      history.enter(
        { side: name, isApp: side.isApp, id: `${kind}:${id}` },
        key,
        { ...this.#nothing(side, kind), ...values },
        true,
      )
    }
  }

  #nothing(side: Side, kind: Kind): Values {
    return Object.fromEntries(side.groups[kind].map((group) => [group, ""]))
  }

  readonly #written = (written: Written): void => {
    const { history, onStep, script, timeline } = this.#options
    const { kind, meantForAnother = {}, of, side: name, values = {}, wasWithheld = false } = written
    const side = this.sides.get(name as SideName)!
    const seen = side.get(of, written.id)
    onStep(`${name} was written: ${kind} ${of} ${written.id}`)
    if (seen === null) return this.#overtook(written)
    const { id } = seen
    const key = history.canonical(this.#keys.get(`${name}|${of}:${id}`) ?? keyOf(of, seen.values))
    if (key === "") return
    this.#keys.set(`${name}|${of}:${id}`, key)
    const record = `${of}:${id}`
    this.thrift.wrote(`${name} ${record}`, key)
    if (kind === "dissociate" && seen.values.company === "") {
      // One reference for another is two calls: judged when there was time for both.
      const since = timeline.now
      const judge = (): void => {
        const later = side.get(of, id)
        const company = later?.values.company ?? ""
        // It may have become part of another since.
        if (later !== null) history.written(side, record, history.canonical(key), { company })
      }
      this.#halves.set(`${name}|${record}`, () => (timeline.now - since > SECOND_HALF_MS ? judge() : undefined))
      timeline.after(this.owner, BOTH_MS, judge)
      return
    }
    if (wasWithheld) history.released(name, record, key, values)
    history.shown(name, key, meantForAnother)
    if (of === "activity" && kind === "create") this.hanging.made(side, id, history, timeline.now)
    if (of === "person" && kind !== "archive" && script.rewriting.includes(side.name as SideName))
      this.#automation.noticed(side, id, key)
    this.thrift.left(history.written(side, record, key, seen.values) || kind !== "update", `${name} ${record}`, key)
    if (!wasWithheld) history.withheld(name, record, key, values)
  }

  /** Nobody sees what came to a record that the product's people have deleted; an edit of it that is on its way stands above that. */
  #overtook({ id, of, side, stands = {}, values = {}, wasWithheld = false }: Written): void {
    const { history } = this.#options
    const key = this.#keys.get(`${side}|${of}:${id}`)
    if (key === undefined) return
    const about = [side, `${of}:${id}`, history.canonical(key)] as const
    if (wasWithheld) return history.released(...about, values)
    const above = Object.entries(values).filter(([group, value]) => stands[group as GroupName] !== value)
    history.withheld(...about, Object.fromEntries(above))
  }

  /** The journal has more in those streams. */
  appended(log: Log, streams: ReadonlyArray<string>): void {
    this.configuring.appended(log, streams)
    for (const stream of streams) this.#taken.appended(log, stream)
  }

  recordsOf(name: SideName, key: string): ReadonlyArray<Seen> {
    const kind = kindOf(key)
    const { history } = this.#options
    const now = history.canonical(key)
    return this.sides
      .get(name)!
      .list(kind)
      .filter(({ values }) => history.canonical(keyOf(kind, values)) === now)
      .map(({ id, values }) => ({
        id,
        values: values.company === undefined ? values : { ...values, company: history.canonical(values.company) },
      }))
  }

  /** Of the things of a kind, the one with that number, from 0 on. */
  keyFor(kind: Kind, number: number): string {
    return keyFor(kind, this.#options.number * THINGS_APART + number + 1)
  }

  get things(): ReadonlyArray<string> {
    return [...new Set([...this.#keys.values()].map((key) => this.#options.history.canonical(key)))]
  }

  /** Where it was deleted, or can't be without what was. */
  goneFrom(key: string): ReadonlySet<SideName> {
    const { removed } = this.reshaping
    const gone = new Set(this.#options.history.namesOf(key).flatMap((one) => [...(removed.get(one) ?? [])]))
    // What is with a person hangs on that person there, and may stay with one who is archived.
    const odoo = this.sides.get("odoo")
    const isAlone = odoo !== undefined && removed.get(this.with.get(key) ?? "")?.has("odoo") === true
    const begins = "odoo|activity:"
    const isKept = ([record, thing]: readonly [record: string, thing: string]): boolean =>
      thing === key && record.startsWith(begins) && odoo?.outlasts?.(record.slice(begins.length)) === true
    if (isAlone && ![...this.#keys].some(isKept)) gone.add("odoo")
    return gone
  }

  async edit(name: SideName, key: string, group: GroupName, how: How) {
    const { history, onStep } = this.#options
    const side = this.sides.get(name)!
    const kind = kindOf(key)
    const thing = history.canonical(key)
    const [record] = this.recordsOf(name, key)
    if (record === undefined || !side.groups[kind].includes(group)) return
    const of = `${key}|${group}`
    const previous = this.#previous.get(of)
    const isKept = isNaming(kind, group) || group === "email"
    const chosen = (): string => (group === "company" ? this.#entering.company(side) : this.#entering.fresh(group, key))
    const isBack = how.back && previous !== undefined && group !== "email" && group !== "company"
    const value = how.empty && !isKept ? "" : isBack ? previous : chosen()
    if (side.refuses?.(kind, record.id, { [group]: value }) === true) return
    this.#previous.set(of, record.values[group] ?? "")
    onStep(`${name} ${key} ${group} becomes "${value}"`)
    const by = { side: name, isApp: side.isApp, id: `${kind}:${record.id}` }
    if (group === "company") this.#halves.get(`${name}|${by.id}`)?.()
    const edits = history.enter(by, thing, { [group]: value }, false, this.isAside(name, thing))
    await side.edit(kind, record.id, { [group]: value }, how.imported)
    history.saved(edits)
  }

  /** Whether nobody can tell if that record of it is the one that counts. */
  isAside(name: SideName, thing: string): boolean {
    const where = this.reshaping.merged.get(thing)
    return where !== undefined && !where.has(name)
  }

  async create(name: SideName, kind: Kind, imported = false) {
    const { history, onStep } = this.#options
    const side = this.sides.get(name)!
    const number = (this.#counts.get(kind) ?? this.#options.script.things[kind].length) + 1
    this.#counts.set(kind, number)
    const key = this.keyFor(kind, number - 1)
    const about = { ...this.#about(kind, key, side), imported }
    const values = this.#entering.first(kind, key, side)
    if ((kind === "activity" && about.person === undefined) || side.refuses?.(kind, null, values) === true) return
    onStep(`${name} gets ${key}`)
    const id = await side.create(kind, values, about)
    this.#keys.set(`${name}|${kind}:${id}`, key)
    const entered = { ...this.#nothing(side, kind), ...values }
    history.enter({ side: name, isApp: side.isApp, id: `${kind}:${id}` }, key, entered, false)
  }

  /** Calls of the engine that ended. */
  get calls(): number {
    return this.#systems.calls
  }

  /** Everything answers. */
  heal(): void {
    this.troubles?.end()
    this.spent.end()
    for (const network of this.#systems.networks) network.faults = PERFECT
    const app = this.sides.get("app") as AppSide | undefined
    app?.sandbox.settings({ lostAnswerRate: 0, duplicateRate: 0, sendDelayMs: [0, 0], applyDelayMs: [0, 0] })
    this.#systems.webhooks = { ...this.#systems.webhooks, forge: 0 }
  }

  connectApp(): void {
    ;(this.sides.get("app") as AppSide | undefined)?.connect(TOKEN)
  }
}
