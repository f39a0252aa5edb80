import { assert, describe, it } from "@effect/vitest"
import type { GroupExplanation } from "@concordat/api/operator/views"
import { stripVTControlCharacters } from "node:util"
import * as words from "../table.ts"
import { placeInWords } from "./places.ts"

type At = GroupExplanation["at"][number]

const write = (key: string, title: string, at: number): At["writes"][number] => ({
  at,
  key,
  kind: "update",
  sent: { title },
  outcome: "confirmed",
  answeredAt: at + 1_000,
  held: null,
  message: null,
  attempts: 1,
})

const place = (rest: Partial<At>): At => ({
  connection: "odoo",
  record: { object: "res.partner", id: "12" },
  state: "held",
  reason: null,
  view: { title: "CEO" },
  wanted: null,
  since: null,
  writes: [],
  ...rest,
})

const said = (rest: Partial<At>): ReadonlyArray<string> =>
  placeInWords(words, place(rest)).map(stripVTControlCharacters)

describe("what stands at a connection", () => {
  it("is said with the write that made it, and with no other", () => {
    const writes = [write("k1", "CTO", 0), write("k2", "CEO", 10_000)]
    const written = { how: "written", at: 10_000, via: null, by: null, key: "k2" } as const
    assert.deepStrictEqual(said({ since: written, writes }), [
      '  odoo res.partner:12: held "CEO"',
      "    written 1970-01-01 00:00:10, confirmed 1970-01-01 00:00:11",
    ])
    const read = { how: "read", at: 20_000, via: "poll", by: "person", key: null } as const
    assert.deepStrictEqual(said({ view: { title: "Boss" }, since: read, writes }), [
      '  odoo res.partner:12: held "Boss"',
      "    read 1970-01-01 00:00:20 by poll, edited by person",
      '    last write 1970-01-01 00:00:10: "CEO", confirmed 1970-01-01 00:00:11',
    ])
  })

  it("says what was sent where the provider holds it in another form", () => {
    const writes = [write("k1", " CEO", 0)]
    const since = { how: "written", at: 0, via: null, by: null, key: "k1" } as const
    assert.include(said({ since, writes })[1], 'written as " CEO" 1970-01-01 00:00:00')
  })

  it("claims nothing of a record that is gone, or never was", () => {
    assert.deepStrictEqual(said({ state: "gone", reason: "deleted" }), [
      '  odoo res.partner:12: gone (deleted), held last "CEO"',
    ])
    const adopted = { ...write("k1", "CEO", 0), outcome: "adopted" as const }
    assert.deepStrictEqual(said({ state: "refused", reason: "taken", record: null, view: null, writes: [adopted] }), [
      "  odoo: refused, no record there (taken)",
      '    last write 1970-01-01 00:00:00: "CEO", found there 1970-01-01 00:00:01 as another\'s record, nothing was sent',
    ])
  })

  it("shows amounts as people write them", () => {
    assert.include(said({ view: { amount: 3_753_627, currency: "EUR" } })[0], "held 37536.27 EUR")
    assert.include(said({ view: { amount: null, currency: null } })[0], "held nothing")
  })
})
