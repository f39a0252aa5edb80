/** What is found where the engine still holds work at rest. */
import type { WorkerView } from "@concordat/engine/connection/view"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { makeStores } from "../store/ports.ts"
import { Timeline } from "../timeline.ts"
import { atRest, type Working } from "./at-rest.ts"

const viewOf = (open: number, waiting: number, hints: number, idle: boolean): WorkerView =>
  ({ idle, writes: { open, retrying: 0, nextAt: null }, budget: { waiting, running: 0, buckets: [] }, hints }) as never

/** Shows one view after the other, and the last one for ever. */
const showing = (...views: ReadonlyArray<WorkerView>): Working => {
  let looks = 0
  const view = Effect.sync(() => views[Math.min(looks++, views.length - 1)]!)
  return { name: "acme.hubspot", handle: { view }, ask: Effect.runPromise as Working["ask"] }
}
const worker = (open: number, waiting: number, hints: number): Working => showing(viewOf(open, waiting, hints, false))

describe("at rest", () => {
  const found = async (kind: string, count: number, ...working: ReadonlyArray<Working>) => {
    const stores = makeStores()
    const documents = Array.from({ length: count }, (_, n) => ({
      tenant: "acme",
      kind,
      key: `hubspot|${n}`,
      value: "{}",
    }))
    stores.documents.write(documents, null)
    return (await atRest(stores, new Timeline(0), working)).map(({ detail }) => detail)
  }

  it("nothing is on its way, in documents and in memory", async () => {
    assert.deepStrictEqual(await found("intent", 1, worker(2, 3, 4)), [
      "documents of kind intent: 1, and 0 at most",
      "writes of acme.hubspot that are open: 2, and 0 at most",
      "calls of acme.hubspot that wait for their turn: 3, and 0 at most",
      "records that acme.hubspot wants looked at: 4, and 0 at most",
    ])
  })
  it("a regular poll may wait for its turn, which comes; of what else waits there is nothing", async () => {
    const [poll, work, rest] = [viewOf(0, 1, 0, true), viewOf(0, 1, 0, false), viewOf(0, 0, 0, true)]
    const waits = ["calls of acme.hubspot that wait for their turn: 1, and 0 at most"]
    assert.deepStrictEqual(await found("entity", 1, showing(poll, poll, rest)), [])
    assert.deepStrictEqual(await found("entity", 1, showing(poll)), waits)
    assert.deepStrictEqual(await found("entity", 1, showing(work, rest)), waits)
  })
  it("bookkeeping is bounded by connection, and what is stored is not", async () => {
    const idle = worker(0, 0, 0)
    assert.deepStrictEqual(await found("entity", 1_000, idle), [])
    assert.deepStrictEqual(await found("cursor", 40, idle), [])
    assert.deepStrictEqual(await found("cursor", 41, idle), ["documents of kind cursor: 41, and 40 at most"])
    assert.deepStrictEqual(await found("cursor", 80, idle, idle), [])
  })
})
