/**
 * The production engine as processes of the simulation: the reconciler and a worker for each connection, all in one
 * process or each in its own. A process that dies is started again; nothing but the stores is carried over.
 */
import { makeBudget } from "@concordat/engine/budget/Budget"
import { definitionFor } from "@concordat/engine/connection/connectProvider"
import { type ConnectionHandle, makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { type Watch, makeWatch } from "@concordat/engine/connection/watch"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { noCalls } from "@concordat/engine/http/ProviderHttp"
import { accept } from "@concordat/engine/intake/Intake"
import { Journal } from "@concordat/engine/ports/Journal"
import type { Connector, WebhookRequest } from "@concordat/engine/ports/Provider"
import type { ConnectionConfig, TenantConfig } from "@concordat/all-in-one/config/Config"
import { changeRules, openConnection } from "@concordat/all-in-one/opening"
import { type Catalogue, makeCatalogue } from "@concordat/all-in-one/providers"
import { supervised } from "@concordat/all-in-one/workers"
import * as streams from "@concordat/model/streams"
import { type AppAccess, makeAppAccess } from "@concordat/providers/app/AppAccess"
import { AppUnavailable } from "@concordat/providers/app/submit"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type Batch, inBatches } from "./batch.ts"
import { httpOver, type Network, type Server } from "./network.ts"
import type { Working } from "./oracle/at-rest.ts"
import { Process } from "./process.ts"
import type { Chance } from "./random.ts"
import { type Access, makePorts, type Ports, type Stores } from "./store/ports.ts"
import type { Timeline } from "./timeline.ts"

export const KEY = "the key of the simulation"

export interface Peer {
  readonly tenant: TenantConfig
  readonly connection: ConnectionConfig
  /** null: the app, which is not called. */
  readonly way: { readonly network: Network; readonly server: Server } | null
  readonly batch?: Batch | undefined
}

export interface StoreFaults {
  /** ms that a write takes to arrive and to be answered, each; and a read. */
  readonly writeMs: number
  readonly readMs: number
  /** Shares of writes without an answer: not made, and made. */
  readonly unmade: number
  readonly unknown: number
}

export interface Running {
  readonly connector: Connector
  readonly handle: ConnectionHandle
}

interface Group {
  readonly name: string
  readonly members: ReadonlyArray<Peer | "reconciler">
  process: Process
  ports: ReturnType<typeof makePorts>
  running: Map<string, Running>
  access: AppAccess["Service"]
  downUntil: number
}

const keyOf = (tenant: string, connection: string): string => `${tenant}.${connection}`

/** How long it takes until a process that died runs again, ms. */
const RESTART_MS = [200, 5_000] as const

interface Shared {
  readonly catalogue: Catalogue
  readonly compilers: ReturnType<typeof makeCompilers>
  readonly watch: Watch
}

const ALL_AT_ONCE = { concurrency: "unbounded", discard: true } as const

export interface DeploymentOptions {
  readonly timeline: Timeline
  readonly stores: Stores
  readonly chance: Chance
  readonly peers: ReadonlyArray<Peer>
  /** One process for everything, or one for each worker. */
  readonly isApart: boolean
  readonly faults: StoreFaults
  readonly onStep: (what: string) => void
}

export class Deployment {
  readonly groups: ReadonlyArray<Group>
  readonly #options: DeploymentOptions
  faults: StoreFaults
  crashes = 0

  constructor(options: DeploymentOptions) {
    this.#options = options
    this.faults = options.faults
    const members: ReadonlyArray<Peer | "reconciler"> = ["reconciler", ...options.peers]
    const parts = options.isApart ? members.map((one) => [one]) : [members]
    this.groups = parts.map((of) => {
      const [first] = of
      const name =
        of.length > 1 ? "all" : first === "reconciler" ? first : keyOf(first!.tenant.name, first!.connection.name)
      return this.#start(name, of)
    })
  }

