import { randomUUID } from "node:crypto"
import { assert, describe, it } from "vitest"
import { readId, writeId } from "./event-id.ts"

const UUID = "019cad8f-ac00-8df2-a051-7d1e763fbdf3"

describe("ids of events on disk", () => {
  it("are the sixteen bytes of a UUID, and come back as they were", () => {
    assert.strictEqual(Buffer.from(writeId(UUID)).toString("hex"), UUID.replaceAll("-", ""))
    for (const id of [
      UUID,
      "00000000-0000-0000-0000-000000000000",
      "ffffffff-ffff-ffff-ffff-ffffffffffff",
      ...Array.from({ length: 100 }, () => randomUUID()),
    ]) {
      const stored = writeId(id)
      assert.instanceOf(stored, Uint8Array)
      assert.strictEqual(readId(stored), id)
    }
  })

  it("are the text of anything else, which is not mistaken for one", () => {
    for (const id of [
      "",
      "seed",
      UUID.toUpperCase(),
      UUID.replace("-", "0"),
      UUID.replace("0", "-"),
      UUID.slice(1),
      `${UUID}0`,
      UUID.replace("f", "g"),
      UUID.replace("9", "é"),
      UUID.replace("9", "漢"),
      UUID.replaceAll("-", "").padEnd(36, "0"),
    ])
      assert.strictEqual(readId(writeId(id)), id)
  })

  it("do not depend on what was read or written before", () => {
    const first = Uint8Array.from(writeId(UUID) as Uint8Array)
    const id = readId(first)
    readId(writeId("11111111-2222-3333-4444-555555555555"))
    assert.deepStrictEqual([id, readId(first)], [UUID, UUID])
  })
})
