/** What an event says of the groups that moved, and what version 1 said of them. */
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { apart, type Moved, together } from "./changes.ts"
import { readEvent } from "./stored.ts"

const seen = (event: string) => ({
  connection: "crm",
  record: { object: "contacts", id: "7" },
  event,
  after: 1,
  until: 2,
  provider: true,
})
const moved = (group: string, rest: Partial<Moved> = {}): Moved => ({
  group,
  rule: "filled",
  provenance: seen("e1"),
  loser: null,
  ...rest,
})

describe("the groups that moved", () => {
  it("stand together under one rule and source, in their order", () => {
    const entries = together([
      moved("name"),
      moved("email"),
      moved("title", { rule: "crm", loser: seen("e0") }),
      moved("phone", { rule: "crm", loser: seen("e0") }),
      moved("phone2", { rule: "crm", loser: seen("other") }),
      moved("city"),
      moved("zip", { provenance: seen("e2") }),
    ])
    assert.deepStrictEqual(
      entries.map(({ groups, loser, provenance, rule }) => [groups, rule, provenance.event, loser?.event ?? null]),
      [
        [["name", "email"], "filled", "e1", null],
        [["title", "phone"], "crm", "e1", "e0"],
        [["phone2"], "crm", "e1", "other"],
        [["city"], "filled", "e1", null],
        [["zip"], "filled", "e2", null],
      ],
    )
  })

  it("are each told again, also a group that moved twice", () => {
    const moves = [moved("name"), moved("name"), moved("email", { loser: seen("e0") })]
    assert.strictEqual(together(moves).length, 3)
    assert.deepStrictEqual(apart(together(moves)), moves)
  })

  for (const name of ["connection", "event", "after", "until", "provider"] as const) {
    it(`are apart where a source differs in its ${name}`, () => {
      const other = {
        ...seen("e1"),
        [name]: name === "provider" ? false : name === "after" || name === "until" ? 9 : "x",
      }
      assert.strictEqual(together([moved("name"), moved("email", { provenance: other })]).length, 2)
    })
  }

  it("are apart where a source is another record", () => {
    for (const record of [
      { object: "contacts", id: "8" },
      { object: "leads", id: "7" },
    ])
      assert.strictEqual(together([moved("name"), moved("email", { provenance: { ...seen("e1"), record } })]).length, 2)
  })

  it("are lifted from an event of version 1, which said them one by one", () => {
    const said = {
      type: "contact",
      values: { clear: { name: { value: { name: "Ada" } } } },
      changes: [moved("name"), moved("email"), moved("title", { rule: "crm", loser: seen("e0") })],
    }
    const link = { connection: "crm", record: { object: "contacts", id: "7" }, primary: true, how: "new" }
    const read = (type: string, data: object) => Result.getOrThrow(readEvent(type, JSON.stringify(data), {}))
    const changes = together(said.changes)
    assert.deepStrictEqual(read("ContactChanged", said), { ...said, changes })
    const damaged = JSON.stringify({ ...said, changes: [null] })
    assert.strictEqual(Result.isFailure(readEvent("ContactChanged", damaged, {})), true)
    assert.deepStrictEqual(read("DealCreated", { ...said, type: "deal", link }), {
      ...said,
      type: "deal",
      changes,
      link,
    })
  })
})
