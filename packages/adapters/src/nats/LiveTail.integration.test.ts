/** Canonical events over NATS: what is on the wire, and that a follower gets each once whatever happens to the server. */
import { announce } from "@concordat/engine/flows/Announcer"
import { follow } from "@concordat/engine/flows/follow"
import { FOLLOW_LOOK_MS } from "@concordat/engine/limits"
import { Journal, type NewEvent } from "@concordat/engine/ports/Journal"
import { type Heard, LiveTail } from "@concordat/engine/ports/LiveTail"
import * as streams from "@concordat/model/streams"
import { assert, describe, it } from "@effect/vitest"
import { connect, type Msg } from "@nats-io/transport-node"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { layer as sqlite } from "../sqlite/Sqlite.ts"
import { TAIL_WAITING } from "./limits.ts"
import { layer } from "./Nats.ts"
import { acquireOwn, missingOwn, type OwnServer } from "./testing/server.ts"

const store = sqlite({ path: ":memory:", inPlace: true })

const tailOf = (server: OwnServer) =>
  Effect.map(Layer.build(Layer.fresh(layer({ address: Redacted.make(server.url) }))), (context) =>
    Context.get(context, LiveTail),
  )

const append = Effect.fnUntraced(function* (
  tenant: string,
  type: string,
  count = 1,
  data = `{"email":"ada@x.example"}`,
) {
  const journal = yield* Journal
  const events = Array.from({ length: count }, (): NewEvent => ({
    id: randomUUID(),
    type: "ContactChanged",
    data,
    metadata: { at: "2026-11-20T12:00:00Z" },
  }))
  yield* journal.append({ stream: streams.entity(type, tenant, randomUUID()), expected: -1, events })
  return events.map(({ id }) => id)
})

/** Announces and follows over connections of their own, as two processes would. */
const started = Effect.fnUntraced(function* (server: OwnServer) {
  yield* Effect.forkScoped(Effect.provideService(announce, LiveTail, yield* tailOf(server)))
  const ids: Array<string> = []
  yield* follow({ tenant: "acme", after: null }).pipe(
    Stream.runForEach((item) =>
      Effect.sync(() => {
        if (item._tag === "Event") ids.push(item.event.id)
      }),
    ),
    Effect.provideService(LiveTail, yield* tailOf(server)),
    Effect.forkScoped,
  )
  yield* Effect.sleep("200 millis")
  return ids
})

const until = Effect.fnUntraced(function* (isSo: () => boolean, withinMs: number) {
  const from = performance.now()
  while (!isSo() && performance.now() - from < withinMs) yield* Effect.sleep("10 millis")
  return performance.now() - from
})

describe.skipIf(missingOwn !== null)(`the live tail on NATS${missingOwn === null ? "" : ` (${missingOwn})`}`, () => {
  it.live("subjects end at the type, the id is in a header, and neither says anything of a person", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const messages: Array<Msg> = []
      const nc = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: server.url })),
        (nc) => Effect.promise(() => nc.close()),
      )
      nc.subscribe("concordat.*.*.*", { callback: (_, message) => void messages.push(message) })
      yield* Effect.promise(() => nc.flush())
      const ids = yield* started(server)
      const [one] = yield* append("acme", "contact")
      yield* until(() => messages.length === 1 && ids.length === 1, 2_000)
      const message = messages[0]!
      assert.strictEqual(message.subject, `concordat.${streams.partitionOf("acme")}.acme.contact`)
      assert.strictEqual(message.headers?.get("Nats-Msg-Id"), one)
      assert.notInclude(JSON.stringify([...message.headers!]), "ada")
      assert.include(message.string(), "ada@x.example")
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.live("each event once and in order, though the server is killed, and loses everything, in between", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const sent = yield* append("acme", "contact", 20)
      const ids = yield* started(server)
      const writing = Effect.gen(function* () {
        for (let n = 0; n < 150; n++) {
          sent.push(...(yield* append("acme", ["contact", "deal"][n % 2]!, 1 + (n % 3))))
          yield* append("other", "contact")
          yield* Effect.sleep("15 millis")
        }
      })
      const killing = Effect.promise(async () => {
        for (let n = 0; n < 2; n++) {
          await new Promise((resolve) => setTimeout(resolve, 400))
          await server.stop("SIGKILL")
          if (n === 1) server.wipe()
          await new Promise((resolve) => setTimeout(resolve, 300))
          await server.start()
        }
      })
      yield* Effect.all([writing, killing], { concurrency: "unbounded" })
      yield* until(() => ids.length >= sent.length, 8_000)
      assert.deepStrictEqual(ids, sent)
      const [last] = yield* append("acme", "deal")
      // Sooner than the next look at the journal.
      assert.isBelow(yield* until(() => ids.at(-1) === last, FOLLOW_LOOK_MS), FOLLOW_LOOK_MS * 0.8)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.live("an event too large for a message is fetched, and goes on from there", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn(`max_payload: 65536`)
      const ids = yield* started(server)
      const sent = yield* append("acme", "contact")
      sent.push(...(yield* append("acme", "contact", 1, JSON.stringify({ note: "x".repeat(70_000) }))))
      sent.push(...(yield* append("acme", "contact")))
      assert.isBelow(yield* until(() => ids.length === 3, FOLLOW_LOOK_MS), FOLLOW_LOOK_MS * 0.8)
      assert.deepStrictEqual(ids, sent)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.live("a slow listener is kept a bounded number of events for, and told that it missed some", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const [speaking, hearing] = [yield* tailOf(server), yield* tailOf(server)]
      const heard: Array<ReadonlyArray<Heard>> = []
      yield* hearing.listen("acme").pipe(
        Stream.runForEachArray((some) => {
          heard.push(some)
          return Effect.sleep("800 millis")
        }),
        Effect.forkScoped,
      )
      yield* Effect.sleep("200 millis")
      yield* append("acme", "contact", TAIL_WAITING * 2 + 10)
      const { events } = yield* (yield* Journal).readAll({ after: null, prefixes: [], limit: 10_000 })
      yield* speaking.announce(events.map((event) => ({ _tag: "Announced", event, after: null })))
      yield* until(() => heard.length >= 2, 3_000)
      assert.deepStrictEqual(heard[0], [{ _tag: "Missed" }])
      assert.strictEqual(heard[1]![0]!._tag, "Missed")
      assert.isAtMost(heard[1]!.length, TAIL_WAITING + 1)
    }).pipe(Effect.provide(store, { local: true })),
  )
})
