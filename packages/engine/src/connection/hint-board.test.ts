/** What is owed to a hint stays owed, whatever comes in for its record meanwhile. */
import { assert, describe, it } from "@effect/vitest"
import { makeHintBoard } from "./hint-board.ts"

const record = { object: "person", id: "1" }
const limit = () => 10

describe("hints that come while their record is read", () => {
  it("a second look that is owed stays owed, though somebody else wants the record read meanwhile", () => {
    const board = makeHintBoard(3_000)
    board.add({ ...record, kind: "changed" }, 0, 7)
    assert.lengthOf(board.take(0, limit), 1)
    board.add({ ...record, kind: "changed" }, 5, null)
    board.looked(record, true, 10)
    assert.lengthOf(board.take(10, limit), 1)
    board.looked(record, true, 20)
    assert.isNotNull(board.nextAt())
  })
  it("the same where the read failed", () => {
    const board = makeHintBoard(3_000)
    board.add({ ...record, kind: "changed" }, 0, 7)
    assert.lengthOf(board.take(0, limit), 1)
    board.add({ ...record, kind: "changed" }, 5, null)
    board.failed(record, 10)
    assert.lengthOf(board.take(10, limit), 1)
    board.looked(record, true, 20)
    assert.isNotNull(board.nextAt())
  })
  it("looks for a created record go on, though it is hinted at as changed while it is being read", () => {
    const board = makeHintBoard(0)
    board.add({ ...record, kind: "created" }, 0, 7)
    assert.lengthOf(board.take(0, limit), 1)
    board.add({ ...record, kind: "changed" }, 5, 8)
    board.looked(record, false, 10)
    assert.lengthOf(board.take(10, limit), 1)
    board.looked(record, false, 20)
    assert.isNotNull(board.nextAt())
  })
  it("one that comes before a later look is made at once, and the later look still after it", () => {
    const board = makeHintBoard(3_000)
    board.add({ ...record, kind: "changed" }, 0, 7)
    board.looked(board.take(0, limit)[0]!, true, 10)
    board.add({ ...record, kind: "changed" }, 20, null)
    board.looked(board.take(20, limit)[0]!, true, 30)
    assert.strictEqual(board.nextAt(), 3_030)
  })
})
