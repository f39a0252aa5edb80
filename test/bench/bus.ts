/**
 * How fast the bus on NATS publishes and delivers, beside the raw driver in the same run, in turn, and an fsync probe.
 * `node test/bench/bus.ts [messages]`: a table, then one line of JSON. A server of its own, with one node, on this
 * machine's disk. Figures, no verdict.
 *
 * What was durable: a message is in the server's file and not yet forced to the disk when it is acknowledged, ours and
 * raw alike; JetStream forces it every two minutes. It survives the end of the server, not that of the machine. The bus
 * may be lost whole; the probe shows what waiting for the disk would cost.
 */
import { layer } from "@concordat/adapters/nats/Nats"
import { missingOwn, ownServer, version } from "@concordat/adapters/nats/testing/server"
import { Bus, type Message, pushSubject } from "@concordat/engine/ports/Bus"
import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream"
import { connect, nanos, type NatsConnection } from "@nats-io/transport-node"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const MESSAGES = Number(process.argv[2] ?? 20_000)
const ROUNDS = 3
/** Wake-ups of one commit of the reconciler. */
const BATCH = 500
/** One after the other; a tenth of the messages is enough of them. */
const SINGLE = Math.ceil(MESSAGES / 10)
const IN_FLIGHT = 256
const CONNECTIONS = 20

/** As the reconciler makes them. */
const messages = (count: number, prefix: string): ReadonlyArray<Message> =>
  Array.from({ length: count }, (_, n) => {
    const entity = `contact:${randomUUID()}`
    const connection = `${prefix}${n % CONNECTIONS}`
    return {
      subject: pushSubject("3f", "bench", connection),
      id: `bench|${connection}|${entity}|1`,
      body: JSON.stringify({ entity, seq: 1 }),
    }
  })

const perSecond = (count: number, from: number): number => Math.round((count / (performance.now() - from)) * 1_000)
const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** What the disk allows: 4 KiB written and made durable, one after the other. */
const fsyncProbe = () => {
  const folder = mkdtempSync(join(tmpdir(), "concordat-bench-"))
  const file = openSync(join(folder, "probe"), "w")
  const page = Buffer.alloc(4_096, 1)
  const times: Array<number> = []
  for (let n = 0; n < 1_000; n++) {
    const from = performance.now()
    writeSync(file, page, 0, page.length, n * page.length)
    fdatasyncSync(file)
    times.push(performance.now() - from)
  }
  closeSync(file)
  rmSync(folder, { recursive: true })
  return { perSecond: Math.round(1_000 / (times.reduce((a, b) => a + b) / times.length)), p50: median(times) }
}

/** The driver as its documentation uses it, on a stream of the same settings. */
const RAW = "RAW"
const rawStream = async (nc: NatsConnection) => {
  const jsm = await jetstreamManager(nc)
  await jsm.streams.add({
    name: RAW,
    subjects: ["raw.>"],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    duplicate_window: nanos(120_000),
  })
  return { jsm, js: jetstream(nc) }
}
type Raw = Awaited<ReturnType<typeof rawStream>>

const rawPublish = async ({ js }: Raw, all: ReadonlyArray<Message>, batch: number): Promise<number> => {
  const from = performance.now()
  for (let at = 0; at < all.length; at += batch)
    await Promise.all(
      all.slice(at, at + batch).map(({ body, id, subject }) => js.publish(`raw.${subject}`, body, { msgID: id })),
    )
  return perSecond(all.length, from)
}

/** One consumer for each connection, as ours has them. */
const rawConsume = async ({ js, jsm }: Raw, count: number, prefix: string): Promise<number> => {
  const names = Array.from({ length: CONNECTIONS }, (_, n) => `${prefix}${n}`)
  const from = performance.now()
  for (const name of names)
    await jsm.consumers.add(RAW, {
      durable_name: name,
      filter_subject: `raw.${pushSubject("3f", "bench", name)}`,
      ack_policy: AckPolicy.Explicit,
    })
  let left = count
  let read = 0
  await Promise.all(
    names.map(async (name) => {
      const consumer = await js.consumers.get(RAW, name)
      const taken = await consumer.consume({ max_messages: IN_FLIGHT })
      for await (const message of taken) {
        read += message.string().length + (message.headers?.get("Nats-Msg-Id").length ?? 0)
        message.ack()
        left -= 1
        if (message.info.pending === 0) break
      }
    }),
  )
  if (left !== 0 || read === 0) throw new Error(`${left} messages of the raw driver did not come`)
  return perSecond(count, from)
}

