/** Following a tenant's events over a live tail that loses, repeats, delays and reorders what it is told. */
import { announce, makeChain } from "@concordat/engine/flows/Announcer"
import { follow } from "@concordat/engine/flows/follow"
import { FOLLOW_LOOK_MS } from "@concordat/engine/limits"
import { BusError } from "@concordat/engine/ports/Bus"
import { Journal, type Subscribed } from "@concordat/engine/ports/Journal"
import { type Announced, type Heard, LiveTail } from "@concordat/engine/ports/LiveTail"
import * as streams from "@concordat/model/streams"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { randomUUID } from "node:crypto"
import { store } from "./system.ts"

const TYPES = ["contact", "company", "deal", "activity"] as const

/** A tail in memory that does with each event what `mangle` says. */
class Tail {
  reads = 0
  isDown = false
  mangle: (events: ReadonlyArray<Announced>) => Effect.Effect<ReadonlyArray<Heard>> = Effect.succeed
  readonly layer = Layer.effect(
    LiveTail,
    Effect.gen({ self: this }, function* () {
      const all = yield* PubSub.unbounded<Heard>()
      const guarded = (heard: ReadonlyArray<Heard>) =>
        this.isDown
          ? Effect.fail(new BusError({ reason: "unavailable", detail: "down" }))
          : Effect.asVoid(PubSub.publishAll(all, heard))
      return LiveTail.of({
        announce: (events) => Effect.flatMap(this.mangle(events), guarded),
        announceMissed: Effect.suspend(() => guarded([{ _tag: "Missed" }])),
        listen: (tenant) =>
          Stream.unwrap(
            Effect.map(PubSub.subscribe(all), (subscription) =>
              Stream.concat(Stream.succeed<Heard>({ _tag: "Missed" }), Stream.fromSubscription(subscription)),
            ),
          ).pipe(Stream.filter((heard) => heard._tag === "Missed" || streams.tenantOf(heard.event.stream) === tenant)),
      })
    }),
  )

  /** The same store, with its reads counted. */
  readonly counted = Layer.effect(
    Journal,
    Effect.map(Journal, (journal) =>
      Journal.of({
        ...journal,
        readAll: (options) => {
          this.reads += 1
          return journal.readAll(options)
        },
      }),
    ),
  ).pipe(Layer.provideMerge(store))
}

const append = Effect.fnUntraced(function* (tenant: string, type: (typeof TYPES)[number], count = 1) {
  const journal = yield* Journal
  const events = Array.from({ length: count }, () => ({ id: randomUUID(), type: "Changed", data: "{}", metadata: {} }))
  yield* journal.append({ stream: streams.entity(type, tenant, randomUUID()), expected: -1, events })
  return events.map(({ id }) => id)
})

/** Follows until the test ends. */
const followed = Effect.fnUntraced(function* (options: Parameters<typeof follow>[0]) {
  const items: Array<Subscribed> = []
  yield* Effect.forkScoped(
    Stream.runForEach(follow(options), (item) =>
      Effect.sync(() => {
        items.push(item)
      }),
    ),
    { startImmediately: true },
  )
  return { items, ids: () => items.flatMap((item) => (item._tag === "Event" ? [item.event.id] : [])) }
})

const pass = Effect.fnUntraced(function* (ms: number) {
  for (let at = 0; at < ms; at += 10) yield* TestClock.adjust(10)
})

/** Lets time pass, not as much as until the next look. */
const until = Effect.fnUntraced(function* (isSo: () => boolean) {
  for (let at = 0; !isSo() && at < FOLLOW_LOOK_MS / 2; at += 10) yield* TestClock.adjust(10)
})

const within = <A, E>(tail: Tail, effect: Effect.Effect<A, E, Journal | LiveTail | Scope.Scope>) =>
  Effect.provide(effect, Layer.provideMerge(tail.layer, tail.counted), { local: true })

