/** What the demo refuses before it starts anything. */
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
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

  it("does not start on a port where another process would answer in its place", async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => {
      taken.listen(0, "127.0.0.1", resolve)
    })
    const address = taken.address()
    const port = typeof address === "object" && address !== null ? address.port : assert.fail("no port")
    const dir = mkdtempSync(join(tmpdir(), "concordat-demo-test-"))
    try {
      const failure = await Effect.runPromise(
        Effect.flip(runDemo({ once: true, json: true, seed: 1, quiet: true, port, dir })),
      )
      assert.match(failure.message, new RegExp(`--port ${port} can't be listened on: .*EADDRINUSE`))
    } finally {
      taken.close()
      rmSync(dir, { recursive: true })
    }
  })
})