  #accessOf(process: () => Process, chance: Chance): Access {
    const step = (most: () => number): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (!process().isAlive) return Effect.never
        const ms = most() === 0 ? 0 : chance.between(0, most())
        return ms === 0 ? Effect.void : Effect.sleep(ms)
      })
    return {
      writing: step(() => this.faults.writeMs),
      reading: step(() => this.faults.readMs),
      outcome: () => {
        const draw = chance.next()
        const { unknown, unmade } = this.faults
        return draw < unmade ? "unmade" : draw < unmade + unknown ? "unknown" : "answered"
      },
      wake: (run) => this.#options.timeline.post(process(), run),
    }
  }

  #start(name: string, members: Group["members"], before?: Group): Group {
    const { chance, stores, timeline } = this.#options
    const of = chance.fork(`${name}.${this.crashes}`)
    const group = before ?? ({ name, members, downUntil: 0 } as Group)
    const process = new Process(timeline, name, of, () => this.#died(group))
    group.process = process
    group.ports = makePorts(
      stores,
      this.#accessOf(() => process, of),
    )
    group.running = new Map()
    const catalogue = makeCatalogue()
    group.access = this.#appAccess(group, catalogue)
    process.start(
      makeWatch.pipe(
        Effect.flatMap((watch) =>
          Effect.forEach(members, (member) => this.#work(group, member, catalogue, watch), ALL_AT_ONCE),
        ),
        Effect.scoped,
        Effect.provideContext(group.ports),
      ),
    )
    return group
  }

  #died(group: Group): void {
    const { chance, onStep, timeline } = this.#options
    this.crashes += 1
    onStep(`${group.name} died`)
    const wait = Math.max(chance.between(...RESTART_MS), group.downUntil - timeline.now)
    timeline.after({ isAlive: true }, wait, () => {
      onStep(`${group.name} starts`)
      this.#start(group.name, group.members, group)
    })
  }

  #work(group: Group, member: Peer | "reconciler", catalogue: Catalogue, watch: Watch): Effect.Effect<void> {
    const compilers = makeCompilers()
    const { onStep } = this.#options
    const name = member === "reconciler" ? member : keyOf(member.tenant.name, member.connection.name)
    const report = ({ error, failures }: { readonly failures: number; readonly error: string | null }): void => {
      if (failures > 0) onStep(`${name} stopped: ${error}`)
    }
    const work: Effect.Effect<unknown, unknown, Ports> =
      member === "reconciler"
        ? Effect.flatMap(makeReconciler(compilers), ({ run }) => run)
        : this.#connection(group, member, { catalogue, compilers, watch })
    return supervised({ name, attempts: null, report }, work).pipe(
      Effect.provideContext(group.ports),
      Effect.ignoreCause,
    )
  }

  #connection(group: Group, peer: Peer, { catalogue, compilers, watch }: Shared) {
    const { batch, connection, tenant, way } = peer
    const provider = catalogue.providers[connection.provider]!
    const definition = inBatches(definitionFor(provider, connection.settings), batch)
    const key = Redacted.make(KEY)
    const name = keyOf(tenant.name, connection.name)
    return Effect.gen(function* () {
      yield* changeRules(tenant)
      yield* openConnection(tenant, connection, definition, key)
      const budget = yield* makeBudget(definition.limits)
      const stats = noCalls()
      const nobody: Server = () => null
      const http =
        way === null
          ? { send: () => Effect.die(new Error("the app is not called")) }
          : httpOver(group.process, way.network, way.server ?? nobody, { definition, budget, stats })
      const { credentials, pollEveryMs, rereadEveryMs, settings } = connection
      const connector = yield* provider.connect(
        {
          tenant: tenant.name,
          connection: connection.name,
          settings,
          credentials,
          opaqueId: (externalId) => streams.opaqueId(externalId, KEY),
        },
        http,
      )
      const handle = yield* makeConnection({
        tenant: tenant.name,
        connection: connection.name,
        definition: { ...definition, secondLookMs: Math.min(definition.secondLookMs, pollEveryMs) },
        connector,
        compilers,
        budget,
        http: stats,
        watch,
        pollEveryMs,
        ...(rereadEveryMs === undefined ? {} : { rereadEveryMs }),
      })
      group.running.set(name, { connector, handle })
      return yield* handle.run
    }).pipe(Effect.ensuring(Effect.sync(() => group.running.delete(name))), Effect.scoped)
  }

  #appAccess(group: Group, catalogue: Catalogue): AppAccess["Service"] {
    const later = (error: { readonly message: string }) =>
      new AppUnavailable({ detail: error.message, retryAfterMs: 1_000 })
    return makeAppAccess({
      journal: Context.get(group.ports, Journal),
      versionsOf: catalogue.versionsOf,
      token: () => Effect.succeed(null),
      handle: ({ connection, tenant }) =>
        Effect.sync(() => {
          const running = group.running.get(keyOf(tenant, connection))
          return running === undefined
            ? null
            : {
                submit: (records) => Effect.mapError(running.handle.submit(records), later),
                gone: (records) => Effect.mapError(running.handle.gone(records), later),
                populated: Effect.mapError(running.handle.finishBackfill, later),
                followed: (isKnown) => Effect.mapError(running.handle.followed(isKnown), later),
              }
        }),
      opaqueId: (_, externalId) => externalId,
    })
  }

  groupOf(tenant: string, connection: string): Group {
    return this.groups.find(({ members }) =>
      members.some((one) => one !== "reconciler" && one.tenant.name === tenant && one.connection.name === connection),
    )!
  }

  /** The status that a webhook is answered with; fails where the connection breaks. */
  webhook(tenant: string, connection: string, request: WebhookRequest): Promise<number> {
    const group = this.groupOf(tenant, connection)
    const running = group.running.get(keyOf(tenant, connection))
    if (!group.process.isAlive || running === undefined) return Promise.resolve(503)
    const { connector, handle } = running
    return group.process.ask(
      accept({ tenant, connection, webhook: connector.webhook, onAccepted: handle.hint([]) }, request).pipe(
        Effect.map(({ status }) => status as number),
        Effect.catchTag("JournalError", () => Effect.succeed(503)),
        Effect.provideContext(group.ports),
      ),
    )
  }

  /** Runs in the process that has the tenant's reconciler, as an operator's question would. */
  ask<A>(effect: Effect.Effect<A, unknown, Ports>): Promise<A> {
    const group = this.groups[0]!
    return group.process.ask(Effect.provideContext(effect, group.ports))
  }

  /** The workers of connections that run. */
  get working(): ReadonlyArray<Working> {
    return this.groups.flatMap(({ process, running }) =>
      [...running].map(([name, { handle }]) => ({ name, handle, ask: (question) => process.ask(question) })),
    )
  }

  /** Ends whatever works for a tenant's connections; it reads the configuration anew when it is back. */
  restart(tenant: string): void {
    for (const { members, process } of this.groups)
      if (members.some((one) => one !== "reconciler" && one.tenant.name === tenant)) process.crash()
  }

  crash(name: string, turns: number, downMs: number): void {
    const group = this.groups.find((one) => one.name === name) ?? this.groups[0]!
    if (!group.process.isAlive) return
    group.downUntil = this.#options.timeline.now + downMs
    group.process.dieIn(turns)
  }
}
