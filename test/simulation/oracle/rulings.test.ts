/** Which rule the oracle holds a decision against, when people choose another while it runs. */
import { assert, describe, it } from "vitest"
import { RULES } from "../world/things.ts"
import { History } from "./history.ts"

const APP = { side: "app", isApp: true, id: "person:c1" }
const HUBSPOT = { side: "hubspot", isApp: false, id: "person:5" }
const BY_APP = { ...RULES, person: "app" } as const

describe("the oracle under rules that change", () => {
  const both = (history: History): void => {
    history.enter(HUBSPOT, "P1", { title: "Theirs" }, false)
    history.read("hubspot", HUBSPOT.id, "fields")
    history.enter(APP, "P1", { title: "Ours" }, false)
  }
  /** What it says of the app's title in HubSpot, and of HubSpot's in the app. */
  const verdicts = (make: (history: History) => void): ReadonlyArray<string> =>
    [
      [{ name: "hubspot", isApp: false }, HUBSPOT.id, "Ours"] as const,
      [{ name: "app", isApp: true }, APP.id, "Theirs"] as const,
    ].map(([side, id, title]) => {
      const history = new History(() => 0)
      make(history)
      history.written(side, id, "P1", { title })
      return history.violations[0]?.invariant ?? "fine"
    })

  it("holds what came after the change against the new rule alone", () => {
    const made = (history: History): void => {
      history.ruled(BY_APP)
      history.rulesRecorded()
      both(history)
    }
    assert.deepStrictEqual(verdicts(made), ["fine", "lost"])
  })
  it("takes either while the journal has no word of it, and for what was there before it had", () => {
    const before = (history: History): void => {
      both(history)
      history.ruled(BY_APP)
      history.rulesRecorded()
    }
    const within = (history: History): void => {
      history.ruled(BY_APP)
      both(history)
    }
    assert.deepStrictEqual(
      [verdicts(before), verdicts(within)],
      [
        ["fine", "fine"],
        ["fine", "fine"],
      ],
    )
  })
  it("knows the rule of the beginning", () => {
    assert.deepStrictEqual(verdicts(both), ["lost", "fine"])
  })
})
