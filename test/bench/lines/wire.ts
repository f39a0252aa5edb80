/** The production layout whole, its journal over the wire: the project's own server of the protocol, in a process of its own. */
import { layer as kurrentdb } from "@concordat/adapters/kurrentdb/KurrentDb"
import { type Running, start, stop } from "@concordat/cli/demo/processes"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { cost, type Context, type Line, type Row } from "../harness/line.ts"
import { cpuOf } from "../harness/stopwatch.ts"
import { Population } from "../population.ts"
import { acquireServers, missingServers, splitStores, STATE_AND_BUS, synced } from "../production.ts"
import { appendAll, batchesOf } from "../same-events.ts"
import { PAGE } from "../source.ts"

const SERVER = join(import.meta.dirname, "..", "..", "kurrent-server", "main.ts")

/** The first line that it prints. */
const connectionStringOf = async ({ child }: Running): Promise<string> => {
  for await (const line of createInterface({ input: child.stdout! })) return line
  throw new Error("the journal's server ended before it said where it listens")
}

const acquireJournal = (dir: string, name: string) =>
  Effect.gen(function* () {
    const args = ["--port", "0", "--path", join(dir, `${name}.sqlite`)]
    const server = yield* Effect.acquireRelease(
      Effect.sync((): Running => start(SERVER, args, { log: join(dir, `${name}.log`) })),
      (server) => Effect.promise(() => stop(server)),
    )
    const url = yield* Effect.promise(() => connectionStringOf(server))
    return { layer: kurrentdb({ connectionString: Redacted.make(url) }), cpu: () => cpuOf(server.child.pid!) }
  })

const cpuOfProcess = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1e6
}

const measured = (context: Context, size: number) =>
  Effect.gen(function* () {
    const servers = yield* acquireServers
    const journal = yield* acquireJournal(context.dir, "journal")
    const { layer } = yield* splitStores(servers, journal.layer)
    const found = yield* Effect.gen(function* () {
      const before = journal.cpu()
      const all = yield* synced(context, "wire", 1, size)
      return { all, serverCpu: journal.cpu() - before, ...(yield* batchesOf) }
    }).pipe(Effect.provide(layer))
    const again = yield* acquireJournal(context.dir, "again")
    const alone = yield* Effect.gen(function* () {
      const [server, client] = [again.cpu(), cpuOfProcess()]
      const seconds = yield* appendAll(found.batches)
      return { seconds, server: again.cpu() - server, client: cpuOfProcess() - client }
    }).pipe(Effect.provide(again.layer))
    return { ...found, alone }
  }).pipe(Effect.scoped)

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const { all, alone, count, serverCpu } = await Effect.runPromise(measured(context, context.people(1_600, 16_000)))
  const { records, taken, tenants } = all
  const perRecord = 2
  const ms = (seconds: number, of: number): number => (seconds * 1_000) / of
  return [
    {
      name: "wire",
      what: `first sync in pages of ${PAGE} with the journal over the wire, one reconciler; the server is the tests' own and no database`,
      value: records / taken.seconds,
      unit: "records/s",
      better: "more",
      target: null,
      beside: {
        name: "the wire alone: the same events appended, 500 streams at once",
        value: count / perRecord / alone.seconds,
      },
      durable: true,
      about: {
        recordBytes: new Population(100).recordBytes,
        eventsPerRecord: perRecord,
        journal: `the tests' server of KurrentDB's protocol, on SQLite; ${STATE_AND_BUS}`,
        ran: "connectors and reconcilers in one process, the journal's server, PostgreSQL and NATS in their own; not pinned to cores",
        detail: {
          records,
          tenants,
          "the journal's server, ms of CPU a record": ms(serverCpu, records),
          "engine, ms of CPU a record": ms(taken.processCpu, records),
          "of the wire alone, the client, ms a record": ms(alone.client, count / perRecord),
          "of the wire alone, the server, ms a record": ms(alone.server, count / perRecord),
          ...cost(taken, records),
        },
      },
    },
  ]
}

export const wire: Line = {
  name: "wire",
  what: "first sync over a journal of KurrentDB's protocol, PostgreSQL and NATS",
  quick: false,
  missing: missingServers,
  measure,
}
