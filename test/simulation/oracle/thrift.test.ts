/** How many writes the oracle allows for what was entered. */
import { assert, describe, it } from "vitest"
import { calm } from "../taken-away/worlds/calm.ts"
import { History } from "./history.ts"
import { Thrift } from "./thrift.ts"

describe("the oracle and writes that are more than was entered", () => {
  const wrote = (times: number, people: ReadonlyArray<string>): ReadonlyArray<string> => {
    const history = new History(() => 0)
    history.enter({ side: "hubspot", isApp: false, id: "activity:7" }, "A1", { subject: "Task|A1" }, true)
    const thrift = new Thrift(calm({ sides: ["app", "hubspot"] }))
    for (let time = 0; time < times; time += 1) thrift.wrote("app activity:a1", "A1")
    return thrift.excess(history, (thing) => people.includes(thing)).map(({ invariant }) => invariant)
  }

  it("allows two for each value", () => {
    assert.deepStrictEqual([wrote(2, []), wrote(3, [])], [[], ["thrift"]])
  })
  it("counts whom an activity is with as a value: a reference may come later than the rest", () => {
    assert.deepStrictEqual([wrote(4, ["A1"]), wrote(5, ["A1"]), wrote(3, ["A2"])], [[], ["thrift"], ["thrift"]])
  })
})
