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

  it("say of members only what is not usual, and read all of them", () => {
    const { due: _, ...link } = entity.links["crm"]!
    const text = encodeDocument("entity", { ...entity, links: { crm: { ...link, due: { seq: 0, hash: null } } } })
    for (const name of ["archived", "mergedInto", "merges", "notSame", "questions", "keys"])
      expect(text).not.toContain(name)
    for (const name of ["duplicates", "tombstone", "intents", "due"]) expect(text).not.toContain(name)
    const record = { object: "person", id: "2" }
    const unusual: EntityDoc = {
      ...entity,
      groups: { ...entity.groups, a: { ...entity.groups["a"]!, revision: 7 } },
      links: {
        crm: {
          ...entity.links["crm"]!,
          primary: null,
          duplicates: [record],
          tombstone: { record, reason: "deleted" },
          intents: [{ key: "k", due: 1, kind: "update", object: "person", groups: {}, at: 3, unknown: false }],
          due: { seq: 0, hash: "h" },
        },
      },
      keys: ["email:a"],
      archived: "deleted",
      mergedInto: "e2",
      merges: [{ from: "e3", at: 1, brought: { groups: {}, links: [], doc: null }, kept: { groups: {}, links: [] } }],
      notSame: ["e4"],
      questions: ["crm|person:2"],
    }
    expect(decodeDocument("entity", encodeDocument("entity", unusual))).toEqual(unusual)
  })

  it("keep the order in which a connection holds its groups, and which it holds", () => {
    const { a, b, c } = entity.links["crm"]!.groups
    const orders = [{ a, c }, { b }, { c, a, b }, { a, other: b, c }, {}] as ReadonlyArray<Record<string, typeof a>>
    for (const groups of orders) {
      const doc = { ...entity, links: { crm: { ...entity.links["crm"]!, groups } } } as EntityDoc
      const read = decodeDocument("entity", encodeDocument("entity", doc)) as EntityDoc
      expect(JSON.stringify(read.links["crm"]!.groups)).toBe(JSON.stringify(groups))
      expect(read).toEqual(doc)
    }
  })

  it("are read as they were written when an entity said all of its members", () => {
    const provenance = (connection: string, event: string) => JSON.stringify(seen(connection, event))
    const before =
      `{"shared":[${provenance("crm", "event-1")},${provenance("app", "event-2")},"lens-1","lens-2"],` +
      '"entity":{"type":"contact","id":"e1","revision":3,' +
      '"groups":{"a":[{"text":"A"},0,0],"b":[{"text":"B"},0,0],"c":[{"text":"C"},0,1]},' +
      '"links":{"crm":{"primary":{"object":"person","id":"1"},"duplicates":[],"tombstone":null,' +
      '"groups":{"a":[2,1,0,null],"b":[2,1,-1,5],"c":[3,1,-1,{"view":{"text":"Another"},"at":6},{"hops":2,"quarantined":true}]},' +
      '"intents":[],"due":{"seq":1,"hash":null}}},' +
      '"keys":[],"archived":null,"mergedInto":null,"merges":[],"notSame":[],"questions":[]}}'
    expect(decodeDocument("entity", before)).toEqual(entity)
    // And before views were said by the value.
    const older = before.replace('"a":[2,1,0,null]', '"a":[2,{"text":"A"},0,null]')
    expect(older).not.toBe(before)
    expect(decodeDocument("entity", older)).toEqual(entity)
  })
})
