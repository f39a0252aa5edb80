/** Canonical events over NATS: what is on the wire, and that a follower gets each once whatever happens to the server. */
import { announce } from "@concordat/engine/flows/Announcer"
import { follow } from "@concordat/engine/flows/follow"
import { FOLLOW_LOOK_MS } from "@concordat/engine/limits"
import { Journal, type NewEvent } from "@concordat/engine/ports/Journal"
import { type Heard, LiveTail } from "@concordat/engine/ports/LiveTail"
import * as streams from "@concordat/model/streams"
import { assert, describe, it } from "@effect/vitest"
import { connect, headers, type Msg } from "@nats-io/transport-node"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { countingReads, until, untilTold } from "../canonical/testing/product.ts"
import { layer as sqlite } from "../sqlite/Sqlite.ts"
import { TAIL_WAITING } from "./limits.ts"
import { layer } from "./Nats.ts"
import { acquireOwn, missingOwn, type OwnServer } from "./testing/server.ts"
import { withoutLooks } from "./testing/without-looks.ts"

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

/** Announces and follows over connections of their own, as two processes would. Returns once both are at work. */
const started = Effect.fnUntraced(function* (server: OwnServer, isLooking = true) {
  const speaking = yield* tailOf(server)
  const isSpeaking = yield* Deferred.make<void>()
  const announceMissed = Effect.tap(speaking.announceMissed, () => Deferred.succeed(isSpeaking, undefined))
  yield* Effect.forkScoped(Effect.provideService(announce, LiveTail, LiveTail.of({ ...speaking, announceMissed })))
  const { journal, reads } = yield* countingReads
  const ids: Array<string> = []
  const isCaughtUp = yield* Deferred.make<void>()
  const follower = follow({ tenant: "acme", after: null }).pipe(
    Stream.runForEach((item) => {
      if (item._tag === "Event") ids.push(item.event.id)
      return item._tag === "CaughtUp" ? Deferred.succeed(isCaughtUp, undefined) : Effect.void
    }),
    Effect.provideService(LiveTail, yield* tailOf(server)),
    Effect.provideService(Journal, journal),
  )
  yield* Effect.forkScoped(isLooking ? follower : withoutLooks(FOLLOW_LOOK_MS)(follower))
  yield* Effect.all([Deferred.await(isSpeaking), Deferred.await(isCaughtUp)])
  return { ids, reads }
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
      const { ids } = yield* started(server)
      const [one] = yield* append("acme", "contact")
      yield* until("the message, and the event", () => messages.length === 1 && ids.length === 1)
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
      const { ids, reads } = yield* started(server)
      const killed = { isOver: false }
      const writing = Effect.gen(function* () {
        for (let n = 0; n < 150 || !killed.isOver; n++) {
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
        killed.isOver = true
      })
      yield* Effect.all([writing, killing], { concurrency: "unbounded" })
      yield* until("all of them", () => ids.length >= sent.length)
      assert.deepStrictEqual(ids, sent)
      yield* untilTold(append("acme", "deal"), () => ids.length, reads)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.live("an event too large for a message is fetched, and goes on from there", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn(`max_payload: 65536`)
      const { ids } = yield* started(server, false)
      const sent = yield* append("acme", "contact")
      sent.push(...(yield* append("acme", "contact", 1, JSON.stringify({ note: "x".repeat(70_000) }))))
      yield* until("the large one", () => ids.length === 2)
      sent.push(...(yield* append("acme", "contact")))
      yield* until("the one behind it", () => ids.length === 3)
      assert.deepStrictEqual(ids, sent)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.live("a slow listener is kept a bounded number of events for, and told that it missed some", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const [speaking, hearing] = [yield* tailOf(server), yield* tailOf(server)]
      const heard: Array<ReadonlyArray<Heard>> = []
      const goesOn = yield* Deferred.make<void>()
      yield* hearing.listen("acme").pipe(
        Stream.runForEachArray((some) => {
          heard.push(some)
          return Deferred.await(goesOn)
        }),
        Effect.forkScoped,
      )
      const last = { id: "" }
      const quick = { hasLast: false }
      yield* hearing.listen("acme").pipe(
        Stream.runForEach((one) =>
          Effect.sync(() => {
            quick.hasLast ||= one._tag === "Announced" && one.event.id === last.id
          }),
        ),
        Effect.forkScoped,
      )
      yield* until("it listens", () => heard.length === 1)
      yield* append("acme", "contact", TAIL_WAITING * 2 + 10)
      const { events } = yield* (yield* Journal).readAll({ after: null, prefixes: [], limit: 10_000 })
      const announced = events.map((event) => ({ _tag: "Announced", event, after: null }) as const)
      last.id = events.at(-1)!.id
      yield* speaking.announce(announced)
      // What one listener of a connection has heard has come to the others before.
      while (!quick.hasLast) yield* Effect.andThen(speaking.announce(announced.slice(-1)), Effect.sleep("20 millis"))
      yield* Deferred.succeed(goesOn, undefined)
      yield* until("what it was kept", () => heard.length >= 2)
      assert.deepStrictEqual(heard[0], [{ _tag: "Missed" }])
      assert.strictEqual(heard[1]![0]!._tag, "Missed")
      assert.isAtMost(heard[1]!.length, TAIL_WAITING + 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.live("what no announcer of ours has sent ends no follower: what there is says the journal", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const { ids } = yield* started(server)
      const nc = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: server.url })),
        (nc) => Effect.promise(() => nc.close()),
      )
      const named = headers()
      named.set("Concordat-Position", "1")
      const stream = streams.entity("contact", "acme", "e1")
      for (const body of [
        "{",
        "null",
        "[]",
        "{}",
        JSON.stringify({ stream: 1 }),
        JSON.stringify({ stream, metadata: {} }),
      ])
        nc.publish(stream.replace(/^contact-(..).*$/, "concordat.$1.acme.contact"), body, { headers: named })
      yield* Effect.promise(() => nc.flush())
      const [id] = yield* append("acme", "contact")
      yield* until("the event", () => ids.length > 0)
      assert.deepStrictEqual(ids, [id])
    }).pipe(Effect.provide(store, { local: true })),
  )
})
