import type { RecordKey } from "@concordat/rules/state/documents"
import { assert, describe, it } from "vitest"
import { type Pushed, togetherOf } from "./taking.ts"

const pushed = (via: Pushed["via"], ...ids: ReadonlyArray<string>): Pushed => {
  const records = ids.map((id): RecordKey => ({ object: "contacts", id }))
  return { records, readings: [], via }
}

describe("records pushed in at once", () => {
  it("are taken together, in the order they came", () => {
    const waiting = [pushed("webhook", "1"), pushed("webhook", "2", "3")]
    assert.deepStrictEqual(togetherOf(waiting), waiting)
  })

  it("are not taken with an earlier word on the same record: both are facts", () => {
    const waiting = [pushed("webhook", "1"), pushed("webhook", "2", "1"), pushed("webhook", "3")]
    assert.deepStrictEqual(togetherOf(waiting), waiting.slice(0, 1))
  })

  it("are not taken with what came another way", () => {
    const waiting = [pushed("webhook", "1"), pushed("backfill", "2")]
    assert.deepStrictEqual(togetherOf(waiting), waiting.slice(0, 1))
  })

  it("are bounded, and one call of many records is whole", () => {
    const many = Array.from({ length: 501 }, (_, n) => String(n))
    const waiting = [pushed("webhook", ...many), pushed("webhook", "x")]
    assert.deepStrictEqual(togetherOf(waiting), waiting.slice(0, 1))
    const ones = many.map((id) => pushed("webhook", id))
    assert.strictEqual(togetherOf(ones).length, 500)
  })

  it("may say one record twice in one call, of which the last counts", () => {
    const waiting = [pushed("webhook", "1", "1"), pushed("webhook", "2")]
    assert.strictEqual(togetherOf(waiting).length, 2)
  })
})
