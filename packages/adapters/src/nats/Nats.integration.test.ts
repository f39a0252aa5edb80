/** What a bus on NATS has to bear beyond the port's contract: a server that goes and comes, slow workers, refusals. */
import { Bus, BusError, type Delivery, type Message, pushSubject } from "@concordat/engine/ports/Bus"
import { assert, describe, it } from "@effect/vitest"
import { jetstreamManager, RetentionPolicy } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parseAddress } from "./address.ts"
import { BUS_MESSAGES, SUBJECT_MESSAGES, WINDOW_MS } from "./limits.ts"
import { layer } from "./Nats.ts"
import { PUSH_STREAM } from "./streams.ts"
import { acquireOwn, freePort, missingOwn, type OwnServer } from "./testing/server.ts"

const wake = (connection: string, id: string = randomUUID()): Message => ({
  subject: pushSubject("3f", "acme", connection),
  id,
  body: `{"id":"${id}"}`,
})
const wakes = (connection: string, count: number) => Array.from({ length: count }, () => wake(connection))

/** A bus as another process would have it: a connection of its own. */
const open = (server: Pick<OwnServer, "url">) =>
  Effect.map(Layer.build(Layer.fresh(layer({ address: Redacted.make(server.url) }))), (context) =>
    Context.get(context, Bus),
  )
type Opened = Effect.Success<ReturnType<typeof open>>

const consume = Effect.fnUntraced(function* (bus: Opened, connection: string, ackWait = 2_000, maxInFlight = 100) {
  const queue = yield* Queue.unbounded<Delivery>()
  const subject = pushSubject("3f", "acme", connection)
  yield* bus.consume({ group: `push-acme-${connection}`, subjects: [subject], maxInFlight, ackWait }).pipe(
    Stream.runForEach((delivery) => Queue.offer(queue, delivery)),
    Effect.forkScoped,
  )
  return queue
})

/** Acknowledges whatever comes until each of the ids has come. */
const untilAll = Effect.fnUntraced(function* (queue: Queue.Dequeue<Delivery>, ids: ReadonlyArray<string>) {
  const open = new Set(ids)
  while (open.size > 0) {
    const delivery = yield* Queue.take(queue)
    yield* delivery.ack
    open.delete(delivery.id)
  }
})

const refusal = (address: string) =>
  Effect.flip(Effect.scoped(Layer.build(Layer.fresh(layer({ address: Redacted.make(address) })))))

const streamOf = (server: OwnServer) =>
  Effect.promise(async () => {
    const nc = await connect({ servers: server.url })
    const info = await (await jetstreamManager(nc)).streams.info(PUSH_STREAM)
    await nc.close()
    return info
  })

