import { assert, describe, it } from "@effect/vitest"
import type { Explanation, GroupExplanation } from "@concordat/api/operator/views"
import { stripVTControlCharacters } from "node:util"
import * as words from "../table.ts"
import { inWords } from "./entity.ts"

const seen = (via: string): NonNullable<GroupExplanation["observation"]> => ({
  connection: "hubspot",
  object: "contacts",
  id: "12",
  at: 20_000,
  readStartedAt: 10_000,
  stamp: null,
  by: "person",
  via,
  values: { jobtitle: "CEO" },
})

const explained = (via: string): Explanation => ({
  type: "contact",
  id: "c1",
  archived: null,
  mergedInto: null,
  records: [{ connection: "hubspot", object: "contacts", id: "12", primary: true }],
  merged: [],
  questions: [],
  tombstones: [],
  history: [],
  groups: [
    {
      group: "title",
      value: { title: "CEO" },
      revision: 1,
      from: {
        connection: "hubspot",
        record: { object: "contacts", id: "12" },
        event: "e1",
        after: 10_000,
        until: 20_000,
        provider: false,
      },
      observation: seen(via),
      history: [],
      at: [],
    },
  ],
})

const said = (via: string): string => stripVTControlCharacters(inWords(words, explained(via)))

describe("where a value comes from", () => {
  it("is the reading that showed it, or the history in which it was found", () => {
    assert.include(said("poll"), "  read 1970-01-01 00:00:20 by poll, edited by person")
    assert.include(said("history"), "  found 1970-01-01 00:00:20 in the history, edited by person")
  })

  it("is shown also where it says a time that there is not", () => {
    const { from, ...group } = explained("poll").groups[0]!
    const of = { ...explained("poll"), groups: [{ ...group, from: { ...from, until: 1e300, provider: true } }] }
    assert.include(stripVTControlCharacters(inWords(words, of)), "last changed there 1e+300 ms after 1970")
  })
})

describe("what became of an entity", () => {
  it("is told with who asked, and with how each record was found to be it", () => {
    const none = { event: "e", connection: null, record: null, entity: null, reason: null, by: null }
    const record = { object: "contacts", id: "12" }
    const history = [
      { ...none, at: 4_000, kind: "splitOff" as const, entity: "c2", by: "dave" },
      { ...none, at: 3_000, kind: "mergedAway" as const, entity: "c2", by: "carol" },
      { ...none, at: 2_000, kind: "unlinked" as const, connection: "hubspot", record, reason: "deleted" },
      { ...none, at: 1_000, kind: "linked" as const, connection: "hubspot", record, reason: "email" },
    ]
    const told = stripVTControlCharacters(inWords(words, { ...explained("poll"), history }))
    assert.include(told, "1970-01-01 00:00:04 split off from contact:c2 by dave")
    assert.include(told, "1970-01-01 00:00:03 merged into contact:c2 by carol")
    assert.include(told, "1970-01-01 00:00:02 hubspot contacts:12 left (deleted)")
    assert.include(told, "1970-01-01 00:00:01 hubspot contacts:12 linked (email)")
  })
})
