/**
 * Services of the production layout that start before what they stand on: they wait, say for what, and go on by themselves.
 * What does not pass by itself ends them at once.
 */
import { missingOwn as missingNats } from "@concordat/adapters/nats/testing/server"
import { missingOwn as missingPostgres } from "@concordat/adapters/postgres/testing/server"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { startServer } from "../kurrent-server/server.ts"
import { acquireCluster, type Cluster, type ServiceProcess, until } from "./cluster.ts"
import { ENVIRONMENT } from "./portals.ts"

const missing = missingNats ?? missingPostgres
const CONFIGURATION = 'key: ${CONCORDAT_KEY}\nhttp: { token: "${CONCORDAT_TOKEN}" }\ntenants: []\n'
const ONE_OF_EACH = { ingester: 1, connector: 1, reconciler: 1, api: 1 }
/** Ten seconds by the contract; the machine may be busy. */
const WITHIN_MS = 90_000

const answer = async ({ url }: ServiceProcess, path: string) => {
  const response = await fetch(`${url}${path}`)
  return { status: response.status, text: await response.text() }
}
const awaits = (one: ServiceProcess, status: number, away: ReadonlyArray<string>) =>
  until(
    `${one.name} waits for ${away.join(", ") || "nothing"}`,
    async () => {
      const said = await answer(one, "/readyz").catch(() => null)
      if (said === null || said.status !== status) return false
      const body = JSON.parse(said.text) as { readonly away: ReadonlyArray<string> }
      return body.away.toSorted().join() === away.join()
    },
    WITHIN_MS,
  )
const allAwait = (cluster: Cluster, status: number, away: ReadonlyArray<string>) =>
  Effect.promise(() => Promise.all(cluster.processes.map((one) => awaits(one, status, away))))

/** Ends by itself with 1, and says why in what it wrote. */
const endsWith = (one: ServiceProcess, environment: Readonly<Record<string, string>>, words: string) =>
  Effect.promise(async () => {
    const before = one.log().length
    one.launch(environment)
    await until(`${one.name} ends`, () => !one.isRunning(), WITHIN_MS)
    assert.strictEqual(one.exitCode(), 1)
    // Its output is written by a stream of its own.
    await until(
      `${words} stands in ${one.log().slice(before)}`,
      () => one.log().slice(before).includes(words),
      WITHIN_MS,
    )
  })

describe.skipIf(missing !== null)(`services that start${missing === null ? "" : ` (${missing})`}`, () => {
  it.live(
    "before their stores wait for each by name, and go on when it is there",
    () =>
      Effect.gen(function* () {
        const cluster = yield* acquireCluster(ONE_OF_EACH, ENVIRONMENT, CONFIGURATION)
        const { bus, journal, state } = cluster.stores
        yield* Effect.promise(() => Promise.all([bus.stop("SIGKILL"), journal.stop(), state.stop("SIGQUIT")]))
        for (const one of cluster.processes) one.launch()
        yield* allAwait(cluster, 503, ["bus", "journal", "state"])
        for (const one of cluster.processes) {
          assert.deepStrictEqual(yield* Effect.promise(() => answer(one, "/healthz")), { status: 200, text: "ok" })
          // Whatever else is asked for is to be asked again.
          assert.strictEqual((yield* Effect.promise(() => answer(one, "/webhooks/a/b"))).status, 503)
        }
        yield* Effect.promise(journal.start)
        yield* allAwait(cluster, 503, ["bus", "state"])
        yield* Effect.promise(state.start)
        yield* allAwait(cluster, 503, ["bus"])
        yield* Effect.promise(bus.start)
        yield* allAwait(cluster, 200, [])
        for (const one of cluster.processes) {
          assert.isTrue(one.isRunning(), one.name)
          // A line when it goes, for each reason there is, and one when it is back; and no traces of stacks.
          const lines = one.log().split("\n")
          for (const store of ["journal", "state", "bus"]) {
            assert.lengthOf(
              lines.filter((line) => line.includes(`the ${store} is there`)),
              1,
              one.name,
            )
            const waits = lines.filter((line) => line.includes(`the ${store} is away`))
            assert.isTrue(waits.length >= 1 && waits.length <= 4, `${one.name}: ${waits.join("\n")}`)
          }
          assert.notMatch(one.log(), /\n? +at .+:\d+:\d+/)
        }
      }).pipe(Effect.scoped),
    600_000,
  )

  it.live(
    "with credentials that are refused, or with a server that is too old, end at once and say so",
    () =>
      Effect.gen(function* () {
        const cluster = yield* acquireCluster(
          { ingester: 0, connector: 0, reconciler: 0, api: 1 },
          ENVIRONMENT,
          CONFIGURATION,
        )
        const [api] = cluster.of("api")
        const old = yield* Effect.acquireRelease(
          Effect.promise(() => startServer({ many: false, version: "22.10.4.0" })),
          (server) => Effect.promise(server.stop),
        )
        const wrong = new URL(cluster.addresses.state)
        wrong.password = "another"
        api!.launch()
        yield* Effect.promise(api!.ready)
        yield* Effect.promise(() => api!.kill("SIGTERM"))
        yield* endsWith(api!, { POSTGRES_URL: wrong.href }, "the server refuses user or password")
        yield* endsWith(
          api!,
          { KURRENTDB_URL: old.connectionString },
          "has version 22.10.4.0; needed is 23.10 or later",
        )
        assert.notInclude(api!.log(), "another")
      }).pipe(Effect.scoped),
    300_000,
  )
})
