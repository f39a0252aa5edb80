/** A first sync of many tenants in the production layout, decided by one owner of all shares and by two that divide them. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { Journal } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { join } from "node:path"
import { cost, type Context, type Line, type Row } from "../harness/line.ts"
import { Population } from "../population.ts"
import {
  acquireServers,
  missingServers,
  type Servers,
  splitStores,
  STATE_AND_BUS,
  synced,
  type Synced,
} from "../production.ts"
import { rawBus, rawJournal, rawState } from "../raw-stores.ts"
import { PAGE } from "../source.ts"

const RAN =
  "one process for connectors and reconcilers, SQLite on a thread of it, PostgreSQL and NATS in their own; not pinned to cores"

const measured = (context: Context, servers: Servers, owners: number, size: number, withRaw: boolean) =>
  Effect.gen(function* () {
    const path = join(context.dir, `journal-${owners}.db`)
    const journal = Layer.effect(Journal, Journal).pipe(Layer.provide(sqlite({ path })))
    const { database, layer } = yield* splitStores(servers, journal)
    return yield* Effect.gen(function* () {
      const found: Synced = yield* synced(context, owners === 1 ? "one" : "two", owners, size)
      const raw = withRaw
        ? {
            journal: yield* rawJournal(join(context.dir, "raw.db")),
            state: yield* rawState(database),
            bus: yield* Effect.promise(() => rawBus(servers.bus, found.records)),
          }
        : null
      return { ...found, raw }
    }).pipe(Effect.provide(layer))
  }).pipe(Effect.scoped)

const cpuMs = ({ records, taken }: Synced): number => (taken.processCpu * 1_000) / records

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const size = context.people(3_200, 32_000)
  const [one, two] = await Effect.runPromise(
    Effect.gen(function* () {
      const servers = yield* acquireServers
      const one = yield* measured(context, servers, 1, size, true)
      context.say("one reconciler is measured")
      return [one, yield* measured(context, servers, 2, size, false)] as const
    }).pipe(Effect.scoped),
  )
  const raw = one.raw!
  const common = {
    durable: true,
    about: {
      recordBytes: new Population(100).recordBytes,
      eventsPerRecord: 2,
      journal: `SQLite, WAL, synchronous=FULL; ${STATE_AND_BUS}`,
      ran: RAN,
    },
  }
  const detail = (of: Synced) => ({ records: of.records, tenants: of.tenants, ...cost(of.taken, of.records) })
  return [
    {
      name: "production",
      what: `first sync in pages of ${PAGE}, one reconciler of all shares, canonical events and wake-ups for one other connection durable`,
      value: one.records / one.taken.seconds,
      unit: "records/s",
      better: "more",
      target: 4_000,
      beside: {
        name: "the drivers alone, the same events, documents and wake-ups, one store after the other",
        value: one.records / (raw.journal + raw.state + raw.bus),
      },
      ...common,
      about: {
        ...common.about,
        detail: {
          ...detail(one),
          "raw SQLite, records/s": one.records / raw.journal,
          "raw PostgreSQL, records/s": one.records / raw.state,
          "raw NATS, records/s": one.records / raw.bus,
        },
      },
    },
    {
      name: "production, two",
      what: "CPU of the process for a record with two reconcilers that divide the shares; target: 1.15 of that with one",
      value: cpuMs(two),
      unit: "ms/record",
      better: "less",
      target: 1.15 * cpuMs(one),
      beside: { name: "with one reconciler", value: cpuMs(one) },
      ...common,
      about: {
        ...common.about,
        detail: { ...detail(two), "records/s per reconciler": two.records / two.taken.seconds / 2 },
      },
    },
  ]
}

export const production: Line = {
  name: "production",
  what: "first sync over PostgreSQL and NATS, with one reconciler and with two",
  quick: false,
  missing: missingServers,
  measure,
}
