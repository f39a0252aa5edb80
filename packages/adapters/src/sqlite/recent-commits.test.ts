import { describe, expect, it } from "vitest"
import { RECENT_CHARACTERS } from "./limits.ts"
import { RecentCommits } from "./recent-commits.ts"

const event = (id: string, data = "{}") => [id, "RecordObserved", data, '{"at":"1"}']

/** Positions 1 to 5: two events of `record-0a.1`, one of `contact-0a.1`, then one more of each. */
const some = () => {
  const recent = new RecentCommits()
  const streams = ["record-0a.1", "contact-0a.1"]
  recent.add({ streams, expected: [-1, 6], counts: [2, 1], events: [...event("a"), ...event("b"), ...event("c")] }, 3)
  recent.add({ streams, expected: [1, 7], counts: [1, 1], events: [...event("d"), ...event("e")] }, 5)
  return recent
}
const ids = (page: ReturnType<RecentCommits["after"]>) => page && page.texts.filter((_, n) => n % 5 === 0).join("")

describe("what was committed last", () => {
  it("is handed out with streams, revisions and positions", () => {
    expect(some().after(2, ["contact-"], 10)).toEqual({
      texts: [...event("c"), "contact-0a.1", ...event("e"), "contact-0a.1"],
      numbers: [7, 3, 8, 5],
      reached: 5,
      atEnd: true,
    })
  })

  it("begins anywhere, also within a commit, and passes what was not asked for", () => {
    const recent = some()
    expect([0, 1, 2, 3, 4].map((after) => ids(recent.after(after, [], 10)))).toEqual([
      "abcde",
      "bcde",
      "cde",
      "de",
      "e",
    ])
    expect(recent.after(3, ["worker-"], 10)).toEqual({ texts: [], numbers: [], reached: 5, atEnd: true })
  })

  it("ends where enough was handed out, and says whether that is the end", () => {
    const recent = some()
    expect(recent.after(0, ["record-"], 2)).toMatchObject({ reached: 2, atEnd: false })
    expect(recent.after(2, [], 3)).toMatchObject({ reached: 5, atEnd: true })
  })

  it("is not asked for what lies before it; at its end nothing follows", () => {
    const recent = new RecentCommits()
    expect(recent.after(0, [], 10)).toBeNull()
    recent.add({ streams: ["record-0a.1"], expected: [4], counts: [1], events: event("a") }, 9)
    expect(recent.after(7, [], 10)).toBeNull()
    expect(ids(recent.after(8, [], 10))).toBe("a")
    expect(recent.after(9, [], 10)).toEqual({ texts: [], numbers: [], reached: 9, atEnd: true })
    expect(recent.after(10, [], 10)).toBeNull()
  })

  it("has no gap: a commit that does not follow the last one begins anew", () => {
    const recent = some()
    recent.add({ streams: ["record-0a.1"], expected: [2], counts: [1], events: event("f") }, 7)
    expect(recent.after(4, [], 10)).toBeNull()
    expect(ids(recent.after(6, [], 10))).toBe("f")
  })

  it("keeps so many characters, those of the last commits", () => {
    const recent = new RecentCommits()
    const text = "x".repeat(RECENT_CHARACTERS / 4)
    for (let n = 1; n <= 9; n++)
      recent.add({ streams: ["record-0a.1"], expected: [n - 2], counts: [1], events: event(`${n}`, text) }, n)
    expect(recent.after(5, [], 10)).toBeNull()
    expect(ids(recent.after(6, [], 10))).toBe("789")
  })

  it("is forgotten with what is forgotten", () => {
    const recent = some()
    recent.clear()
    expect(recent.after(4, [], 10)).toBeNull()
  })
})

describe("what was committed last of a stream", () => {
  const read = (from: number, backward = false, limit = 10, stream = "record-0a.1") =>
    some().ofStream({ op: "stream", stream, from, backward, limit })
  const end = Number.MAX_SAFE_INTEGER

  it("is handed out with revisions and positions", () => {
    expect(read(1)).toEqual({
      texts: [...event("b"), "record-0a.1", ...event("d"), "record-0a.1"],
      numbers: [1, 2, 2, 4],
      reached: 0,
      atEnd: true,
    })
    expect(ids(read(0, false, 2))).toBe("ab")
    expect(read(7, false, 10, "contact-0a.1")).toMatchObject({ numbers: [7, 3, 8, 5] })
  })

  it("is known to be all where nothing follows", () => {
    expect(read(3)).toMatchObject({ numbers: [], atEnd: true })
  })

  it("is read back from its end, or from a revision", () => {
    expect(read(end, true, 1)).toMatchObject({ numbers: [2, 4] })
    expect(ids(read(end, true))).toBe("dba")
    expect(ids(read(1, true, 1))).toBe("b")
    expect(ids(read(end, true, 2, "contact-0a.1"))).toBe("ec")
  })

  it("is not asked for what lies before it, nor for a stream that it has nothing of", () => {
    expect(read(6, false, 10, "contact-0a.1")).toBeNull()
    expect(read(end, true, 3, "contact-0a.1")).toBeNull()
    expect(read(0, false, 10, "record-0a.2")).toBeNull()
    expect(read(end, true, 1, "record-0a.2")).toBeNull()
  })
})
