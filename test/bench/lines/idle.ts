/** Connections at which nothing happens: what each takes of the processor and of memory, for as long as it is there. */
import { givesBackAtRest, OF_THIS_PROCESS } from "@concordat/all-in-one/resting"
import type { ConnectionHandle } from "@concordat/engine/connection/ConnectionWorker"
import { definition as HUBSPOT } from "@concordat/providers/hubspot/definition"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { EMBEDDED, engine, ONE_PROCESS, timedIn, until, withStore } from "../engine.ts"
import { cost, type Context, type Line, type Row } from "../harness/line.ts"
import { rssOf } from "../harness/stopwatch.ts"
import { wholeMapping } from "../mapping.ts"
import { Population } from "../population.ts"
import { sourceOf } from "../source.ts"

const OF_A_TENANT = 2
const POLL_EVERY_S = 600
/** After its opening each looks for a minute what its reconciler has made of it: that is measured too, and is not what lasts. */
const REST_S = { quick: 2, full: 60 }
/** A poll's calls are counted before its cursor is kept. */
const KEPT_S = { quick: 1, full: 5 }
const STARTED_AT_ONCE = 16
const OBJECTS = Object.keys(HUBSPOT.objects)

const idleSource = () => sourceOf(new Population(0), { objects: OBJECTS, pollEveryMs: POLL_EVERY_S * 1_000 })

const settled = (handles: ReadonlyArray<ConnectionHandle>) =>
  Effect.map(
    Effect.forEach(handles, ({ idle }) => idle, { concurrency: STARTED_AT_ONCE }),
    (all) => all.every((isIdle) => isIdle),
  )

/** Calls that the connections have made so far. */
const calls = (handles: ReadonlyArray<ConnectionHandle>) =>
  Effect.map(
    Effect.forEach(handles, ({ stats }) => stats),
    (all) => all.reduce((sum, { calls }) => sum + calls, 0),
  )

const rest = (seconds: number) => Effect.sleep(seconds * 1_000)

/** Cores that the process takes while nothing is asked of it. Not timed like other work: the looks of that are half of the target. */
const coresAtRest = Effect.fnUntraced(function* (seconds: number) {
  const [before, from] = [process.cpuUsage(), performance.now()]
  yield* rest(seconds)
  const { system, user } = process.cpuUsage(before)
  return (system + user) / 1_000 / (performance.now() - from)
})

const measured = (context: Context, count: number) =>
  Effect.gen(function* () {
    const mapping = wholeMapping()
    const names = Array.from({ length: count }, (_, n) => `tenant${Math.floor(n / OF_A_TENANT)} c${n % OF_A_TENANT}`)
    const placed = names.map((name) => name.split(" ") as [string, string])
    const { work } = yield* engine.started
    // As a process does that is Concordat.
    yield* Effect.forkScoped(givesBackAtRest(OF_THIS_PROCESS))
    yield* rest(1)
    // What its start has left is not theirs.
    OF_THIS_PROCESS.compact()
    const alone = rssOf(process.pid)
    const handles = yield* Effect.forEach(
      placed,
      Effect.fnUntraced(function* ([tenant, name]) {
        yield* engine.openConnection(name, idleSource(), tenant, mapping)
        const { handle } = yield* work(name, idleSource(), tenant)
        return handle
      }),
      { concurrency: STARTED_AT_ONCE },
    )
    context.say(`${count} connections are open`)
    yield* until(settled(handles), "the first sync of all")
    const seconds = REST_S[context.scale]
    const opened = yield* coresAtRest(seconds)
    const from = yield* calls(handles)
    const resting = yield* coresAtRest(seconds)
    const rss = rssOf(process.pid)
    const heap = process.memoryUsage().heapUsed
    const before = yield* calls(handles)
    const polls = yield* timedIn(
      context,
      Effect.gen(function* () {
        yield* Effect.forEach(handles, ({ wake }) => wake, { discard: true })
        yield* until(
          Effect.map(calls(handles), (now) => now - before >= count * OBJECTS.length),
          "a poll of all",
        )
        // What they keep of it comes after their calls.
        yield* rest(KEPT_S[context.scale])
      }),
    )
    return { alone, rss, heap, opened, polled: before - from, resting, polls }
  })

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const count = context.people(100, 1_000)
  const { alone, heap, opened, polled, polls, resting, rss } = await withStore(
    join(context.dir, "store.db"),
    measured(context, count),
  )
  // Those that came while it rested are in what that took.
  const owed = Math.max(0, 1 - (polled * POLL_EVERY_S) / REST_S[context.scale] / (count * OBJECTS.length))
  const share = (resting + (owed * polls.processCpu) / POLL_EVERY_S) * 100
  const about: Row["about"] = {
    journal: EMBEDDED,
    ran: ONE_PROCESS,
    detail: {
      connections: count,
      "types each": OBJECTS.length,
      "in the first minute, % of a core": opened * 100,
      "at rest, % of a core": resting * 100,
      "polls while at rest": polled,
      "a poll of all, ms of CPU": polls.processCpu * 1_000,
      "rested for, s": REST_S[context.scale],
      "heap in use, MB": heap / 1e6,
      ...cost(polls, count * OBJECTS.length),
    },
  }
  const shared = { better: "less" as const, durable: false, about }
  return [
    {
      name: "idle",
      what: `connections with ${OBJECTS.length} types, polled every ten minutes, and nothing new: all threads, of one core`,
      value: share,
      unit: "% CPU",
      target: 2,
      beside: null,
      ...shared,
    },
    {
      name: "idle, memory",
      what: "resident memory that the connections have added to the process",
      value: rss - alone,
      unit: "MB",
      target: 100,
      beside: { name: "the process without a connection", value: alone },
      ...shared,
    },
  ]
}

export const idle: Line = {
  name: "idle",
  what: "1,000 connections at which nothing happens: processor and memory",
  quick: false,
  measure,
}
