/** What the oracle asks of the people whom an activity is with. */
import { assert, describe, it } from "vitest"
import { Reshaping } from "../world/reshaping.ts"
import { History } from "./history.ts"
import { participantsApart } from "./participants.ts"

const history = new History(() => 0)

const said = (inApp: ReadonlyArray<string>, inHubspot: ReadonlyArray<string>, removed: ReadonlyArray<string> = []) => {
  const reshaping = new Reshaping({
    sides: new Map(),
    history,
    onStep: () => {},
    keys: new Map(),
    with: new Map(),
    recordsOf: () => [],
  })
  for (const key of removed) reshaping.removed.set(key, new Set(["hubspot"]))
  const held = [
    { side: { name: "app", participants: () => inApp }, record: { id: "a1" } },
    { side: { name: "hubspot", participants: () => inHubspot }, record: { id: "9928" } },
  ]
  return participantsApart({ reshaping }, history, "A1", held).map(({ detail }) => detail)
}

describe("the oracle and with whom an activity is", () => {
  it("asks that all systems name the same people", () => {
    assert.deepStrictEqual(said(["P1", "P2"], ["P2", "P1"]), [])
    assert.deepStrictEqual(said([], ["P1"]), ['A1 is with: app "", hubspot "P1"'])
  })
  it("asks nothing where a person is deleted in one of them", () => {
    assert.deepStrictEqual(said([], ["P1"], ["P1"]), [])
    assert.isNotEmpty(said([], ["P1"], ["C1"]))
  })
  it("takes what was made one for one", () => {
    history.merged("hubspot", "P4", "P3")
    history.joined("P6", "P5")
    assert.deepStrictEqual([said(["P3"], ["P4"]), said(["P5"], ["P6"])], [[], []])
  })
})
