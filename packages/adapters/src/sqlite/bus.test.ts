import { Bus } from "@concordat/engine/ports/Bus"
import { Commit } from "@concordat/engine/ports/Commit"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { DatabaseSync } from "node:sqlite"
import { afterEach, expect, it, vi } from "vitest"
import { layer } from "./Sqlite.ts"

afterEach(() => {
  vi.restoreAllMocks()
})

const unit = (subject: string, id: string) => ({
  appends: [],
  documents: [],
  checkpoint: null,
  commands: [{ subject, id, body: "{}" }],
})

it("a consumer that waits takes a message in the transaction that publishes it", () =>
  Effect.gen(function* () {
    const [bus, store] = [yield* Bus, yield* Commit]
    const heard: Array<string> = []
    const consuming = yield* bus
      .consume({ group: "g", subjects: ["push.a"], maxInFlight: 8, ackWait: "30 seconds" })
      .pipe(
        Stream.runForEach(({ id }) => Effect.sync(() => heard.push(id))),
        Effect.forkChild,
      )
    yield* store.commit(unit("push.a", "1"))
    yield* Effect.repeat(Effect.yieldNow, { times: 20 })
    expect(heard).toEqual(["1"])
    const said = vi.spyOn(DatabaseSync.prototype, "exec")
    yield* store.commit(unit("push.a", "2"))
    yield* Effect.repeat(Effect.yieldNow, { times: 20 })
    expect(heard).toEqual(["1", "2"])
    expect(said.mock.calls.filter(([sql]) => sql === "COMMIT")).toHaveLength(1)
    yield* store.commit(unit("push.b", "3"))
    yield* Effect.repeat(Effect.yieldNow, { times: 20 })
    expect(heard).toEqual(["1", "2"])
    yield* Fiber.interrupt(consuming)
  }).pipe(Effect.scoped, Effect.provide(layer({ path: ":memory:", inPlace: true })), Effect.runPromise))
