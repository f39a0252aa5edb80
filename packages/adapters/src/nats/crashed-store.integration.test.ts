/**
 * A server of NATS writes messages and what its consumers have acknowledged to files of their own, and forces neither to the
 * disk: after a crash one can be older than the other.
 */
import { Bus, type Delivery, type Message, pushSubject } from "@concordat/engine/ports/Bus"
import { assert, describe, it } from "@effect/vitest"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { cpSync, rmSync } from "node:fs"
import { join } from "node:path"
import { layer } from "./Nats.ts"
import { PUSH_STREAM } from "./streams.ts"
import { acquireOwn, missingOwn, type OwnServer } from "./testing/server.ts"

const subject = (connection: string) => pushSubject("3f", "acme", connection)
const wakes = (connection: string, from: number, count: number): ReadonlyArray<Message> =>
  Array.from({ length: count }, (_, n) => ({
    subject: subject(connection),
    id: `${connection}-${from + n}`,
    body: `{"n":${from + n}}`,
  }))

const open = (server: OwnServer) =>
  Effect.map(Layer.build(Layer.fresh(layer({ address: Redacted.make(server.url) }))), (context) =>
    Context.get(context, Bus),
  )

/** Each delivery is acknowledged. */
const consume = Effect.fnUntraced(function* (server: OwnServer, connection: string) {
  const bus = yield* open(server)
  const queue = yield* Queue.unbounded<Delivery>()
  yield* bus
    .consume({
      group: `push-acme-${connection}`,
      subjects: [subject(connection)],
      maxInFlight: 100,
      ackWait: 2_000,
    })
    .pipe(
      Stream.runForEach((delivery) => Effect.andThen(delivery.ack, Queue.offer(queue, delivery))),
      Effect.forkScoped,
    )
  return queue
})

const take = Effect.fnUntraced(function* (queue: Queue.Dequeue<Delivery>, count: number) {
  const ids = new Set<string>()
  while (ids.size < count) ids.add((yield* Queue.take(queue)).id)
  return ids
})

const state = (server: OwnServer) =>
  Effect.promise(async () => {
    const nc = await connect({ servers: server.url })
    const { state } = await (await jetstreamManager(nc)).streams.info(PUSH_STREAM)
    await nc.close()
    return state
  })

const until = Effect.fnUntraced(function* (server: OwnServer, messages: number) {
  let left = Number.NaN
  for (let tries = 0; left !== messages && tries < 1_000; tries++) {
    left = (yield* state(server)).messages
    yield* Effect.sleep("50 millis")
  }
  assert.strictEqual(left, messages)
})

/** The messages as they are now come back at `restore`, whatever happens to them meanwhile. */
const photograph = Effect.fnUntraced(function* (server: OwnServer) {
  const messages = join(server.store, "jetstream", "$G", "streams", PUSH_STREAM, "msgs")
  const kept = join(server.store, "..", "photograph")
  const whileStopped = (act: () => void) =>
    Effect.promise(async () => {
      await server.stop("SIGTERM")
      act()
      await server.start()
    })
  yield* whileStopped(() => cpSync(messages, kept, { recursive: true }))
  return {
    restore: whileStopped(() => {
      rmSync(messages, { recursive: true })
      cpSync(kept, messages, { recursive: true })
    }),
  }
})

describe.skipIf(missingOwn !== null)(`NATS after a crash${missingOwn === null ? "" : ` (${missingOwn})`}`, () => {
  it.live("[B1] what was acknowledged and stands there again is taken away, and nothing else", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const bus = yield* open(server)
      yield* bus.publish([...wakes("crm", 0, 100), ...wakes("other", 0, 10)])
      const photo = yield* photograph(server)
      const queue = yield* consume(server, "crm")
      yield* take(queue, 100)
      yield* until(server, 10)
      yield* photo.restore
      yield* until(server, 10)
      yield* bus.publish(wakes("crm", 100, 5))
      assert.deepStrictEqual(
        [...(yield* take(queue, 5))].toSorted(),
        wakes("crm", 100, 5)
          .map(({ id }) => id)
          .toSorted(),
      )
      assert.strictEqual((yield* take(yield* consume(server, "other"), 10)).size, 10)
    }),
  )

  it.live("[B1] what is published where lost messages stood is delivered, though those were acknowledged", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const bus = yield* open(server)
      const photo = yield* photograph(server)
      const queue = yield* consume(server, "crm")
      yield* bus.publish(wakes("crm", 0, 100))
      yield* take(queue, 100)
      yield* photo.restore
      yield* bus.publish(wakes("crm", 100, 50))
      assert.strictEqual((yield* take(queue, 50)).size, 50)
    }),
  )
})