describe.skipIf(missingOwn !== null)(`NATS${missingOwn === null ? "" : ` (${missingOwn})`}`, () => {
  it.live("a server that is killed in mid-stream, twice: everything published is delivered", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const [publishing, consuming] = [yield* open(server), yield* open(server)]
      const queue = yield* consume(consuming, "crm")
      const sent: Array<Message> = []
      const killed = { isOver: false }
      const killing = Effect.promise(async () => {
        for (let n = 0; n < 2; n++) {
          await new Promise((resolve) => setTimeout(resolve, 150))
          await server.stop("SIGKILL")
          await new Promise((resolve) => setTimeout(resolve, 300))
          await server.start()
        }
        killed.isOver = true
      })
      const publish = Effect.gen(function* () {
        for (let n = 0; n < 40 || !killed.isOver; n++) {
          const some = wakes("crm", 100)
          yield* publishing.publish(some)
          sent.push(...some)
          yield* Effect.sleep("20 millis")
        }
      })
      const come = new Set<string>()
      yield* Queue.take(queue).pipe(
        Effect.flatMap(({ ack, id }) =>
          Effect.andThen(
            ack,
            Effect.sync(() => void come.add(id)),
          ),
        ),
        Effect.forever,
        Effect.forkScoped,
      )
      yield* Effect.all([killing, publish], { concurrency: "unbounded" })
      while (!sent.every(({ id }) => come.has(id))) yield* Effect.sleep("20 millis")
      // Answers that were on their way are lost too: those messages come once more.
      while ((yield* streamOf(server)).state.messages > 0) yield* Effect.sleep("100 millis")
    }),
  )

  it.live("a store that is gone is noticed by each process, and what is published afterwards arrives", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const buses = [yield* open(server), yield* open(server)]
      const said = yield* Queue.unbounded<number>()
      yield* Effect.forEach(buses, (bus, n) =>
        Effect.forkScoped(Stream.runForEach(bus.lost, () => Queue.offer(said, n))),
      )
      const queue = yield* consume(buses[1]!, "crm")
      const first = wake("crm")
      yield* buses[0]!.publish([first])
      yield* untilAll(queue, [first.id])
      yield* Effect.promise(() => server.stop("SIGKILL"))
      server.wipe()
      // Nobody is there: it waits.
      const second = wake("crm")
      const publishing = yield* Effect.forkChild(buses[0]!.publish([second]), { startImmediately: true })
      yield* Effect.promise(() => server.start())
      assert.sameMembers([yield* Queue.take(said), yield* Queue.take(said)], [0, 1])
      yield* untilAll(queue, [second.id])
      yield* Fiber.join(publishing)
    }),
  )

  it.live("a stream that somebody deletes while all are connected comes back, and is called lost", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const bus = yield* open(server)
      const said = yield* Queue.unbounded<void>()
      yield* Effect.forkScoped(Stream.runForEach(bus.lost, (one) => Queue.offer(said, one)))
      const queue = yield* consume(bus, "crm")
      const first = wake("crm")
      yield* bus.publish([first])
      yield* untilAll(queue, [first.id])
      yield* Effect.promise(async () => {
        const nc = await connect({ servers: server.url })
        await (await jetstreamManager(nc)).streams.delete(PUSH_STREAM)
        await nc.close()
      })
      yield* Queue.take(said)
      const second = wake("crm")
      yield* bus.publish([second])
      yield* untilAll(queue, [second.id])
    }),
  )

  it.live("a consumer that somebody deletes comes back, with what waits for it", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const bus = yield* open(server)
      const queue = yield* consume(bus, "crm")
      const first = wake("crm")
      yield* bus.publish([first])
      yield* untilAll(queue, [first.id])
      yield* Effect.promise(async () => {
        const nc = await connect({ servers: server.url })
        const { consumers } = await jetstreamManager(nc)
        for await (const { name } of consumers.list(PUSH_STREAM)) await consumers.delete(PUSH_STREAM, name)
        await nc.close()
      })
      const second = wake("crm")
      yield* bus.publish([second])
      yield* untilAll(queue, [second.id])
    }),
  )

  it.live("what a worker had when it died comes to the next one", () =>
    Effect.gen(function* () {
      const bus = yield* open(yield* acquireOwn())
      const sent = wakes("crm", 20)
      yield* bus.publish(sent)
      const taken = yield* Effect.scoped(
        Effect.gen(function* () {
          const queue = yield* consume(bus, "crm", 1_000, 10)
          return yield* Effect.forEach(sent.slice(0, 10), () => Queue.take(queue))
        }),
      )
      assert.strictEqual(taken.length, 10)
      yield* untilAll(
        yield* consume(bus, "crm", 1_000),
        sent.map(({ id }) => id),
      )
    }),
  )

  it.live("a slow worker is handed nothing that is no longer its own, and holds nobody up", () =>
    Effect.gen(function* () {
      const bus = yield* open(yield* acquireOwn())
      yield* bus.publish(wakes("slow", 4))
      const chunks: Array<ReadonlyArray<Delivery>> = []
      yield* bus
        .consume({ group: "slow", subjects: [pushSubject("3f", "acme", "slow")], maxInFlight: 4, ackWait: 500 })
        .pipe(
          Stream.runForEachArray((deliveries) => {
            chunks.push(deliveries)
            return Effect.sleep("1300 millis")
          }),
          Effect.forkScoped,
        )
      while (chunks.length === 0) yield* Effect.sleep("10 millis")
      const sent = wakes("quick", 500)
      yield* bus.publish(sent)
      yield* untilAll(
        yield* consume(bus, "quick"),
        sent.map(({ id }) => id),
      )
      // By the second time each has come two or three times: what had run out meanwhile is not handed on.
      while (chunks.length < 2 || !chunks.flat().some(({ attempt }) => attempt >= 2)) yield* Effect.sleep("100 millis")
      for (const some of chunks) assert.strictEqual(new Set(some.map(({ id }) => id)).size, some.length)
    }),
  )

  it.live("a connection that nobody serves fills neither the bus nor memory", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const bus = yield* open(server)
      yield* bus.publish(wakes("dead", SUBJECT_MESSAGES + 500))
      const live = wake("live")
      yield* bus.publish([live])
      yield* untilAll(yield* consume(bus, "live"), [live.id])
      // The answer to the last message is on its way: nobody waits for the server to have it.
      let { config, state } = yield* streamOf(server)
      while (state.messages > SUBJECT_MESSAGES) {
        yield* Effect.sleep("20 millis")
        ;({ config, state } = yield* streamOf(server))
      }
      assert.strictEqual(state.messages, SUBJECT_MESSAGES)
      assert.strictEqual(config.duplicate_window, WINDOW_MS * 1_000_000)
    }),
  )

  it.live("a stream with other limits is given ours, one of another kind is refused", () =>
    Effect.gen(function* () {
      const put = (server: OwnServer, retention: RetentionPolicy) =>
        Effect.promise(async () => {
          const nc = await connect({ servers: server.url })
          const { streams } = await jetstreamManager(nc)
          await streams.add({ name: PUSH_STREAM, subjects: ["concordat.push.*.*.*"], retention, max_msgs: 7 })
          await nc.close()
        })
      const server = yield* acquireOwn()
      yield* put(server, RetentionPolicy.Workqueue)
      yield* (yield* open(server)).publish(wakes("crm", 20))
      const { config, state } = yield* streamOf(server)
      assert.deepStrictEqual([config.max_msgs, state.messages], [BUS_MESSAGES, 20])
      const other = yield* acquireOwn()
      yield* put(other, RetentionPolicy.Limits)
      const error = yield* refusal(other.url)
      assert.strictEqual(error.reason, "invalid")
      assert.match(error.message, /CONCORDAT_PUSH is there and is no work queue/)
    }),
  )

  it.live("several subjects have a share each", () =>
    Effect.gen(function* () {
      const bus = yield* open(yield* acquireOwn())
      const queue = yield* Queue.unbounded<Delivery>()
      const subjects = ["a", "b"].map((name) => pushSubject("3f", "acme", name))
      yield* bus.consume({ group: "both", subjects, maxInFlight: 10, ackWait: 60_000 }).pipe(
        Stream.runForEach((delivery) => Queue.offer(queue, delivery)),
        Effect.forkScoped,
      )
      const sent = [...wakes("a", 20), ...wakes("b", 20)]
      yield* bus.publish(sent)
      while ((yield* Queue.size(queue)) < 10) yield* Effect.sleep("10 millis")
      // Time for one that must not come.
      yield* Effect.sleep("300 millis")
      assert.strictEqual(yield* Queue.size(queue), 10)
      yield* untilAll(
        queue,
        sent.map(({ id }) => id),
      )
    }),
  )

  it.live("what can't be done says so: subjects, sizes, shares", () =>
    Effect.gen(function* () {
      const bus = yield* open(yield* acquireOwn())
      const reasonOf = (effect: Effect.Effect<unknown, BusError>) => Effect.map(Effect.flip(effect), (e) => e.reason)
      for (const subject of ["concordat.push.3f.acme", "concordat.3f.acme.deal", "concordat.push.3f.a c.crm", "x"])
        assert.strictEqual(yield* reasonOf(bus.publish([{ ...wake("crm"), subject }])), "invalid")
      for (const id of ["", "a\r\nNats-Rollup: all", "ä"])
        assert.strictEqual(yield* reasonOf(bus.publish([{ ...wake("crm"), id }])), "invalid")
      const big = { ...wake("crm"), body: "x".repeat(1_100_000) }
      assert.strictEqual(yield* reasonOf(bus.publish([big])), "limit")
      const asked = (subjects: ReadonlyArray<string>, maxInFlight: number) =>
        reasonOf(Stream.runDrain(bus.consume({ group: "g", subjects, maxInFlight, ackWait: 1_000 })))
      assert.strictEqual(yield* asked(["concordat.push.3f.ac>"], 10), "invalid")
      assert.strictEqual(yield* asked([pushSubject("3f", "acme", "a"), pushSubject("3f", "acme", "b")], 1), "invalid")
      yield* bus.publish([wake("crm")])
    }),
  )

  it.live("wrong credentials are named and not shown, right ones are taken", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn(`authorization { user: "sync", password: "right-Secret1" }`)
      const at = (who: string) => `nats://${who}127.0.0.1:${server.port}`
      for (const who of ["sync:wrong-Secret2@", "wrong-Token3@", ""]) {
        const error = yield* refusal(at(who))
        assert.instanceOf(error, BusError)
        assert.strictEqual(error.reason, "unauthorised")
        assert.notMatch(`${error.message} ${error.stack} ${JSON.stringify(error)}`, /Secret|Token3/)
        assert.include(error.message, "credentials")
      }
      const unread = layer({ address: Redacted.make(server.url), credentialsFile: "/nowhere/sync.creds" })
      assert.include((yield* Effect.flip(Effect.scoped(Layer.build(unread)))).message, "/nowhere/sync.creds")
      const bus = yield* open({ url: at("sync:right-Secret1@") })
      yield* bus.publish([wake("crm")])
    }),
  )

  it.live("the permissions that docs/operations.md names are enough; one that is missing is named", () =>
    Effect.gen(function* () {
      const named = readFileSync(join(import.meta.dirname, "../../../../docs/operations.md"), "utf8")
      const permissions = /^permissions: \{[\s\S]*?^\}/m.exec(named)?.[0] ?? ""
      const user = (rights: string) => `authorization { users = [{ user: "sync", password: "s", ${rights} }] }`
      const server = yield* acquireOwn(user(permissions))
      const at = (port: number) => ({ url: `nats://sync:s@127.0.0.1:${port}` })
      const bus = yield* open(at(server.port))
      const sent = wake("crm")
      yield* bus.publish([sent])
      yield* untilAll(yield* consume(bus, "crm"), [sent.id])
      const less = yield* acquireOwn(user(permissions.replace('"$JS.API.STREAM.*.CONCORDAT_PUSH", ', "")))
      const error = yield* refusal(at(less.port).url)
      assert.strictEqual(error.reason, "unauthorised")
      assert.include(error.message, "$JS.API.STREAM.CREATE.CONCORDAT_PUSH")
    }),
  )

  it.live("nobody there, and no JetStream there, are said at once", () =>
    Effect.gen(function* () {
      const nobody = yield* refusal(`nats://127.0.0.1:${yield* Effect.promise(freePort)}`)
      assert.strictEqual(nobody.reason, "unavailable")
      const plain = yield* acquireOwn("", false)
      const error = yield* refusal(plain.url)
      assert.strictEqual(error.reason, "unavailable")
      assert.match(error.message, /jetstream/i)
    }),
  )
})

describe("an address of NATS", () => {
  const read = (text: string) => parseAddress(Redacted.make(text))

  it("has servers, credentials and TLS", () => {
    const one = read("nats://sync:p%40ss@a.example, nats://b.example:4333")
    assert.deepStrictEqual(one._tag === "Success" ? one.success : null, {
      servers: ["a.example:4222", "b.example:4333"],
      user: "sync",
      pass: "p@ss",
    })
    const two = read("tls://t0ken@c.example")
    assert.deepStrictEqual(two._tag === "Success" ? two.success : null, {
      servers: ["c.example:4222"],
      token: "t0ken",
      tls: {},
    })
  })

  it("is refused without its credentials", () => {
    for (const text of ["", "http://u:hidden@a", "nats://u:hidden@a,nats://u:hidden2@b", "nats://u:hidden@:x"]) {
      const result = read(text)
      assert.strictEqual(result._tag, "Failure", text)
      if (result._tag === "Failure")
        assert.notInclude(JSON.stringify(result.failure) + result.failure.message, "hidden")
    }
  })
})
