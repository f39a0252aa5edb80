/** What every adapter of the `Bus` port does: at least once, deduplicated, a work queue per group. */
import { Bus } from "@concordat/engine/ports/Bus"
import type { BusError, Delivery, Message } from "@concordat/engine/ports/Bus"
import { assert, layer } from "@effect/vitest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { randomUUID } from "node:crypto"

const tenantName = (): string => `t${randomUUID().replaceAll("-", "")}`
const message = (subject: string, id = randomUUID() as string): Message => ({ subject, id, body: `{"id":"${id}"}` })
const ids = (deliveries: ReadonlyArray<Message>): ReadonlyArray<string> => deliveries.map((delivery) => delivery.id)

/** Runs out while a test waits for it. What a test does not wait for is `UNHURRIED`: a slow machine gets nothing twice. */
const ACK_WAIT_MS = 2_000
const UNHURRIED_MS = 600_000

interface Consumed {
  readonly group: string
  readonly subjects: ReadonlyArray<string>
  readonly maxInFlight?: number
  readonly ackWait?: number
}
/** Deliveries as they come, from a consumer that lives as long as the test. */
const consume = Effect.fnUntraced(function* (options: Consumed) {
  const bus = yield* Bus
  const queue = yield* Queue.unbounded<Delivery>()
  yield* bus.consume({ maxInFlight: 100, ackWait: UNHURRIED_MS, ...options }).pipe(
    Stream.runForEach((delivery) => Queue.offer(queue, delivery)),
    Effect.forkScoped,
  )
  return queue
})
/** Real time for a delivery that must not come. */
const aMoment = TestClock.withLive(Effect.sleep("100 millis"))
const nothingMore = Effect.fnUntraced(function* (queue: Queue.Dequeue<Delivery>) {
  yield* aMoment
  assert.strictEqual(yield* Queue.size(queue), 0)
})
/** After each of these rounds whatever had come is answered; what is delivered though it was answered comes in all of them. */
const ROUNDS = 8

/**
 * @param options.elapse lets time pass for the adapter: the test clock where it goes by Effect's clock, else real time
 * @param options.now what that clock shows, ms
 * @param options.window whether two minutes can pass
 * @param options.lose takes everything away that the bus has kept
 */
