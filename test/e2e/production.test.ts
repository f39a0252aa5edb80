/**
 * The production layout: four services as processes over real NATS and PostgreSQL, two reconcilers, two connectors; they are
 * killed and stopped while people edit. PRODUCTION_TENANTS and PRODUCTION_SECONDS make it larger: 20 and 120 are a proof.
 * PRODUCTION_JOURNAL names an empty KurrentDB or EventStoreDB to run on, instead of the small server of its protocol.
 */
import { missingOwn as missingNats } from "@concordat/adapters/nats/testing/server"
import { missingOwn as missingPostgres } from "@concordat/adapters/postgres/testing/server"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Cluster, until } from "./cluster.ts"
import { acquireInstallation, deliveriesIn, differences, edit, operator, type Status } from "./installation.ts"
import { PEOPLE, type Portal, repeats } from "./portals.ts"

const SECONDS = Number(process.env["PRODUCTION_SECONDS"] ?? "15")
const TENANTS = Array.from(
  { length: Number(process.env["PRODUCTION_TENANTS"] ?? "5") },
  (_, n) => `tenant${String(n).padStart(2, "0")}`,
)
const missing = missingNats ?? missingPostgres

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Longer than a lease: others own what the process had when it goes on. */
const STOPPED_MS = 9_000

/** People edit while one process after the other is killed and started again, or stopped for longer than its leases hold. */
const harm = async (cluster: Cluster, portals: ReadonlyArray<Portal>) => {
  const from = performance.now()
  const hurt: Array<string> = []
  const pauses: Array<Promise<void>> = []
  // On a slow machine each step takes long: until there was one of each kind.
  const wasHurt = (how: string): boolean => hurt.some((one) => one.startsWith(how))
  const isOver = (): boolean => performance.now() - from >= SECONDS * 1_000 && wasHurt("SIGKILL") && wasHurt("SIGSTOP")
  for (let n = 0; !isOver(); n++) {
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
}

describe.skipIf(missing !== null)(`production layout${missing === null ? "" : ` (${missing})`}`, () => {
  it.live(
    "[CE17] [R50] processes are killed all the time: everybody agrees in the end, and nothing is written twice",
    () =>
      Effect.gen(function* () {
        const counts = { ingester: 1, connector: 2, reconciler: 2, api: 1 }
        const { cluster, portals, witness } = yield* acquireInstallation(TENANTS, counts)

        yield* Effect.promise(() => harm(cluster, portals))
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
            60_000,
          ),
        )
        for (const { sandbox } of portals) assert.lengthOf(sandbox.list("contacts"), PEOPLE)
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
