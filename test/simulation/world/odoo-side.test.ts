/** What the oracle may ask of Odoo while people work: nothing that comes after it is otherwise for that. */
import { assert, describe, it } from "vitest"
import { makeChance } from "../random.ts"
import { Timeline } from "../timeline.ts"
import { makeOdooSide } from "./odoo-side.ts"

describe("whom an activity of Odoo's hangs on", () => {
  const world = (version: 17 | 19 = 17) => {
    const chance = makeChance("looked at")
    const drawn: Array<number> = []
    const next = (): number => {
      drawn.push(chance.next())
      return drawn.at(-1)!
    }
    const side = makeOdooSide({
      name: "odoo",
      tenant: "acme",
      version,
      timeline: new Timeline(0),
      chance: { ...chance, next },
      skewMs: 0,
      archives: true,
      webhook: {},
      deliver: () => Promise.resolve(),
      onWritten: () => {},
    })
    const person = side.seed("person", { name: "Ada|P1" }, {})
    return { side, drawn, person, activity: side.seed("activity", { subject: "Call|A1" }, { person }) }
  }

  it("is told as ever, also of one who is archived", async () => {
    const { activity, person, side } = world()
    assert.deepStrictEqual([side.hangsOn?.(activity), side.participants(activity)], [["P1"], ["P1"]])
    await side.remove("person", person)
    assert.deepStrictEqual([side.hangsOn?.(activity), side.participants(activity)], [[], []])
  })
  it("stays with one who is archived in 19, and is deleted before", async () => {
    for (const version of [17, 19] as const) {
      const { activity, person, side } = world(version)
      assert.strictEqual(side.outlasts?.(activity), false)
      await side.remove("person", person)
      assert.deepStrictEqual(
        [side.outlasts?.(activity), side.get("activity", activity) !== null],
        [version === 19, version === 19],
      )
    }
  })
  it("draws nothing: what people do afterwards is what it would have been", async () => {
    const { activity, drawn, person, side } = world()
    const before = drawn.length
    side.hangsOn?.(activity)
    side.outlasts?.(activity)
    assert.strictEqual(drawn.length, before)
    await side.edit("person", person, { title: "Chair" })
    assert.isAbove(drawn.length, before)
  })
})
