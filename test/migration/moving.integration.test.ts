/** A tenant's journal goes from the embedded store over the wire to a server and back, and is the same. */
import { JournalError } from "@concordat/engine/ports/Journal"
import type { JournalShape } from "@concordat/engine/migration/history"
import * as streams from "@concordat/model/streams"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect, serve } from "../kurrentdb/system.ts"
import { ACME, embedded, event, fill, move, shownOf } from "./journals.ts"

const DELIVERIES = streams.delivery(ACME, "crm")
const forward = { from: 0, direction: "forward", limit: 1_000 } as const

const server = (many: boolean) => Effect.flatMap(serve({ many }), ({ connectionString }) => connect(connectionString))

/** Takes so many appends and then no more, as if the process had ended. */
const endingAfter = (journal: JournalShape, appends: number): JournalShape => {
  let left = appends
  return {
    ...journal,
    appendMany: (unit) =>
      left-- > 0
        ? journal.appendMany(unit)
        : Effect.fail(new JournalError({ reason: "closed", detail: "the process has ended" })),
  }
}

describe.each([
  ["KurrentDB 25.1", true],
  ["EventStoreDB 23.10", false],
] as const)("moving a tenant's journal to %s", (_, many) => {
  it.live("there and back every stream is the same, in the same order, and others stay where they are", () =>
    Effect.gen(function* () {
      const [home, there, back] = [yield* embedded, yield* server(many), yield* embedded]
      yield* fill(home)
      const all = yield* shownOf(home)
      assert.deepStrictEqual(yield* move(home, there), { tenant: ACME, events: all.length, copied: all.length })
      assert.deepStrictEqual(yield* shownOf(there), all)
      assert.deepStrictEqual(yield* shownOf(there, "acme2"), [])
      assert.deepStrictEqual(yield* there.read(`partition-${streams.partitionOf(ACME)}`, forward), [])
      assert.strictEqual((yield* move(there, back, { several: true })).copied, all.length)
      assert.deepStrictEqual(yield* shownOf(back), all)
      // Again there is nothing to do, and nothing is touched.
      const untouched = Effect.die(new Error("the target is changed"))
      assert.strictEqual((yield* move(home, there, { onFirst: untouched })).copied, 0)
      assert.strictEqual((yield* move(there, back, { onFirst: untouched, several: true })).copied, 0)
    }).pipe(Effect.scoped),
  )

  it.live("what a stream has forgotten stays forgotten, and its revisions go on where they were", () =>
    Effect.gen(function* () {
      const [home, there, back] = [yield* embedded, yield* server(many), yield* embedded]
      yield* fill(home)
      yield* move(home, there)
      yield* move(there, back, { several: true })
      for (const journal of [there, back]) {
        const read = yield* journal.read(DELIVERIES, forward)
        assert.deepStrictEqual(
          read.map(({ revision }) => revision),
          [9, 10, 11],
        )
        const next = { stream: DELIVERIES, expected: 11, events: [event("{}", "DeliveryAccepted")] }
        assert.strictEqual((yield* journal.append(next))._tag, "Appended")
      }
      // Forgotten on the server, where it still lies in the log, and in the target of an earlier copy.
      yield* there.truncate(DELIVERIES, 12)
      yield* move(there, home, { several: true })
      assert.deepStrictEqual(
        (yield* home.read(DELIVERIES, forward)).map(({ revision }) => revision),
        [12],
      )
      // All of it.
      yield* there.truncate(DELIVERIES, 13)
      const last = yield* embedded
      yield* move(there, last, { several: true })
      assert.deepStrictEqual(yield* last.read(DELIVERIES, forward), [])
      const after = { stream: DELIVERIES, expected: 12, events: [event("{}", "DeliveryAccepted")] }
      assert.strictEqual((yield* last.append(after))._tag, "Appended")
    }).pipe(Effect.scoped),
  )

  it.live("ended after any append it goes on where it was", () =>
    Effect.gen(function* () {
      const home = yield* embedded
      yield* fill(home, 3)
      const all = yield* shownOf(home)
      const there = yield* server(many)
      let ends = 0
      for (;;) {
        const ended = yield* Effect.result(move(home, endingAfter(there, 5)))
        if (ended._tag === "Success") break
        assert.propertyVal(ended.failure, "reason", "closed")
        ends += 1
      }
      assert.isAtLeast(ends, 4)
      assert.deepStrictEqual(yield* shownOf(there), all)
      for (let appends = 0; ; appends++) {
        const back = yield* embedded
        const ended = yield* Effect.result(move(there, endingAfter(back, appends), { several: true }))
        yield* move(there, back, { several: true })
        assert.deepStrictEqual(yield* shownOf(back), all)
        if (ended._tag === "Success") break
      }
    }).pipe(Effect.scoped),
  )

  it.live("refuses a target that holds something else, and says where", () =>
    Effect.gen(function* () {
      const [home, there] = [yield* embedded, yield* server(many)]
      yield* fill(home, 3)
      const refused = (from: JournalShape, to: JournalShape) =>
        Effect.map(Effect.flip(move(from, to)), (error) =>
          error._tag === "TenantDiffers" ? `${error.stream}@${error.revision} ${error.detail}` : error.message,
        )
      const stream = streams.connection(ACME, "crm")
      const other = event("{}", "ConnectionOpened")
      yield* there.append({ stream, expected: -1, events: [other] })
      const [ours] = yield* home.read(stream, forward)
      assert.strictEqual(
        yield* refused(home, there),
        `${stream}@0 is ConnectionOpened ${other.id}, the source has ConnectionOpened ${ours!.id}`,
      )
      assert.lengthOf(yield* shownOf(there), 1)

      // Under the same id.
      const changed = yield* server(many)
      yield* changed.append({ stream, expected: -1, events: [{ ...ours!, data: '{"x":1}' }] })
      assert.strictEqual(yield* refused(home, changed), `${stream}@0 has other data than the source, under the same id`)

      // Something that went on, after all that the source has.
      const used = yield* server(many)
      yield* move(home, used)
      const contact = streams.entity("contact", ACME, "new")
      yield* used.append({ stream: contact, expected: -1, events: [event("{}", "ContactCreated")] })
      assert.strictEqual(yield* refused(home, used), `${contact}@0 is not in the source`)
      // The other way round it is the rest.
      assert.strictEqual((yield* move(used, home, { several: true })).copied, 1)

      // Somebody who writes meanwhile.
      const busy = yield* server(many)
      const meddled: JournalShape = {
        ...busy,
        appendMany: (unit) =>
          Effect.andThen(busy.append({ stream, expected: -1, events: [other] }), busy.appendMany(unit)),
      }
      assert.match(yield* refused(home, meddled), /^connection-.*@0 can't be appended/)
    }).pipe(Effect.scoped),
  )
})
