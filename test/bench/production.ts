/** The stores of the production layout for an engine in this process: PostgreSQL and NATS as they are, the journal as it is given. */
import {
  acquireOwn as acquireNats,
  givenUrl as givenNats,
  missingOwn as noNats,
} from "@concordat/adapters/nats/testing/server"
import { layer as nats } from "@concordat/adapters/nats/Nats"
import { layer as postgres } from "@concordat/adapters/postgres/Postgres"
import {
  acquireDatabase,
  acquireOwn as acquirePostgres,
  givenUrl as givenPostgres,
  missingOwn as noPostgres,
} from "@concordat/adapters/postgres/testing/server"
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { layerSplitCommit } from "@concordat/engine/flows/split-commit"
import { own } from "@concordat/engine/ownership/owning"
import { ShareDigits, sharesOf } from "@concordat/engine/ownership/shares"
import type { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import { partitionOf } from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { engine, timedIn, until } from "./engine.ts"
import type { Context, Timed } from "./harness/line.ts"
import { PERSONS } from "./mapping.ts"
import { idOf, Population } from "./population.ts"
import { sourceOf } from "./source.ts"

export const STATE_AND_BUS =
  "state in PostgreSQL, with fsync where it is started here; bus in NATS JetStream, in its file"

/** Why there are no servers; null: there are. */
export const missingServers = (): string | null =>
  givenPostgres === null && noPostgres !== null ? noPostgres : givenNats === null ? noNats : null

/** A server of each for as long as the scope, where none is given. */
export const acquireServers = Effect.gen(function* () {
  const bus = givenNats ?? (yield* acquireNats()).url
  const server = givenPostgres ?? (yield* acquirePostgres({ fsync: "on" })).url
  return { bus, server }
})
export type Servers = Effect.Success<typeof acquireServers>

const SHARE_DIGITS = 1
export const SHARES = sharesOf(SHARE_DIGITS)

/** One tenant in each share, so that every owner of some has as much to do. `prefix`: letters. */
export const tenantsOf = (prefix: string): ReadonlyArray<string> =>
  SHARES.map((share) => {
    for (let n = 0; ; n++) if (partitionOf(`${prefix}${n}`).startsWith(share)) return `${prefix}${n}`
  })

/** A fresh database beside the journal; the bus is the server's, on which runs have tenants of their own. */
export const splitStores = Effect.fnUntraced(function* <E>({ bus, server }: Servers, journal: Layer.Layer<Journal, E>) {
  const database = yield* acquireDatabase(server)
  const layer = layerSplitCommit.pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        journal,
        postgres({ url: Redacted.make(database), applicationName: "bench" }),
        nats({ address: Redacted.make(bus), name: "bench", replicas: 1 }),
        Layer.succeed(ShareDigits, SHARE_DIGITS),
      ),
    ),
  )
  return { database, layer }
})

/** Owners that divide the shares among themselves as processes do. Done when they have all of them, each as many. */
export const reconcilers = Effect.fnUntraced(function* (count: number) {
  const held = Array.from({ length: count }, () => 0)
  for (let n = 0; n < count; n++) {
    const compilers = makeCompilers()
    yield* Effect.forkScoped(
      own({
        group: "reconciler",
        owner: `bench ${n}`,
        names: SHARES,
        report: (names) => {
          held[n] = names.length
        },
        work: (share, { lease }) =>
          Effect.flatMap(makeReconciler(compilers, { share, lease }), ({ run }) => run).pipe(
            Effect.scoped,
            Effect.orDie,
          ),
      }),
    )
  }
  const isDivided = () => held.every((names) => names === SHARES.length / count)
  while (!isDivided()) yield* Effect.sleep(100)
})

/**
 * A first sync of a tenant in each share, by workers of this process, until the last record of each is decided, and with it
 * canonical events and wake-ups for one other connection are durable. `run`: letters, of which tenants are named.
 */
export const synced = (context: Context, run: string, owners: number, size: number) =>
  Effect.gen(function* () {
    const tenants = tenantsOf(`${run}x`)
    const each = Math.ceil(size / tenants.length)
    const [state, compilers] = [yield* State, makeCompilers()]
    const crm = sourceOf(new Population(each))
    for (const tenant of tenants) {
      yield* engine.openConnection("app", sourceOf(new Population(0), { isApp: true }), tenant)
      yield* engine.nothingToRead("app", tenant)
      yield* engine.openConnection("crm", crm, tenant)
    }
    yield* reconcilers(owners)
    const key = `crm|${PERSONS}:${idOf(each - 1)}`
    const areDecided = Effect.map(state.getMany(tenants.map((tenant) => ({ tenant, kind: "record", key }))), (texts) =>
      texts.every((text) => text !== null),
    )
    const taken = yield* timedIn(
      context,
      Effect.gen(function* () {
        for (const tenant of tenants) {
          const { connector, definition } = crm
          const handle = yield* makeConnection({ tenant, connection: "crm", definition, connector, compilers })
          yield* Effect.forkScoped(handle.run)
        }
        yield* until(areDecided, "the first sync of all tenants")
      }),
    )
    for (const tenant of tenants) {
      const due = yield* state.count({ tenant, kind: "due", prefix: "app|" })
      if (due !== each) throw new Error(`${due} of ${each} records are due at ${tenant}`)
    }
    return { taken, records: each * tenants.length, tenants: tenants.length }
  }).pipe(Effect.scoped)

export interface Synced {
  readonly taken: Timed<unknown>
  readonly records: number
  readonly tenants: number
}
