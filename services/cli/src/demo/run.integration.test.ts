/** What the demo leaves behind when its engine does not start. */
import * as Effect from "effect/Effect"
import { readFileSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { assert, describe, it } from "vitest"
import { runDemo } from "./run.ts"

const SMALL = { contacts: 20, shared: 6, companies: 10, deals: 4, dealsTwice: 1, activities: 8 }

describe("a demo whose engine does not start", () => {
  it("says why, and keeps the log that it names", { timeout: 120_000 }, async () => {
    const options = { once: true, json: true, seed: 1, quiet: true, sizes: SMALL, engineEnv: { CONCORDAT_TOKEN: "" } }
    const { message } = await Effect.runPromise(Effect.flip(runDemo(options)))
    assert.match(message, /^the engine ended with 1: .*CONCORDAT_TOKEN/)
    const log = /its log: (\S+)/.exec(message)?.[1] ?? assert.fail(message)
    assert.include(readFileSync(log, "utf8"), "CONCORDAT_TOKEN")
    rmSync(dirname(log), { recursive: true })
  })
})
