/** How a batch is taken apart before it is decided. */
import { describe, expect, it } from "vitest"
import type { RecordedEvent } from "../ports/Journal.ts"
import { partsOf } from "./Reconciler.ts"

const event = (type: string, revision: number): RecordedEvent => ({
  id: `${revision}`,
  type,
  data: "{}",
  metadata: {},
  stream: "record-00.acme.crm.person.1",
  revision,
  position: `${revision}`,
})

describe("a batch", () => {
  it("has a part of its own for each event that names hundreds of entities, in the order of all", () => {
    const types = ["RecordObserved", "RecordGone", "EntitiesListed", "EntitiesListed", "RecordObserved"]
    const parts = partsOf(types.map(event))
    expect(parts.map((part) => part.map(({ type }) => type))).toEqual([
      ["RecordObserved", "RecordGone"],
      ["EntitiesListed"],
      ["EntitiesListed"],
      ["RecordObserved"],
    ])
    expect(parts.flat().map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4])
    expect(partsOf([])).toEqual([])
  })
})
