/** The cap on writes per hour where batches begin side by side. */
import { assert, describe, it } from "@effect/vitest"
import type { ConnectionDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { Cap } from "./cap.ts"
import type { Parts } from "./parts.ts"

describe("cap", () => {
  it.effect("two batches at once take no more than the cap", () =>
    Effect.gen(function* () {
      const parts = {
        tenant: "acme",
        connection: "crm",
        tick: Effect.succeed(1_000),
        cursors: new Map(),
        state: { getMany: () => Effect.as(Effect.yieldNow, [null]) },
        ledger: { exclusively: (one: Effect.Effect<unknown>) => one, commit: () => Effect.succeed([]) },
      } as unknown as Parts
      const doc = { armedAt: 0, writesPerHour: 100 } as unknown as ConnectionDoc
      const cap = new Cap()
      const taken = yield* Effect.all([cap.take(parts, doc, 80), cap.take(parts, doc, 80)], {
        concurrency: "unbounded",
      })
      assert.strictEqual(taken[0] + taken[1], 100)
    }),
  )
})
