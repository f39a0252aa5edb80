/** One look for all connections of a process, and whoever has news is rung. */
import { assert, describe, it } from "@effect/vitest"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { WATCH_LOOK_MS } from "../limits.ts"
import { Journal, JournalError } from "../ports/Journal.ts"
import { makeJournalWatch } from "./journal-watch.ts"

const delivery = (name: string): string => streams.delivery("acme", name)
const connection = (name: string): string => streams.connection("acme", name)
const ALL_OF_TWO = ["c0", "c1"].flatMap((name) => [connection(name), delivery(name)])

/** A journal that counts looks; its events are streams' names, or type and name, and their places are their numbers. */
const listing = () => {
  const names: Array<string> = []
  const seen = { looks: 0, isAway: false, isBroken: false }
  const away = new JournalError({ reason: "unavailable", detail: "away" })
  const unused = (): never => {
    throw new Error("not asked for")
  }
  const journal = {
    ...Object.fromEntries(
      ["append", "appendMany", "read", "subscribe", "truncate", "delete", "skip", "at"].map((name) => [name, unused]),
    ),
    end: Effect.suspend(() => Effect.succeed(names.length === 0 ? null : String(names.length))),
    readAll: ({ after, limit }: { readonly after: string | null; readonly limit: number }) =>
      Effect.suspend(() => {
        seen.looks += 1
        if (seen.isAway) return Effect.fail(away)
        if (seen.isBroken) return Effect.die(new Error("a fault of ours"))
        const from = after === null ? 0 : Number(after)
        const events = names.slice(from, from + limit).map((name) => {
          const [stream, type = "Armed"] = name.split(" ").toReversed()
          return { stream, type }
        })
        return Effect.succeed({ events, position: String(from + events.length) })
      }),
  }
  return { names, seen, journal: journal as unknown as Journal["Service"] }
}

const watching = Effect.fnUntraced(function* (count: number) {
  const { journal, names, seen } = listing()
  const watch = yield* Effect.provideService(makeJournalWatch, Journal, journal)
  const rung: Array<string> = []
  const watchers = Array.from({ length: count }, (_, n) => ({
    told: () => void rung.push(connection(`c${n}`)),
    delivered: () => void rung.push(delivery(`c${n}`)),
  }))
  for (const [n, watcher] of watchers.entries()) watch.add("acme", `c${n}`, watcher)
  yield* TestClock.adjust(WATCH_LOOK_MS)
  rung.splice(0)
  seen.looks = 0
  return {
    names,
    rung,
    seen,
    leave: Effect.sync(() => {
      for (const [n, watcher] of watchers.entries()) watch.remove("acme", `c${n}`, watcher)
    }),
  }
})

describe("news that nobody told of", () => {
  it.effect("of a thousand connections is looked for at once, and rings those that have some within two seconds", () =>
    Effect.gen(function* () {
      const { names, rung, seen } = yield* watching(1_000)
      yield* TestClock.adjust(30_000)
      assert.strictEqual(seen.looks, 15)
      assert.lengthOf(rung, 0)
      // More than a look reads at once.
      names.push(...Array.from({ length: 500 }, () => delivery("elsewhere")), delivery("c7"))
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(rung, [delivery("c7")])
      yield* TestClock.adjust(30_000)
      assert.lengthOf(rung, 1)
    }).pipe(Effect.scoped),
  )

  it.effect("is no news to a worker where it said it itself", () =>
    Effect.gen(function* () {
      const { names, rung } = yield* watching(2)
      names.push(`BackfillFinished ${connection("c0")}`, connection("c1"))
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(rung, [connection("c1")])
    }).pipe(Effect.scoped),
  )

  it.effect("has everybody look where the journal did not answer, and again when it does", () =>
    Effect.gen(function* () {
      const { names, rung, seen } = yield* watching(2)
      seen.isAway = true
      names.push(delivery("c1"))
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(rung.splice(0), ALL_OF_TWO)
      seen.isAway = false
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(rung.splice(0), ALL_OF_TWO)
      names.push(delivery("c1"))
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(rung, [delivery("c1")])
    }).pipe(Effect.scoped),
  )

  it.effect("is looked for again after a look that ended by a fault of ours", () =>
    Effect.gen(function* () {
      const { names, rung, seen } = yield* watching(2)
      seen.isBroken = true
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(rung.splice(0), ALL_OF_TWO)
      seen.isBroken = false
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(rung.splice(0), ALL_OF_TWO)
      names.push(delivery("c1"))
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(rung, [delivery("c1")])
    }).pipe(Effect.scoped),
  )

  it.effect("is nobody's while no connection works, and then nobody looks", () =>
    Effect.gen(function* () {
      const { leave, seen } = yield* watching(2)
      yield* leave
      yield* TestClock.adjust(60_000)
      assert.isAtMost(seen.looks, 1)
    }).pipe(Effect.scoped),
  )
})