describe("following a tenant's events", () => {
  it.effect("history first, then what comes, and from any position on", () => {
    const tail = new Tail()
    return within(
      tail,
      Effect.gen(function* () {
        const before = yield* append("acme", "contact", 3)
        yield* Effect.forkScoped(announce, { startImmediately: true })
        const all = yield* followed({ tenant: "acme", after: null })
        yield* pass(50)
        const after = [...(yield* append("acme", "deal", 2)), ...(yield* append("acme", "contact", 2))]
        yield* append("other", "contact", 2)
        yield* until(() => all.ids().length === 7)
        assert.deepStrictEqual(all.ids(), [...before, ...after])
        assert.strictEqual(all.items.filter(({ _tag }) => _tag === "CaughtUp").length, 1)
        const third = all.items.filter((item) => item._tag === "Event")[2]!
        const later = yield* followed({ tenant: "acme", after: third.event.position, types: ["deal"] })
        yield* until(() => later.ids().length === 2)
        assert.deepStrictEqual(later.ids(), after.slice(0, 2))
        const checkpoint = later.items.find((item) => item._tag === "Checkpoint")
        const end = yield* followed({ tenant: "acme", after: checkpoint?.position ?? null })
        yield* pass(50)
        assert.deepStrictEqual(end.ids(), [])
      }),
    )
  })

  it.effect("what follows on the last event is taken from the tail alone", () => {
    const tail = new Tail()
    return within(
      tail,
      Effect.gen(function* () {
        yield* Effect.forkScoped(announce, { startImmediately: true })
        const all = yield* followed({ tenant: "acme", after: null })
        yield* pass(50)
        const sent = [...(yield* append("acme", "contact"))]
        yield* until(() => all.ids().length === sent.length)
        yield* pass(50)
        const reads = tail.reads
        for (let n = 0; n < 50; n++) {
          sent.push(...(yield* append("acme", "deal")))
          yield* until(() => all.ids().length === sent.length)
        }
        assert.deepStrictEqual(all.ids(), sent)
        assert.strictEqual(tail.reads, reads)
      }),
    )
  })

  it.effect("a tail that is down delays, and what it lost is told when it is back", () => {
    const tail = new Tail()
    return within(
      tail,
      Effect.gen(function* () {
        yield* Effect.forkScoped(announce, { startImmediately: true })
        const all = yield* followed({ tenant: "acme", after: null })
        const quiet = yield* followed({ tenant: "other", after: null })
        yield* pass(50)
        tail.isDown = true
        const lost = yield* append("acme", "contact")
        const other = yield* append("other", "contact")
        yield* pass(100)
        assert.deepStrictEqual([...all.ids(), ...quiet.ids()], [])
        tail.isDown = false
        const sent = yield* append("acme", "contact")
        yield* until(() => all.ids().length === 2 && quiet.ids().length === 1)
        assert.deepStrictEqual(all.ids(), [...lost, ...sent])
        // Nothing of this tenant is announced; it hears of the outage.
        assert.deepStrictEqual(quiet.ids(), other)
        tail.isDown = true
        const again = yield* append("other", "contact")
        yield* pass(FOLLOW_LOOK_MS + 100)
        assert.deepStrictEqual(quiet.ids(), [...other, ...again])
      }),
    )
  })

  const mangled = (held: Array<Announced>) =>
    Effect.fnUntraced(function* (events: ReadonlyArray<Announced>) {
      const out: Array<Heard> = []
      for (const event of events) {
        const dice = yield* Random.nextIntBetween(0, 9)
        if (dice === 0) continue
        if (dice === 1) out.push(event, event)
        else if (dice === 2) held.push(event)
        else if (dice === 3) out.push({ ...event, after: null })
        else if (dice === 4) out.push(event, ...held.splice(0))
        else if (dice === 5) out.push({ _tag: "Missed" }, event)
        else out.push(event)
      }
      return out
    })

  for (let seed = 1; seed <= 20; seed++)
    it.effect(`none left out, none twice, in order, whatever the tail does: seed ${seed}`, () => {
      const tail = new Tail()
      tail.mangle = mangled([])
      return within(
        tail,
        Effect.gen(function* () {
          // Two that announce, one of them late: every event comes twice, and often from behind.
          yield* Effect.forkScoped(announce, { startImmediately: true })
          const first = yield* followed({ tenant: "acme", after: null })
          const deals = yield* followed({ tenant: "acme", after: null, types: ["deal"] })
          for (let n = 0; n < 40; n++) {
            const type = TYPES[(yield* Random.nextIntBetween(0, 99)) % TYPES.length]!
            yield* append((yield* Random.nextBoolean) ? "acme" : "other", type, yield* Random.nextIntBetween(1, 4))
            yield* pass(yield* Random.nextIntBetween(0, 20))
            if (n === 20) yield* Effect.forkScoped(announce, { startImmediately: true })
          }
          yield* pass(FOLLOW_LOOK_MS + 200)
          const journal = yield* Journal
          const { events } = yield* journal.readAll({ after: null, prefixes: [], limit: 1_000 })
          const ofAcme = events.filter(({ stream }) => streams.tenantOf(stream) === "acme")
          assert.isAbove(ofAcme.length, 20)
          assert.deepStrictEqual(
            first.ids(),
            ofAcme.map(({ id }) => id),
          )
          assert.deepStrictEqual(
            deals.ids(),
            ofAcme.filter(({ stream }) => streams.categoryOf(stream) === "deal").map(({ id }) => id),
          )
        }),
      ).pipe(Random.withSeed(String(seed)))
    })

  it("the chain knows nothing of tenants it has not seen", () => {
    const link = makeChain()
    const event = (tenant: string, position: string) => ({
      id: position,
      type: "Changed",
      data: "{}",
      metadata: {},
      stream: streams.entity("contact", tenant, "1"),
      revision: 0,
      position,
    })
    assert.isNull(link(event("acme", "1")).after)
    assert.isNull(link(event("other", "2")).after)
    assert.strictEqual(link(event("acme", "3")).after, "1")
  })
})
