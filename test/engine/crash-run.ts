/** Two people are made to agree in two systems while a process dies at the n-th step that it takes. */
import { assert } from "@effect/vitest"
import { Commit } from "@concordat/engine/ports/Commit"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { type Crash, crashOn, type Layout } from "./crashing.ts"
import { World } from "./synthetic.ts"
import type { Traits } from "./synthetic-traits.ts"
import {
  entities,
  eventsOf,
  openConnection,
  settleDown,
  START,
  startReconciler,
  startSupervised,
  startSupervisedReconciler,
  startWorker,
  store,
} from "./system.ts"

export const PEOPLE = [
  { mail: "ada@lovelace.example", first: "Ada", last: "Lovelace", job: "Countess" },
  { mail: "alan@turing.example", first: "Alan", last: "Turing", job: "Fellow" },
]

export interface Outcome {
  readonly steps: number
  readonly deaths: number
}

export interface Case {
  readonly layout: Layout
  readonly dies: "worker" | "reconciler"
  readonly traits: Partial<Traits>
}

/** Two people are created elsewhere and edited once on each side; one process dies at the given step. */
export const run = (at: number, { dies, layout, traits }: Case) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(START)
    const [left, right] = [new World(), new World(traits)]
    const ids = PEOPLE.map((one) => left.put(null, one))
    const crash: Crash = { steps: 0, at }
    if (dies === "worker") crashOn(crash, right)
    yield* openConnection("left", { world: left })
    yield* openConnection("right", { world: right })
    const crashing = Effect.provideServiceEffect(Commit, layout(crash))
    const calm = Effect.provideServiceEffect(Commit, layout({ steps: 0, at: 0 }))
    const reconciler =
      dies === "reconciler"
        ? yield* startSupervisedReconciler.pipe(crashing)
        : yield* Effect.as(startReconciler.pipe(calm), { deaths: 0 })
    const steady = yield* startWorker("left", left).pipe(calm)
    const failing = yield* startSupervised("right", right).pipe(dies === "worker" ? crashing : calm)
    const quiet = settleDown([steady.handle, failing])
    yield* quiet
    left.put(ids[0]!, { job: "Analyst" })
    yield* quiet
    const copy = right.live().find(({ values }) => values["mail"] === PEOPLE[1]!.mail)
    assert.isDefined(copy, `Alan is not there, step ${at}`)
    right.put(copy!.id, { first: "Alan Mathison" })
    yield* quiet

    const told = `step ${at} of ${crash.steps}, ${failing.running.deaths + reconciler.deaths} deaths`
    for (const world of [left, right]) {
      assert.lengthOf(world.live(), 2, told)
      const jobs = world.live().map(({ values }) => `${values["first"]} ${values["job"]}`)
      const wanted = ["Ada Analyst", "Alan Mathison Fellow"]
      assert.deepStrictEqual(
        jobs.map((text) => text.toLowerCase()).toSorted(),
        wanted.map((text) => text.toLowerCase()).toSorted(),
        told,
      )
    }
    assert.lengthOf(yield* entities, 2, told)
    assert.lengthOf(
      right.writes.filter(({ kind }) => kind === "create"),
      2,
      told,
    )
    if (right.traits.read) assert.lengthOf(right.writes, 3, told)
    assert.lengthOf(left.writes, 1, told)
    assert.lengthOf(yield* eventsOf("WriteRefused"), 0, told)
    const outcome: Outcome = { steps: crash.steps, deaths: failing.running.deaths + reconciler.deaths }
    return outcome
  }).pipe(Effect.scoped, Effect.provide(store, { local: true }))
