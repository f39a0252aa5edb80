/** Documents as text: what is read is what was written, and what repeats stands there once. */
import { describe, expect, it } from "vitest"
import type { Provenance } from "@concordat/model/events/entity"
import type { EntityDoc } from "../src/state/documents.ts"
import { decodeDocument, encodeDocument } from "../src/state/stored.ts"

const seen = (connection: string, event: string): Provenance => ({
  connection,
  record: { object: "person", id: "1" },
  event,
  after: 1,
  until: 2,
  provider: true,
})
const group = (value: string, provenance: Provenance) => ({ value: { text: value }, revision: 0, provenance })
const held = (signature: string, view: string, provenance?: Provenance) => ({
  signature,
  shadow: { text: view },
  ...(provenance === undefined ? {} : { seen: provenance }),
})

const entity: EntityDoc = {
  type: "contact",
  id: "e1",
  revision: 3,
  groups: {
    a: group("A", seen("crm", "event-1")),
    b: group("B", seen("crm", "event-1")),
    c: group("C", seen("app", "event-2")),
  },
  links: {
    crm: {
      primary: { object: "person", id: "1" },
      duplicates: [],
      tombstone: null,
      groups: {
        a: held("lens-1", "A", seen("crm", "event-1")),
        b: { ...held("lens-1", "B"), wrote: { view: { text: "B" }, at: 5 } },
        c: { ...held("lens-2", "C"), wrote: { view: { text: "Another" }, at: 6 }, hops: 2, quarantined: true },
      },
      intents: [],
      due: { seq: 1, hash: null },
    },
  },
  keys: [],
  archived: null,
  mergedInto: null,
  merges: [],
  notSame: [],
  questions: [],
}

describe("stored documents", () => {
  it("are read as they were written", () => {
    const text = encodeDocument("entity", entity)
    expect(decodeDocument("entity", text)).toEqual(entity)
    expect(encodeDocument("entity", decodeDocument("entity", text))).toBe(text)
    expect(decodeDocument("record", encodeDocument("record", { state: "linked" }))).toEqual({ state: "linked" })
  })

  it("say once what an entity repeats", () => {
    const text = encodeDocument("entity", entity)
    expect(text.split("event-1").length - 1).toBe(1)
    expect(text.split("lens-1").length - 1).toBe(1)
    expect(text.split('{"text":"B"}').length - 1).toBe(1)
  })

  it("say a view apart from the value where their texts differ, be it in the order of what they say", () => {
    const value = { street: "S", tags: ["x", "y"], city: null }
    const views = [
      value,
      { ...value },
      { ...value, tags: ["x", "y"] },
      { tags: ["x", "y"], street: "S", city: null },
      { ...value, tags: ["y", "x"] },
      { ...value, city: "" },
      { street: "S", tags: ["x", "y"] },
      { ...value, "~street": "line1" },
      {},
      null,
    ]
    const links = Object.fromEntries(
      views.map((shadow, n) => [`c${n}`, { ...entity.links["crm"]!, groups: { a: { signature: "lens", shadow } } }]),
    )
    const doc: EntityDoc = { ...entity, groups: { a: { ...entity.groups["a"]!, value } }, links }
    const text = encodeDocument("entity", doc)
    const read = decodeDocument("entity", text) as EntityDoc
    for (const [n, shadow] of views.entries())
      expect(JSON.stringify(read.links[`c${n}`]?.groups["a"]?.shadow)).toBe(JSON.stringify(shadow))
    expect(encodeDocument("entity", read)).toBe(text)
    expect(text.split('"tags":["x","y"]').length - 1).toBe(5)
  })

  it("are read as they were written before views were said by the value", () => {
    const text = encodeDocument("entity", entity)
    const before = text.replace(/"a":\[(\d+),1,(\d+),null\]/, '"a":[$1,{"text":"A"},$2,null]')
    expect(before).not.toBe(text)
    expect(decodeDocument("entity", before)).toEqual(entity)
  })
})
