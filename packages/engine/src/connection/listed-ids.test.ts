import { assert, describe, it } from "vitest"
import { ListedIds } from "./listed-ids.ts"

/** HubSpot's and Odoo's, texts, and what looks like a number and is none that a double gives back. */
const IDS = [
  ...Array.from({ length: 5_000 }, (_, n) => String(n + 1)),
  ...Array.from({ length: 5_000 }, (_, n) => String(101_234_567_890 + n * 4_294_967_296)),
  ...Array.from({ length: 500 }, (_, n) => `00Q${n}`),
  "999999999999999",
  "1000000000000000",
  "9007199254740993",
  "9007199254740992",
  "0",
  "007",
  "-1",
  "1.5",
  "1e3",
  "",
]
const other = (id: string): string => `${id}7`

describe("listed ids", () => {
  it("has what was listed, as it was written, and nothing else", () => {
    const listed = new ListedIds()
    const set = new Set<string>()
    for (const id of IDS.filter((_, at) => at % 3 !== 0)) {
      listed.add(id)
      listed.add(id)
      set.add(id)
    }
    for (const id of [...IDS, ...IDS.map(other), "+1", " 1", "01"]) assert.strictEqual(listed.has(id), set.has(id), id)
  })

  it("gives what was not told, numbers by size and then the others as they came", () => {
    const listed = new ListedIds()
    for (const id of ["b", "30", "0", "a", "7", "101234567890"]) listed.add(id)
    for (const id of ["30", "a", "8", "c"]) listed.tell(id)
    assert.deepStrictEqual(listed.untold, ["7", "101234567890", "b", "0"])
    assert.isTrue(listed.has("30"))
    assert.isTrue(listed.has("a"))
    assert.isFalse(listed.has("8"))
    // Listed once more by a page that shifted, it stays told.
    listed.add("30")
    listed.add("a")
    assert.deepStrictEqual(listed.untold, ["7", "101234567890", "b", "0"])
  })

  it("keeps what was told while it grows", () => {
    const listed = new ListedIds()
    for (const [at, id] of IDS.entries()) {
      listed.add(id)
      if (at % 2 === 0) listed.tell(id)
    }
    assert.deepStrictEqual(listed.untold.toSorted(), IDS.filter((_, at) => at % 2 === 1).toSorted())
    listed.clear()
    assert.deepStrictEqual([listed.untold, listed.has("1"), listed.has("00Q1")], [[], false, false])
  })
})
