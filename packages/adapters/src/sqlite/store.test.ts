import { DatabaseSync } from "node:sqlite"
import { afterEach, expect, it, vi } from "vitest"
import { type Envelope, NOTHING } from "./protocol.ts"
import { openStore } from "./store.ts"

afterEach(() => {
  vi.restoreAllMocks()
})

const event = ["00000000-0000-5000-8000-000000000001", "RecordGone", "{}", "{}"]
const documents = ["t", "seen", "a", "{}"]
const commit = { ...NOTHING, now: 0 }
const requests = {
  facts: { ...commit, streams: ["record-0a.t"], expected: [-1], counts: [1], events: event, documents },
  documents: { ...commit, documents, checkpoint: ["reconciler", "1", "e", ""] },
  wakes: { ...commit, commands: ["push.t", "1", "{}"] },
  taking: { op: "take", group: "g", subjects: ["push.t"], max: 1, now: 0, ackWait: 1 },
  forgetting: { op: "forget", stream: "record-0a.t", before: "all" },
} satisfies Record<string, Envelope["request"]>

it("waits for the disk where something is acknowledged that follows from nothing else", () => {
  const store = openStore(":memory:")
  const said = vi.spyOn(DatabaseSync.prototype, "exec")
  const waits = (...names: ReadonlyArray<keyof typeof requests>) => {
    said.mockClear()
    const envelopes = names.map((name, id): Envelope => ({ id, request: requests[name] }))
    store.handle(envelopes, (replies) => expect(replies.every(({ ok }) => ok)).toBe(true))
    return said.mock.calls.some(([sql]) => sql.includes("synchronous = FULL"))
  }
  expect([waits("documents"), waits("taking"), waits("documents", "taking")]).toEqual([false, false, false])
  expect([waits("facts"), waits("wakes"), waits("forgetting")]).toEqual([true, true, true])
  expect(waits("documents", "wakes")).toBe(true)
  store.close()
})
