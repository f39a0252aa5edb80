/** The state is not moved: it is decided anew over the moved journal, and is the one that stood. */
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { makeSplitCommit } from "@concordat/engine/flows/split-commit"
import { Bus } from "@concordat/engine/ports/Bus"
import { Commit, type Unit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { StateError } from "@concordat/engine/ports/State"
import { appendTo } from "@concordat/engine/operations/append"
import * as streams from "@concordat/model/streams"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ADA, pair } from "../engine/pair.ts"
import { store, TENANT } from "../engine/system.ts"
import { connect, serve } from "../kurrentdb/system.ts"
import { move, shownOf } from "./journals.ts"

/** What a worker keeps for itself follows from its connection's facts, and not from decisions. */
const OF_WORKERS = new Set(["cursor", "seen", "create", "intent", "follow", "rebuild"])

type Kept = Map<string, string>
const note = (kept: Kept, { documents }: Unit): void => {
  for (const { key, kind, tenant, value } of documents) {
    if (OF_WORKERS.has(kind)) continue
    if (value === null) kept.delete(`${tenant} ${kind} ${key}`)
    else kept.set(`${tenant} ${kind} ${key}`, value)
  }
}
const sorted = (kept: Kept) => [...kept].toSorted(([a], [b]) => (a < b ? -1 : 1))

/** The ports over an embedded store, with what its documents are in the end. */
const noting = (kept: Kept) =>
  Layer.effect(
    Commit,
    Effect.map(Commit, (inner) =>
      Commit.of({
        commit: (unit) =>
          Effect.tap(inner.commit(unit), ({ _tag }) =>
            Effect.sync(() => (_tag === "Appended" ? note(kept, unit) : undefined)),
          ),
      }),
    ),
  ).pipe(Layer.provideMerge(Layer.fresh(store)))

/** Decides everything that there is over another journal, into an empty state. */
const rebuilt = Effect.fnUntraced(function* (journal: Journal["Service"]) {
  const kept: Kept = new Map()
  const decided = yield* Effect.gen(function* () {
    const inner = yield* Commit
    const write = (unit: Pick<Unit, "documents" | "checkpoint">) =>
      inner.commit({ ...unit, appends: [], commands: [] }).pipe(
        Effect.mapError((error) => new StateError({ reason: "unavailable", detail: error.message })),
        Effect.asVoid,
      )
    const commit = makeSplitCommit({ journal, state: { write }, bus: yield* Bus })
    const { drain } = yield* Effect.provideService(makeReconciler(makeCompilers()), Journal, journal)
    return yield* drain.pipe(Effect.provideService(Commit, commit))
  }).pipe(Effect.provide(noting(kept), { local: true }))
  return { kept, decided }
})

describe("the state over a moved journal", () => {
  it.effect("is the one that stood, and decides nothing that was not decided", () =>
    Effect.gen(function* () {
      const kept: Kept = new Map()
      yield* Effect.gen(function* () {
        const { ada, left, quiet, right, workers } = yield* pair()
        right.put(null, { mail: "grace@hopper.example", first: "Grace", last: "Hopper", job: "Admiral" })
        yield* quiet
        left.put(ada, { ...ADA, job: "Analyst" })
        yield* quiet
        // Somebody asks for something that changes the state and nobody's record.
        yield* appendTo(streams.request(TENANT), [
          {
            type: "PauseRequested",
            data: { _tag: "PauseRequested", connection: "right", by: "kim" },
          },
        ])
        right.put(null, ADA)
        yield* quiet
        for (const worker of workers) yield* worker.stop
        const home = yield* Journal
        const all = yield* shownOf(home, TENANT)
        for (const many of [true, false]) {
          const { connectionString } = yield* serve({ many })
          const there = yield* connect(connectionString)
          yield* move(home, there, { tenant: TENANT })
          const again = yield* rebuilt(there)
          assert.isAbove(again.decided, 10)
          assert.deepStrictEqual(sorted(again.kept), sorted(kept))
          assert.deepStrictEqual(yield* shownOf(there, TENANT), all)
        }
      }).pipe(Effect.provide(noting(kept), { local: true }))
      assert.isAbove([...kept.keys()].filter((key) => key.startsWith(`${TENANT} entity `)).length, 1)
    }),
  )
})
