/**
 * An installation as tests of the production layout need it: portals with people, a witness before the intake, stores and
 * services as processes, all connections read, armed and agreed.
 */
import { layer as kurrentdb } from "@concordat/adapters/kurrentdb/KurrentDb"
import { Journal } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { acquireCluster, type Cluster, type ServiceName, until } from "./cluster.ts"
import { configurationOf, difference, ENVIRONMENT, makePortal, OPERATOR, type Portal } from "./portals.ts"
import { startWitness } from "./witness.ts"

/** Asks the operator's API of the cluster. */
export const operator = async (cluster: Cluster, path: string, body?: unknown): Promise<unknown> => {
  const response = await fetch(`${cluster.of("api")[0]!.url}/operator${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${OPERATOR}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.status === 204 ? null : response.json()
}

export interface Status {
  readonly connections: ReadonlyArray<{ readonly connection: string; readonly backfill: { readonly state: string } }>
  readonly owners: ReadonlyArray<{ readonly what: string; readonly owner: string | null }>
}

const arm = async (cluster: Cluster, tenants: ReadonlyArray<string>): Promise<void> => {
  for (const tenant of tenants) {
    await until(
      `${tenant} is read`,
      async () => {
        const { connections } = (await operator(cluster, `/tenants/${tenant}/status`)) as Status
        return connections.length === 2 && connections.every(({ backfill }) => backfill.state === "done")
      },
      120_000,
    )
    for (const connection of ["east", "west"])
      await operator(cluster, `/tenants/${tenant}/requests`, {
        _tag: "ArmRequested",
        connection,
        by: "operator",
        writesPerHour: null,
      })
  }
}

/** What the two portals of each tenant differ in. */
export const differences = (portals: ReadonlyArray<Portal>): ReadonlyArray<string> =>
  [...Map.groupBy(portals, ({ tenant }) => tenant).values()].flatMap(([east, west]) => difference(east!, west!))

/** People at work: one of a tenant gets another title, here or there. */
export const edit = (portals: ReadonlyArray<Portal>, n: number): void => {
  const portal = portals[(n * 7) % portals.length]!
  const people = portal.sandbox.list("contacts")
  const one = people[n % people.length]
  if (one === undefined) return
  portal.sandbox.put({ object: "contacts", id: one.id, properties: { jobtitle: `Title ${n}` } })
}

/** Records that webhooks in the journal name, as the witness writes them. */
export const deliveriesIn = (cluster: Cluster) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const kept = new Set<string>()
    for (let after: string | null = null; ;) {
      const page: { events: ReadonlyArray<{ data: string; stream: string }>; position: string | null } =
        yield* journal.readAll({ after, prefixes: ["delivery-"], limit: 1_000 })
      for (const { data, stream } of page.events) {
        const { hints } = JSON.parse(data) as { hints: ReadonlyArray<{ id: string }> }
        for (const { id } of hints) kept.add(`${stream.slice(stream.indexOf(".") + 1)} ${id}`)
      }
      if (page.events.length === 0) return kept
      after = page.position
    }
  }).pipe(
    Effect.provide(kurrentdb({ connectionString: Redacted.make(cluster.addresses.journal) }), { local: true }),
    Effect.scoped,
  )

export const acquireInstallation = Effect.fnUntraced(function* (
  tenants: ReadonlyArray<string>,
  counts: Readonly<Record<ServiceName, number>>,
) {
  const portals = yield* Effect.acquireRelease(
    Effect.promise(() =>
      Promise.all(tenants.flatMap((tenant) => (["east", "west"] as const).map((side) => makePortal(tenant, side)))),
    ),
    (all) => Effect.promise(() => Promise.all(all.map(({ listening }) => listening.close()))),
  )
  let intake = ""
  const witness = yield* Effect.acquireRelease(
    Effect.promise(() => startWitness(() => intake)),
    ({ close }) => Effect.promise(close),
  )
  const cluster = yield* acquireCluster(counts, ENVIRONMENT, configurationOf(portals, witness.url))
  for (const one of cluster.processes) one.launch()
  yield* Effect.promise(() => Promise.all(cluster.processes.map((one) => one.ready())))
  yield* Effect.promise(() => arm(cluster, tenants))
  intake = cluster.of("ingester")[0]!.url
  for (const { sandbox, side, tenant } of portals)
    sandbox.settings({ webhooks: { target: `${witness.url}/webhooks/${tenant}/${side}`, delayMs: [10, 200] } })
  yield* Effect.promise(() => until("all tenants agree at first", () => differences(portals).length === 0, 120_000))
  return { portals, witness, cluster }
})
