import { describe, expect, it } from "vitest"
import { RECENT_DOCUMENT_CHARACTERS, RECENT_DOCUMENTS } from "./limits.ts"
import { NOTHING, type Reply } from "./protocol.ts"
import { RecentDocuments } from "./recent-documents.ts"

const id = (key: string) => ["acme", "seen", key]
const commit = (...documents: ReadonlyArray<string | null>) => ({ ...NOTHING, now: 0, documents })
const appended: Reply = { id: 1, ok: true, answer: { _tag: "Appended", position: 1, isRepeated: false } }
const failed: Reply = { id: 1, ok: false, failure: { reason: "indeterminate", detail: "" } }

const wrote = (recent: RecentDocuments, key: string, text: string | null, reply: Reply = appended): void =>
  recent.replied(commit(...id(key), text), reply)

describe("documents as they were last written or read", () => {
  it("are what was written, and what was answered of others, also that there is none", () => {
    const recent = new RecentDocuments()
    expect(recent.get(id("a"))).toBeUndefined()
    wrote(recent, "a", "1")
    recent.replied({ op: "get", ids: [...id("b"), ...id("c")] }, { id: 2, ok: true, answer: ["2", null] })
    expect(recent.get([...id("a"), ...id("b"), ...id("c")])).toEqual(["1", "2", null])
    expect(recent.get([...id("a"), ...id("d")])).toBeUndefined()
    wrote(recent, "a", null)
    wrote(recent, "c", "3")
    expect(recent.get([...id("a"), ...id("c")])).toEqual([null, "3"])
    expect(recent.get(["acme", "due", "a"])).toBeUndefined()
    expect(recent.get(["other", "seen", "a"])).toBeUndefined()
  })

  it("are as before where a commit was refused, and forgotten where its outcome is unknown", () => {
    const recent = new RecentDocuments()
    wrote(recent, "a", "1")
    wrote(recent, "a", "2", { id: 1, ok: true, answer: { _tag: "Conflict", streams: ["s"] } })
    expect(recent.get(id("a"))).toEqual(["1"])
    wrote(recent, "a", "2", failed)
    expect(recent.get(id("a"))).toBeUndefined()
  })

  it("are none of a large commit, which takes back what was here of them", () => {
    const recent = new RecentDocuments()
    wrote(recent, "a", "1")
    const many = Array.from({ length: RECENT_DOCUMENTS }, (_, n) => [...id(`${n}`), "x"]).flat()
    recent.replied(commit(...id("a"), "2", ...many), appended)
    expect(recent.get(id("a"))).toBeUndefined()
    expect(recent.get(id("1"))).toBeUndefined()
  })

  it("stay while they are asked for, within a bound", () => {
    const recent = new RecentDocuments()
    wrote(recent, "asked", "1")
    wrote(recent, "not", "2")
    const text = "x".repeat(RECENT_DOCUMENT_CHARACTERS / 16)
    for (let n = 0; n < 16; n++) {
      wrote(recent, `${n}`, text)
      expect(recent.get(id("asked"))).toEqual(["1"])
    }
    expect(recent.get(id("not"))).toBeUndefined()
    expect(recent.get(id("0"))).toBeUndefined()
    expect(recent.get(id("15"))).toEqual([text])
    // An older text of one that was written again is not found when the newer one has gone.
    wrote(recent, "asked", "3")
    expect(recent.get(id("asked"))).toEqual(["3"])
  })

  it("has checkpoints too, and nothing once all are dropped", () => {
    const recent = new RecentDocuments()
    expect(recent.checkpoint("reconciler")).toBeUndefined()
    recent.replied({ op: "checkpoint", name: "reconciler" }, { id: 1, ok: true, answer: null })
    expect(recent.checkpoint("reconciler")).toBeNull()
    recent.replied({ ...commit(...id("a"), "1"), checkpoint: ["reconciler", "1", "e", ""] }, appended)
    expect(recent.checkpoint("reconciler")).toEqual(["reconciler", "1", "e", ""])
    recent.replied({ op: "clear" }, { id: 2, ok: true, answer: null })
    expect(recent.checkpoint("reconciler")).toBeUndefined()
    expect(recent.get(id("a"))).toBeUndefined()
    recent.replied({ ...commit(), checkpoint: ["reconciler", "2", "f", ""] }, appended)
    recent.replied({ ...commit(), checkpoint: ["reconciler", "3", "g", ""] }, failed)
    expect(recent.checkpoint("reconciler")).toBeUndefined()
  })
})
