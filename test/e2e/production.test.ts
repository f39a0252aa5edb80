/**
 * The production layout: four services as processes over real NATS and PostgreSQL, two reconcilers, two connectors; they are
 * killed and stopped while people edit. PRODUCTION_TENANTS and PRODUCTION_SECONDS make it larger: 20 and 120 are a proof.
 */
import { missingOwn as missingNats } from "@concordat/adapters/nats/testing/server"
import { missingOwn as missingPostgres } from "@concordat/adapters/postgres/testing/server"
import { layer as kurrentdb } from "@concordat/adapters/kurrentdb/KurrentDb"
import { Journal } from "@concordat/engine/ports/Journal"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { acquireCluster, type Cluster } from "./cluster.ts"
import {
  configurationOf,
  difference,
  ENVIRONMENT,
  makePortal,
  OPERATOR,
  PEOPLE,
  type Portal,
  repeats,
} from "./portals.ts"
import { startWitness } from "./witness.ts"

const SECONDS = Number(process.env["PRODUCTION_SECONDS"] ?? "15")
const TENANTS = Array.from(
  { length: Number(process.env["PRODUCTION_TENANTS"] ?? "5") },
  (_, n) => `tenant${String(n).padStart(2, "0")}`,
)
const missing = missingNats ?? missingPostgres

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const until = async (what: string, isSo: () => Promise<boolean> | boolean, withinMs: number): Promise<void> => {
  const from = performance.now()
  while (!(await isSo())) {
    if (performance.now() - from > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await wait(200)
  }
}

const operator = async (cluster: Cluster, path: string, body?: unknown): Promise<unknown> => {
  const response = await fetch(`${cluster.of("api")[0]!.url}/operator${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${OPERATOR}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.status === 204 ? null : response.json()
}

interface Status {
  readonly connections: ReadonlyArray<{ readonly connection: string; readonly backfill: { readonly state: string } }>
  readonly owners: ReadonlyArray<{ readonly what: string; readonly owner: string | null }>
}

const arm = async (cluster: Cluster): Promise<void> => {
  for (const tenant of TENANTS) {
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

const differences = (portals: ReadonlyArray<Portal>): ReadonlyArray<string> =>
  TENANTS.flatMap((tenant) => {
    const [east, west] = portals.filter((one) => one.tenant === tenant)
    return difference(east!, west!)
  })

/** People at work: one of a tenant gets another title, here or there. */
const edit = (portals: ReadonlyArray<Portal>, n: number): void => {
  const portal = portals[(n * 7) % portals.length]!
  const people = portal.sandbox.list("contacts")
  const one = people[n % people.length]
  if (one === undefined) return
  portal.sandbox.put({ object: "contacts", id: one.id, properties: { jobtitle: `Title ${n}` } })
}

/** Longer than a lease: others own what the process had when it goes on. */
const STOPPED_MS = 9_000

/** People edit while one process after the other is killed and started again, or stopped for longer than its leases hold. */
const harm = async (cluster: Cluster, portals: ReadonlyArray<Portal>) => {
  const from = performance.now()
  const hurt: Array<string> = []
  const pauses: Array<Promise<void>> = []
  for (let n = 0; performance.now() - from < SECONDS * 1_000; n++) {
    for (let one = 0; one < 4; one++) edit(portals, n * 4 + one)
    const victim = cluster.processes[(n * 5 + 1) % cluster.processes.length]!
    const owns = victim.service === "connector" || victim.service === "reconciler"
    if (owns && n % 2 === 1) {
      hurt.push(`SIGSTOP ${victim.name}`)
      victim.signal("SIGSTOP")
      pauses.push(wait(STOPPED_MS).then(() => victim.signal("SIGCONT")))
    } else {
      hurt.push(`SIGKILL ${victim.name}`)
      await victim.kill("SIGKILL")
      victim.launch()
    }
    await wait(2_500)
  }
  await Promise.all(pauses)
  return hurt
}

const deliveriesIn = (cluster: Cluster) =>
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

describe.skipIf(missing !== null)(`production layout${missing === null ? "" : ` (${missing})`}`, () => {
  it.live(
    "[CE17] [R50] processes are killed all the time: everybody agrees in the end, and nothing is written twice",
    () =>
      Effect.gen(function* () {
        const portals = yield* Effect.acquireRelease(
          Effect.promise(() =>
            Promise.all(
              TENANTS.flatMap((tenant) => (["east", "west"] as const).map((side) => makePortal(tenant, side))),
            ),
          ),
          (all) => Effect.promise(() => Promise.all(all.map(({ listening }) => listening.close()))),
        )
        let intake = ""
        const witness = yield* Effect.acquireRelease(
          Effect.promise(() => startWitness(() => intake)),
          ({ close }) => Effect.promise(close),
        )
        const counts = { ingester: 1, connector: 2, reconciler: 2, api: 1 }
        const cluster = yield* acquireCluster(counts, ENVIRONMENT, configurationOf(portals, witness.url))
        for (const one of cluster.processes) one.launch()
        yield* Effect.promise(() => Promise.all(cluster.processes.map((one) => one.ready())))
        yield* Effect.promise(() => arm(cluster))
        intake = cluster.of("ingester")[0]!.url
        for (const { sandbox, side, tenant } of portals)
          sandbox.settings({ webhooks: { target: `${witness.url}/webhooks/${tenant}/${side}`, delayMs: [10, 200] } })
        yield* Effect.promise(() =>
          until("all tenants agree at first", () => differences(portals).length === 0, 120_000),
        )

        const hurt = yield* Effect.promise(() => harm(cluster, portals))
        yield* Effect.promise(() => Promise.all(cluster.processes.map((one) => one.ready())))
        yield* Effect.promise(() =>
          until("all tenants agree again", () => differences(portals).length === 0, 120_000).catch((error: unknown) => {
            throw new Error(`${String(error)}; ${cluster.dir}\n${differences(portals).join("\n")}`)
          }),
        )
        assert.deepStrictEqual(portals.flatMap(repeats), [], cluster.dir)
        // Whoever went on after its stop has left what it had: within ten seconds it is somebody's again.
        yield* Effect.promise(() =>
          until(
            "every share and connection has an owner",
            async () => {
              const { owners } = (await operator(cluster, "/tenants/tenant00/status")) as Status
              assert.deepStrictEqual(owners.map(({ what }) => what).toSorted(), ["deciding e", "east", "west"])
              return owners.every(({ owner }) => owner !== null)
            },
            10_000,
          ),
        )
        for (const { sandbox } of portals) assert.lengthOf(sandbox.list("contacts"), PEOPLE)
        for (const what of ["SIGKILL", "SIGSTOP"])
          assert.isTrue(
            hurt.some((one) => one.startsWith(what)),
            hurt.join(", "),
          )
        const kept = yield* deliveriesIn(cluster)
        assert.isAbove(witness.acknowledged.size, 0)
        assert.deepStrictEqual(
          [...witness.acknowledged].filter((one) => !kept.has(one)),
          [],
        )
      }).pipe(Effect.scoped),
    600_000,
  )
})
