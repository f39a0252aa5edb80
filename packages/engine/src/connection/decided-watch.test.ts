/** One look at the reconcilers' checkpoints for all connections of a process, and who may have something due is told. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { RESCAN_MS, TOLD_AT_ONCE, TOLD_REST_MS } from "../limits.ts"
import { Bus } from "../ports/Bus.ts"
import { type Checkpoint, State, StateError } from "../ports/State.ts"
import { makeDecidedWatch } from "./decided-watch.ts"

/** A state that has checkpoints and counts looks, and a bus that loses. */
const watching = Effect.fnUntraced(function* (counts: Readonly<Record<string, number>>) {
  const places = new Map<string, Checkpoint>()
  const seen = { looks: 0, isAway: false, isBroken: false }
  const checkpoint = (name: string) =>
    Effect.suspend(() => {
      seen.looks += 1
      if (seen.isAway) return Effect.fail(new StateError({ reason: "unavailable", detail: "away" }))
      if (seen.isBroken) return Effect.die(new Error("a fault of ours"))
      return Effect.succeed(places.get(name) ?? null)
    })
  const losses = yield* PubSub.unbounded<void>()
  const watch = yield* makeDecidedWatch.pipe(
    Effect.provideService(State, { checkpoint } as unknown as State["Service"]),
    Effect.provideService(Bus, { lost: Stream.fromPubSub(losses) } as unknown as Bus["Service"]),
  )
  const told: Array<string> = []
  const leave = Object.entries(counts).flatMap(([name, count]) =>
    Array.from({ length: count }, (_, n) => {
      const watcher = {
        decided: () => void told.push(`${name} ${n}`),
        lost: () => void told.push(`${name} ${n} lost`),
      }
      watch.add(name, watcher)
      return () => watch.remove(name, watcher)
    }),
  )
  const pass = TestClock.adjust(RESCAN_MS + TOLD_REST_MS)
  // The first look tells everybody: nobody knows how it was before.
  yield* TestClock.adjust(2 * RESCAN_MS)
  told.splice(0)
  seen.looks = 0
  return { leave, losses, pass, places, seen, told }
})

const at = (position: string, ahead?: Checkpoint["ahead"]): Checkpoint => ({
  name: "a",
  position,
  eventId: `event ${position}`,
  ...(ahead === undefined ? {} : { ahead }),
})

describe("what may be due without a wake-up", () => {
  it.effect("is looked for once for all connections, and told to those whose reconciler has decided something", () =>
    Effect.gen(function* () {
      const { pass, places, seen, told } = yield* watching({ a: 2, b: 1 })
      for (let n = 0; n < 20; n++) yield* pass
      assert.isAtMost(seen.looks, 2 * 21)
      assert.lengthOf(told, 0)
      places.set("a", at("7"))
      yield* pass
      assert.deepStrictEqual(told.splice(0), ["a 0", "a 1"])
      yield* pass
      assert.lengthOf(told, 0)
      places.set("a", at("7", [{ tenant: "acme", position: "9", eventId: "event 9" }]))
      yield* pass
      assert.deepStrictEqual(told, ["a 0", "a 1"])
    }).pipe(Effect.scoped),
  )

  it.effect("is told to some at a time", () =>
    Effect.gen(function* () {
      const { places, told } = yield* watching({ a: 3 * TOLD_AT_ONCE })
      places.set("a", at("7"))
      let most = 0
      for (let ms = 0; ms < 2 * RESCAN_MS; ms += TOLD_REST_MS) {
        const before = told.length
        yield* TestClock.adjust(TOLD_REST_MS)
        most = Math.max(most, told.length - before)
      }
      assert.deepStrictEqual([told.length, most], [3 * TOLD_AT_ONCE, TOLD_AT_ONCE])
    }).pipe(Effect.scoped),
  )

  it.effect("is for everybody to look for where the state did not answer or we failed, and when it does again", () =>
    Effect.gen(function* () {
      const { pass, seen, told } = yield* watching({ a: 1 })
      for (const how of ["isAway", "isBroken"] as const) {
        seen[how] = true
        yield* pass
        assert.lengthOf(told.splice(0), 1)
        seen[how] = false
        yield* pass
        assert.lengthOf(told.splice(0), 1)
        yield* pass
        assert.lengthOf(told, 0)
      }
    }).pipe(Effect.scoped),
  )

  it.effect("is told at once where the bus says that it lost wake-ups, and to nobody who has left", () =>
    Effect.gen(function* () {
      const { leave, losses, pass, seen, told } = yield* watching({ a: 2 })
      leave[0]!()
      yield* PubSub.publish(losses, undefined)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(told, ["a 1 lost"])
      leave[1]!()
      seen.looks = 0
      for (let n = 0; n < 5; n++) yield* pass
      assert.isAtMost(seen.looks, 1)
    }).pipe(Effect.scoped),
  )
})