export const busContract = <E>(
  name: string,
  adapter: Layer.Layer<Bus, E>,
  options: {
    readonly elapse: (duration: Duration.Input) => Effect.Effect<void>
    readonly now: Effect.Effect<number>
    readonly window: boolean
    readonly lose?: Effect.Effect<void>
  },
): void =>
  layer(adapter)(`Bus: ${name}`, (it) => {
    const { elapse, now } = options
    /**
     * Answered once it does not come again. On a slow machine the answer itself may have come too late, and another delivery
     * been on its way: that one is answered too, and then nothing may come.
     */
    const neverAgain = Effect.fnUntraced(function* (
      queue: Queue.Dequeue<Delivery>,
      answer: (delivery: Delivery) => Effect.Effect<void, BusError>,
    ) {
      for (let round = 0; round < ROUNDS; round++) {
        yield* elapse(ACK_WAIT_MS * 1.5)
        yield* aMoment
        const late = yield* Queue.clear(queue)
        if (late.length === 0) return
        yield* Effect.forEach(late, answer)
      }
      assert.fail(`delivered in each of ${ROUNDS} rounds, though answered`)
    })
    /** Nothing came before `at`. Where a slow machine has let that pass already nobody can say. */
    const nothingBefore = Effect.fnUntraced(function* (queue: Queue.Dequeue<Delivery>, at: number) {
      yield* aMoment
      const came = yield* Queue.size(queue)
      if ((yield* now) < at) assert.strictEqual(came, 0)
    })

    it.effect("[B1] delivers what was published, once acknowledged never again", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const subject = `concordat.push.3f.${tenantName()}.crm`
        const queue = yield* consume({ group: subject, subjects: [subject], ackWait: ACK_WAIT_MS })
        const sent = message(subject)
        yield* bus.publish([sent])
        const { ack, attempt, nak: _nak, term: _term, ...received } = yield* Queue.take(queue)
        assert.deepStrictEqual(received, sent)
        assert.isAtLeast(attempt, 1)
        yield* ack
        yield* neverAgain(queue, (delivery) => delivery.ack)
      }),
    )

    it.effect("[B2] keeps what is published before there is a consumer", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const subject = `concordat.push.3f.${tenantName()}.crm`
        const sent = [message(subject), message(subject), message(subject)]
        yield* bus.publish(sent)
        const queue = yield* consume({ group: subject, subjects: [subject] })
        const received = yield* Effect.forEach(sent, () => Queue.take(queue))
        assert.sameMembers([...ids(received)], [...ids(sent)])
        assert.isTrue(received.every(({ attempt }) => attempt === 1))
      }),
    )

    it.effect("[B3] drops a message whose id it knows from the window", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const subject = `concordat.push.3f.${tenantName()}.crm`
        const queue = yield* consume({ group: subject, subjects: [subject] })
        const sent = message(subject)
        yield* bus.publish([sent, sent])
        yield* Effect.flatMap(Queue.take(queue), (delivery) => delivery.ack)
        yield* bus.publish([{ ...sent, body: "{}" }])
        yield* nothingMore(queue)
      }),
    )

    if (options.window)
      it.effect("[B4] takes the id again after two minutes", () =>
        Effect.gen(function* () {
          const bus = yield* Bus
          const subject = `concordat.push.3f.${tenantName()}.crm`
          const queue = yield* consume({ group: subject, subjects: [subject] })
          const sent = message(subject)
          yield* bus.publish([sent])
          yield* Effect.flatMap(Queue.take(queue), (delivery) => delivery.ack)
          yield* elapse("119 seconds")
          yield* bus.publish([sent])
          yield* nothingMore(queue)
          yield* elapse("2 seconds")
          yield* bus.publish([sent])
          assert.strictEqual((yield* Queue.take(queue)).id, sent.id)
        }),
      )

    it.effect("[B5] delivers again what was not answered within ackWait, and counts the attempts", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const subject = `concordat.push.3f.${tenantName()}.crm`
        const queue = yield* consume({ group: subject, subjects: [subject], ackWait: ACK_WAIT_MS })
        const from = yield* now
        yield* bus.publish([message(subject)])
        const first = yield* Queue.take(queue)
        yield* elapse(ACK_WAIT_MS / 2)
        yield* nothingBefore(queue, from + ACK_WAIT_MS)
        yield* elapse(ACK_WAIT_MS / 2 + 100)
        const second = yield* Queue.take(queue)
        assert.isAtLeast((yield* now) - from, ACK_WAIT_MS)
        assert.strictEqual(second.id, first.id)
        assert.isAbove(second.attempt, first.attempt)
        yield* second.ack
        yield* neverAgain(queue, (delivery) => delivery.ack)
      }),
    )

    it.effect("[B6] delivers again after the delay of a nak, not before", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const subject = `concordat.push.3f.${tenantName()}.crm`
        const queue = yield* consume({ group: subject, subjects: [subject] })
        yield* bus.publish([message(subject)])
        const first = yield* Queue.take(queue)
        const from = yield* now
        yield* first.nak("4 seconds")
        yield* elapse("3 seconds")
        yield* nothingBefore(queue, from + 4_000)
        yield* elapse("1100 millis")
        const second = yield* Queue.take(queue)
        assert.isAtLeast((yield* now) - from, 4_000)
        assert.deepStrictEqual([second.id, second.attempt], [first.id, 2])
        yield* second.ack
      }),
    )

    it.effect("[B7] never delivers again what was termed", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const subject = `concordat.push.3f.${tenantName()}.crm`
        const queue = yield* consume({ group: subject, subjects: [subject], ackWait: ACK_WAIT_MS })
        yield* bus.publish([message(subject)])
        yield* Effect.flatMap(Queue.take(queue), (delivery) => delivery.term)
        yield* neverAgain(queue, (delivery) => delivery.term)
      }),
    )

    it.effect("[B8] has at most maxInFlight deliveries unanswered", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const subject = `concordat.push.3f.${tenantName()}.crm`
        const queue = yield* consume({ group: subject, subjects: [subject], maxInFlight: 3 })
        const sent = Array.from({ length: 8 }, () => message(subject))
        yield* bus.publish(sent)
        const received = yield* Effect.forEach([1, 2, 3], () => Queue.take(queue))
        yield* nothingMore(queue)
        const seen = [...received]
        for (let next = seen.shift(); next !== undefined; next = seen.shift()) {
          yield* next.ack
          if (received.length === sent.length) continue
          const more = yield* Queue.take(queue)
          received.push(more)
          seen.push(more)
        }
        assert.sameMembers([...ids(received)], [...ids(sent)])
      }),
    )

    it.effect("[B9] selects by subject, whole or by what is before a final >", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const [one, two] = [tenantName(), tenantName()]
        const subjects = [
          `concordat.push.3f.${one}.crm`,
          `concordat.push.3f.${one}.erp`,
          `concordat.push.3f.${two}.crm`,
        ]
        const sent = subjects.map((subject) => message(subject))
        const all = yield* consume({ group: `${one}-all`, subjects: [`concordat.push.3f.${one}.>`] })
        const other = yield* consume({ group: `${two}-one`, subjects: [subjects[2]!] })
        yield* bus.publish(sent)
        const received = yield* Effect.forEach([1, 2], () => Queue.take(all))
        assert.sameMembers([...ids(received)], [sent[0]!.id, sent[1]!.id])
        assert.strictEqual((yield* Queue.take(other)).id, sent[2]!.id)
        yield* nothingMore(all)
        yield* nothingMore(other)
      }),
    )

    it.effect("[B10] shares a group's messages among its consumers, each to one", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const subject = `concordat.push.3f.${tenantName()}.crm`
        const left = yield* consume({ group: subject, subjects: [subject], maxInFlight: 5 })
        const right = yield* consume({ group: subject, subjects: [subject], maxInFlight: 5 })
        const sent = Array.from({ length: 10 }, () => message(subject))
        yield* bus.publish(sent)
        const received = yield* Effect.forEach(
          [left, left, left, left, left, right, right, right, right, right],
          (queue) => Queue.take(queue),
        )
        assert.sameMembers([...ids(received)], [...ids(sent)])
        yield* Effect.forEach(received, (delivery) => delivery.ack)
        yield* nothingMore(left)
        yield* nothingMore(right)
      }),
    )

    it.effect("[B11] says when messages may have been lost, and only then", () =>
      Effect.gen(function* () {
        const bus = yield* Bus
        const subject = `concordat.push.3f.${tenantName()}.crm`
        const said = yield* Queue.unbounded<void>()
        yield* Effect.forkScoped(Stream.runForEach(bus.lost, (one) => Queue.offer(said, one)))
        yield* bus.publish([message(subject)])
        yield* aMoment
        assert.strictEqual(yield* Queue.size(said), 0)
        if (options.lose === undefined) return
        yield* options.lose
        yield* Queue.take(said)
        const sent = message(subject)
        yield* bus.publish([sent])
        const queue = yield* consume({ group: subject, subjects: [subject] })
        assert.strictEqual((yield* Queue.take(queue)).id, sent.id)
        yield* nothingMore(queue)
      }),
    )
  })
