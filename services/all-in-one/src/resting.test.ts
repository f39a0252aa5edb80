import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { adjust } from "effect/testing/TestClock"
import { givesBackAtRest, OF_THIS_PROCESS } from "./resting.ts"

const MB = 1024 * 1024

const machine = () => {
  const state = { cpu: 0, heap: 160 * MB, live: 80 * MB, compacted: 0 }
  const memory = {
    cpuMs: () => state.cpu,
    heapBytes: () => state.heap,
    compact: () => {
      state.compacted += 1
      state.heap = state.live
      state.cpu += 1_000
    },
  }
  return { state, memory }
}

describe("memory at rest", () => {
  it.effect("is given back once nothing is asked for half a minute, and not again before it has grown", () =>
    Effect.gen(function* () {
      const { memory, state } = machine()
      yield* Effect.forkChild(givesBackAtRest(memory), { startImmediately: true })
      yield* adjust("29 seconds")
      assert.strictEqual(state.compacted, 0)
      yield* adjust("1 second")
      assert.strictEqual(state.compacted, 1)
      state.heap += 31 * MB
      yield* adjust("10 minutes")
      assert.strictEqual(state.compacted, 1)
      state.heap += 1 * MB
      yield* adjust("10 seconds")
      assert.strictEqual(state.compacted, 2)
    }),
  )

  it.effect("is kept while there is work, also such as comes every twenty seconds", () =>
    Effect.gen(function* () {
      const { memory, state } = machine()
      yield* Effect.forkChild(givesBackAtRest(memory), { startImmediately: true })
      for (let n = 0; n < 30; n += 1) {
        state.cpu += 600
        yield* adjust("20 seconds")
      }
      assert.strictEqual(state.compacted, 0)
      yield* adjust("30 seconds")
      assert.strictEqual(state.compacted, 1)
    }),
  )

  it("of this process is less once it is compacted", () => {
    let kept: Array<Array<number>> | null = Array.from({ length: 2_000 }, (_, n) =>
      Array.from({ length: 1_000 }, () => n),
    )
    assert.strictEqual(kept.length, 2_000)
    const before = OF_THIS_PROCESS.heapBytes()
    kept = null
    OF_THIS_PROCESS.compact()
    assert.isBelow(OF_THIS_PROCESS.heapBytes(), before)
    assert.isAbove(OF_THIS_PROCESS.cpuMs(), 0)
  })
})
