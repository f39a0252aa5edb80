/** What the oracle asks of the people whom an activity is with. */
import { assert, describe, it } from "vitest"
import { Reshaping } from "../world/reshaping.ts"
import { History } from "./history.ts"
import { Hanging, participantsApart } from "./participants.ts"

const MINUTE = 60_000
let now = 0
const history = new History(() => now)

const said = (
  inApp: ReadonlyArray<string>,
  elsewhere: ReadonlyArray<string>,
  removed: ReadonlyArray<string> = [],
  hanging = new Hanging(),
) => {
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
    { side: { name: "hubspot", participants: () => elsewhere }, record: { id: "9928" } },
  ]
  return participantsApart({ hanging, reshaping }, history, "A1", held).map(({ detail }) => detail)
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
  it("takes one that came to hang on a whole for its part's, where nobody can move it, and for nobody else's", () => {
    const hung = (on: string | null) => {
      const hanging = new Hanging()
      hanging.made({ name: "hubspot", ...(on !== null && { hangsOn: () => [on] }) }, "9928", history, now)
      return hanging
    }
    history.joined("P8", "P7")
    const [meanwhile, moved, other] = [hung("P7"), hung(null), hung("P9")]
    now += MINUTE
    history.parted("P8", [])
    now += 60 * MINUTE
    assert.deepStrictEqual([said(["P8"], ["P7"], [], meanwhile), said(["P7"], ["P7"], [], meanwhile)], [[], []])
    assert.isNotEmpty(said(["P9"], ["P7"], [], meanwhile))
    for (const hanging of [moved, other, hung("P7")]) assert.isNotEmpty(said(["P8"], ["P7"], [], hanging))
  })
})
