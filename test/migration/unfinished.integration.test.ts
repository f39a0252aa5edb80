/** On an older server a crash may leave a decided unit that is not in every stream yet: it is completed before it is moved. */
import * as streams from "@concordat/model/streams"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect, hurry, ids, some, system } from "../kurrentdb/system.ts"
import { ACME, embedded, event, move, shownOf } from "./journals.ts"

/** The unit and its lead are appended, and then nothing is answered any more. */
const afterDeciding = [
  { kind: "none" } as const,
  { kind: "none" } as const,
  ...Array.from({ length: 60 }, () => ({ kind: "silent", applied: false }) as const),
]

describe("a unit that a crash left unfinished", () => {
  it.effect.each([
    ["a worker's", streams.worker(ACME, "crm")],
    ["a reconciler's", `partition-${streams.partitionOf(ACME)[0]}0`],
  ] as const)("%s is moved whole", ([, lead]) =>
    Effect.gen(function* () {
      const { journal, server } = yield* system({ many: false })
      const opened = {
        stream: streams.connection(ACME, "crm"),
        expected: -1,
        events: [event("{}", "ConnectionOpened")],
      }
      yield* hurry(journal.append(opened))
      yield* hurry(journal.append({ stream: lead, expected: -1, events: some(1) }))
      const record = streams.record(ACME, "crm", "people", "1")
      const facts = some(2)
      server.faults.append.push(...afterDeciding)
      const unit = [
        { stream: record, expected: -1, events: facts },
        { stream: lead, expected: 0, events: some(1) },
      ]
      assert.strictEqual((yield* hurry(journal.appendMany(unit)))._tag, "Indeterminate")
      server.faults.append.length = 0
      const back = yield* embedded
      yield* hurry(move(yield* connect(server.connectionString), back, { several: true }))
      const moved = (yield* shownOf(back)).filter(({ stream }) => stream === record)
      assert.deepStrictEqual(ids(moved), ids(facts))
    }).pipe(Effect.scoped),
  )
})
