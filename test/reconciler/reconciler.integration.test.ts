/** The reconciler's runner over the embedded store: commits what the pure core decides, and rebuilds it from the journal. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { CACHED_TENANTS } from "@concordat/engine/limits"
import { Bus } from "@concordat/engine/ports/Bus"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import * as streams from "@concordat/model/streams"
import { EDITION } from "@concordat/rules/edition"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { observe, open } from "./facts.ts"

const dump = Effect.fnUntraced(function* () {
  const state = yield* State
  const kinds = ["entity", "record", "match", "due", "connection", "tenant", "question", "conflict", "count"]
  const all = yield* Effect.forEach(kinds, (kind) =>
    state.scan({ tenant: "acme", kind, prefix: "", after: null, limit: 1_000 }),
  )
  return all
    .flat()
    .map(({ key, value }) => `${key}\t${value}`)
    .join("\n")
})

layer(sqlite({ path: ":memory:" }))("reconciler", (it) => {
  it.effect("[R50] decides, commits and wakes; rebuilt from the journal alone it is the same, byte for byte", () =>
    Effect.gen(function* () {
      const state = yield* State
      const journal = yield* Journal
      const bus = yield* Bus
      yield* open("app", true)
      yield* open("crm", false)
      const reconciler = yield* makeReconciler(makeCompilers())
      const ada = { email: "ada@lovelace.org", first: "Ada", last: "Lovelace", title: "Countess" }
      yield* observe("app", "1", 0, 2_000, ada)
      yield* observe("crm", "c1", 0, 3_000, { ...ada, title: null })
      assert.strictEqual(yield* reconciler.drain, 8)
      const before = yield* dump()
      assert.include(before, '"title":"Countess"')
      const due = yield* state.scan({ tenant: "acme", kind: "due", prefix: "crm|", after: null, limit: 10 })
      assert.strictEqual(due.length, 1)
      const [delivery] = yield* bus
        .consume({ group: "t", subjects: ["concordat.push.>"], maxInFlight: 10, ackWait: "10 seconds" })
        .pipe(Stream.take(1), Stream.runCollect)
      assert.include(delivery!.subject, ".acme.")
      const end = yield* journal.end
      yield* state.clear
      const again = yield* makeReconciler(makeCompilers())
      assert.strictEqual(yield* again.drain, 8)
      assert.strictEqual(yield* dump(), before)
      assert.strictEqual(yield* journal.end, end)
    }),
  )
})

layer(sqlite({ path: ":memory:" }))("reconciler of an engine of before", (it) => {
  it.effect("[R27] stops at an edition of the rules that it does not know, and decides nothing by its own", () =>
    Effect.gen(function* () {
      yield* open("crm", false, "acme", EDITION + 1)
      const reconciler = yield* makeReconciler(makeCompilers())
      const stopped = yield* Effect.flip(reconciler.drain)
      assert.strictEqual(
        stopped.message,
        `the reconciler stopped (newer edition): ${streams.connection("acme", "crm")}@0 opens edition ${EDITION + 1} ` +
          `of the rules, this engine has ${EDITION}; upgrade it`,
      )
      assert.strictEqual(yield* dump(), "")
    }),
  )
})

layer(sqlite({ path: ":memory:" }))("reconciler of many tenants", (it) => {
  it.effect("[R50] decides for more tenants than it remembers, in turn", () =>
    Effect.gen(function* () {
      // More than are remembered, and facts of each of them in turn.
      const names = Array.from({ length: CACHED_TENANTS + 16 }, (_, n) => `tenant${n}`)
      for (const name of names) yield* open("crm", false, name)
      const titles = Array.from({ length: 4 }, (_, n) => `Title ${n}`)
      for (const [n, title] of titles.entries())
        for (const name of names)
          yield* observe("crm", "1", n, 2_000 + n, { email: "ada@lovelace.org", first: "Ada", last: "L", title }, name)
      const reconciler = yield* makeReconciler(makeCompilers())
      assert.strictEqual(yield* reconciler.drain, names.length * (3 + titles.length))
      const state = yield* State
      for (const name of names) {
        const [found] = yield* state.scan({ tenant: name, kind: "entity", prefix: "", after: null, limit: 2 })
        assert.include(found?.value, '"title":"Title 3"')
      }
    }),
  )
})