const busPublish = Effect.fnUntraced(function* (all: ReadonlyArray<Message>, batch: number) {
  const bus = yield* Bus
  const from = performance.now()
  for (let at = 0; at < all.length; at += batch) yield* bus.publish(all.slice(at, at + batch))
  return perSecond(all.length, from)
})

const busConsume = Effect.fnUntraced(function* (count: number, prefix: string) {
  const bus = yield* Bus
  const from = performance.now()
  yield* Effect.forEach(
    Array.from({ length: CONNECTIONS }, (_, n) => `${prefix}${n}`),
    (name) =>
      bus
        .consume({
          group: `push-bench-${name}`,
          subjects: [pushSubject("3f", "bench", name)],
          maxInFlight: IN_FLIGHT,
          ackWait: "30 seconds",
        })
        .pipe(
          Stream.take(count / CONNECTIONS),
          // What came together is answered together, as a worker does it.
          Stream.runForEachArray((some) => Effect.forEach(some, ({ ack }) => ack, { discard: true })),
        ),
    { concurrency: "unbounded", discard: true },
  )
  return perSecond(count, from)
})

if (missingOwn !== null) throw new Error(`the benchmark needs a server of its own: ${missingOwn}`)
const server = await ownServer()
try {
  const probe = fsyncProbe()
  const nc = await connect({ servers: server.url })
  const raw = await rawStream(nc)
  const seen = new Map<string, { ours: Array<number>; raw: Array<number> }>()
  const note = (what: string, side: "ours" | "raw", value: number): void => {
    const row = seen.get(what) ?? { ours: [], raw: [] }
    row[side].push(value)
    seen.set(what, row)
  }
  const consumers = `consume and ack, ${CONNECTIONS} connections`
  const round = Effect.fnUntraced(function* (n: number) {
    const ours = Effect.gen(function* () {
      note("publish 1", "ours", yield* busPublish(messages(SINGLE, `s${n}_`), 1))
      note(`publish ${BATCH}`, "ours", yield* busPublish(messages(MESSAGES, `o${n}_`), BATCH))
      note(consumers, "ours", yield* busConsume(MESSAGES, `o${n}_`))
    })
    const theirs = Effect.promise(async () => {
      note("publish 1", "raw", await rawPublish(raw, messages(SINGLE, `t${n}_`), 1))
      note(`publish ${BATCH}`, "raw", await rawPublish(raw, messages(MESSAGES, `r${n}_`), BATCH))
      note(consumers, "raw", await rawConsume(raw, MESSAGES, `r${n}_`))
    })
    // Who goes first changes, as the machine does.
    yield* n % 2 === 0 ? Effect.andThen(ours, theirs) : Effect.andThen(theirs, ours)
  })
  await Effect.runPromise(
    Effect.forEach([...Array(ROUNDS).keys()], round, { discard: true }).pipe(
      Effect.provide(layer({ address: Redacted.make(server.url) })),
    ),
  )
  await nc.close()
  const rows = [...seen].map(([what, { ours, raw }]) => ({ what, ours: median(ours), raw: median(raw) }))
  console.table(
    Object.fromEntries(rows.map(({ ours, raw, what }) => [what, { "port, messages/s": ours, "raw driver": raw }])),
  )
  const durable = "in the server's file, forced to the disk every two minutes"
  console.log(`${version()}, one node; median of ${ROUNDS} rounds; acknowledged means ${durable}`)
  console.log(`fsync of 4 KiB: ${probe.perSecond}/s, p50 ${probe.p50.toFixed(3)} ms`)
  const node = process.version
  console.log(
    JSON.stringify({ bench: "bus", server: version(), node, messages: MESSAGES, rounds: ROUNDS, durable, probe, rows }),
  )
} finally {
  await server.stop()
  server.remove()
}
