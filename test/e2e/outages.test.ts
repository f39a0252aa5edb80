/**
 * The production layout while what it stands on goes away: NATS, PostgreSQL and the journal's server in turn are stopped or
 * killed for some seconds, and come back on the same data, while people edit. Services are left alone.
 */
import { missingOwn as missingNats } from "@concordat/adapters/nats/testing/server"
import { missingOwn as missingPostgres } from "@concordat/adapters/postgres/testing/server"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Cluster, type ServiceProcess, until } from "./cluster.ts"
import { acquireInstallation, deliveriesIn, differences, edit } from "./installation.ts"
import { PEOPLE, type Portal, repeats } from "./portals.ts"

type Store = "journal" | "state" | "bus"

const missing = missingNats ?? missingPostgres
const TENANTS = ["tenant00", "tenant01"]
/** Some seconds; of the leases' store longer than a lease holds. */
const AWAY_MS: Readonly<Record<Store, number>> = { bus: 4_000, state: 7_500, journal: 5_000 }
const EDIT_EVERY_MS = 300
/** Until a service has noticed, and until it goes on: ten seconds at most, and the machine may be busy. */
const NOTICED_MS = 60_000

interface Outage {
  readonly store: Store
  readonly how: string
  readonly begin: (stores: Cluster["stores"]) => void | Promise<void>
  readonly end: (stores: Cluster["stores"]) => void | Promise<void>
}
const OUTAGES: ReadonlyArray<Outage> = [
  { store: "bus", how: "hangs", begin: ({ bus }) => bus.signal("SIGSTOP"), end: ({ bus }) => bus.signal("SIGCONT") },
  { store: "bus", how: "is killed", begin: ({ bus }) => bus.stop("SIGKILL"), end: ({ bus }) => bus.start() },
  { store: "state", how: "is killed", begin: ({ state }) => state.stop("SIGQUIT"), end: ({ state }) => state.start() },
  {
    store: "journal",
    how: "hangs",
    begin: ({ journal }) => journal.signal("SIGSTOP"),
    end: ({ journal }) => journal.signal("SIGCONT"),
  },
  { store: "journal", how: "is killed", begin: ({ journal }) => journal.stop(), end: ({ journal }) => journal.start() },
]

/** A webhook is taken with the journal alone; nobody needs the bus. */
const needs = ({ service }: ServiceProcess, store: Store): boolean =>
  store === "journal" || (store === "state" && service !== "ingester")

const readiness = async ({ url }: ServiceProcess) => {
  const response = await fetch(`${url}/readyz`)
  const { away } = (await response.json()) as { readonly away: ReadonlyArray<string> }
  return { status: response.status, away: away.join(", ") }
}
const healthOf = async ({ url }: ServiceProcess): Promise<number> => (await fetch(`${url}/healthz`)).status

const says = (one: ServiceProcess, status: number, away: string, withinMs: number) => {
  let last = ""
  const isSo = async () => {
    const said = await readiness(one)
    last = `${said.status} ${said.away}`
    return said.status === status && said.away === away
  }
  return until(`${one.name} says ${status} ${away}`, isSo, withinMs).catch((error: unknown) => {
    throw new Error(`${String(error)}; it says ${last}`)
  })
}

/** People edit for as long as the scope. */
const editing = (portals: ReadonlyArray<Portal>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      let n = 0
      return setInterval(() => edit(portals, n++), EDIT_EVERY_MS)
    }),
    (timer) => Effect.sync(() => clearInterval(timer)),
  )

const live = async (
  { processes, stores }: Cluster,
  { begin, end, store }: Outage,
  answers: () => number,
): Promise<void> => {
  const from = performance.now()
  await begin(stores)
  await Promise.all(processes.map((one) => says(one, needs(one, store) ? 503 : 200, store, NOTICED_MS)))
  assert.deepStrictEqual(
    await Promise.all(processes.map(healthOf)),
    processes.map(() => 200),
  )
  const before = answers()
  // Webhooks are taken with the journal, and not without it.
  if (store !== "journal") await until(`webhooks are taken without the ${store}`, () => answers() > before, NOTICED_MS)
  await new Promise((resolve) => setTimeout(resolve, Math.max(1_000, AWAY_MS[store] - (performance.now() - from))))
  if (store === "journal") assert.strictEqual(answers(), before)
  await end(stores)
  await Promise.all(processes.map((one) => says(one, 200, "", NOTICED_MS)))
}

describe.skipIf(missing !== null)(`outages of the production layout${missing === null ? "" : ` (${missing})`}`, () => {
  it.live(
    "each store goes away while people edit: services say so, wait and go on, and nothing acknowledged is lost",
    () =>
      Effect.gen(function* () {
        const counts = { ingester: 1, connector: 1, reconciler: 1, api: 1 }
        const { cluster, portals, witness } = yield* acquireInstallation(TENANTS, counts)
        for (const outage of OUTAGES) {
          yield* Effect.scoped(
            Effect.andThen(
              editing(portals),
              Effect.promise(() => live(cluster, outage, witness.answers)),
            ),
          )
          yield* Effect.promise(() =>
            until(
              `all agree after the ${outage.store} ${outage.how}`,
              () => differences(portals).length === 0,
              120_000,
            ).catch((error: unknown) => {
              throw new Error(`${String(error)}; ${cluster.dir}\n${differences(portals).join("\n")}`)
            }),
          )
        }
        // None of them ended and was started again by anybody.
        assert.deepStrictEqual(
          cluster.processes.filter((one) => !one.isRunning()).map(({ name }) => name),
          [],
        )
        assert.deepStrictEqual(portals.flatMap(repeats), [], cluster.dir)
        for (const { sandbox } of portals) assert.lengthOf(sandbox.list("contacts"), PEOPLE)
        const kept = yield* deliveriesIn(cluster)
        assert.isAbove(witness.acknowledged.size, 0)
        assert.deepStrictEqual(
          [...witness.acknowledged].filter((one) => !kept.has(one)),
          [],
        )
      }).pipe(Effect.scoped),
    900_000,
  )
})
