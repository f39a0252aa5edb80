/** Of which writes without an answer a history is asked once their record is read. */
import { clear } from "@concordat/model/events/envelope"
import type { JsonObject } from "@concordat/model/json"
import type { OpenIntentDoc } from "@concordat/rules/state/documents"
import { assert, describe, it } from "vitest"
import { lostOf } from "./lost-answers.ts"

const COMPANY = [{ object: "companies", id: "7" }]

const intentOf = (values: JsonObject, before: JsonObject, current?: JsonObject): OpenIntentDoc => ({
  stream: "record-3f.acme.crm.contacts.1",
  streamRevision: 3,
  data: {
    _tag: "WriteIntended",
    connection: "crm",
    object: "contacts",
    externalId: "1",
    entity: { type: "contact", id: "ada" },
    due: 1,
    key: "key",
    kind: "update",
    sent: clear({ groups: {}, values, before, lookup: {}, ownId: "" }) as unknown as JsonObject,
  },
  attempts: 1,
  nextAt: 0,
  job: null,
  until: 0,
  ...(current === undefined ? {} : { current }),
})

const asked = (intent: OpenIntentDoc, read: JsonObject) => {
  const lost = lostOf(intent, { object: "contacts", id: "1", values: read }, "contacts:1")
  return lost === null ? null : [lost.held, lost.before]
}

describe("a write without an answer", () => {
  const title = intentOf({ title: "Baroness" }, { title: "analyst" }, { title: "Analyst" })

  it("[R26] is asked about where its record shows anything else, with what was read before it", () => {
    const question = [{ title: "Baroness" }, { title: "Analyst" }]
    assert.deepStrictEqual(asked(title, { title: "Duchess" }), question)
    assert.deepStrictEqual(asked(title, { title: null }), question)
    assert.deepStrictEqual(asked(title, { title: "Analyst" }), question)
  })

  it("is told by its record where that shows it, or was not read for it", () => {
    assert.isNull(asked(title, { title: "Baroness" }))
    assert.isNull(asked(title, { name: "Ada" }))
  })

  it("is not asked about where nobody knows what stood there", () => {
    assert.isNull(asked(intentOf({ title: "Baroness" }, {}), { title: "Duchess" }))
  })

  it("[R26] is not taken for whole while an association that it sent is not there: that has a call of its own", () => {
    const both = intentOf({ title: "Baroness", "@companies": COMPANY }, { title: "Analyst", "@companies": [] })
    assert.isNull(asked(both, { title: "Duchess", "@companies": [] }))
    assert.isNull(asked(both, { title: "Duchess" }))
    assert.deepStrictEqual(asked(both, { title: "Duchess", "@companies": COMPANY })?.[0], { title: "Baroness" })
  })
})
