/** What the demo refuses before it starts anything. */
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { runDemo } from "./run.ts"

describe("the demo", () => {
  it("does not start on the store of an earlier one, whose sandboxes are gone", async () => {
    const dir = mkdtempSync(join(tmpdir(), "concordat-demo-test-"))
    try {
      writeFileSync(join(dir, "concordat.sqlite"), "")
      const failure = await Effect.runPromise(
        Effect.flip(runDemo({ once: true, json: true, seed: 1, quiet: true, dir })),
      )
      assert.include(failure.message, "holds the store of an earlier demo")
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
