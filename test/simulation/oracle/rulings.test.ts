/** Which rule the oracle holds a decision against, when people choose another while it runs. */
import { assert, describe, it } from "vitest"
import { type Rule, RULES } from "../world/things.ts"
import { History } from "./history.ts"
import { BY_DEFAULT } from "./rulings.ts"

const APP = { side: "app", isApp: true, id: "person:c1" }
const HUBSPOT = { side: "hubspot", isApp: false, id: "person:5" }
const BY_APP = { ...BY_DEFAULT, kinds: { ...RULES, person: "app" } } as const

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

describe("the oracle under a rule of a field", () => {
  const IN_HUBSPOT = { name: "hubspot", isApp: false }
  const IN_APP = { name: "app", isApp: true }
  const made = (rule: Rule, skewMs = 0) => {
    let now = 0
    const history = new History(() => now, skewMs)
    history.rulings.begin({ ...BY_DEFAULT, fields: [{ of: "person", group: "title", rule }] })
    history.enter(APP, "P1", { title: "First" }, true)
    history.enter(HUBSPOT, "P1", { title: "First" }, true)
    history.read("hubspot", HUBSPOT.id, "fields")
    const said = () => history.violations.map(({ invariant }) => invariant)
    const at = (ms: number, by: typeof APP, title: string) => {
      now = ms
      history.enter(by, "P1", { title }, false)
      history.read("hubspot", HUBSPOT.id, "fields")
    }
    return { history, said, at }
  }

  it("lets the newest be written over the older, and no other", () => {
    const { at, history, said } = made("newest")
    at(1_000, HUBSPOT, "Theirs")
    at(2_000, APP, "Ours")
    history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Ours" })
    assert.deepStrictEqual(said(), [])
    const other = made("newest")
    other.at(1_000, HUBSPOT, "Theirs")
    other.at(2_000, APP, "Ours")
    other.history.written(IN_APP, APP.id, "P1", { title: "Theirs" })
    assert.deepStrictEqual(other.said(), ["lost"])
  })
  it("has people asked about two of one moment, and can't tell them apart by clocks that are off", () => {
    const same = made("newest")
    same.at(1_000, HUBSPOT, "Theirs")
    same.at(1_000, APP, "Ours")
    same.history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Ours" })
    assert.deepStrictEqual(same.said(), ["lost"])
    const off = made("newest", 60_000)
    off.at(1_000, HUBSPOT, "Theirs")
    off.at(2_000, APP, "Ours")
    off.history.written(IN_APP, APP.id, "P1", { title: "Theirs" })
    assert.deepStrictEqual(off.said(), [])
  })
  it("lets what is strict be put back over an edit elsewhere, and that edit come nowhere", () => {
    const { at, history, said } = made("strict:hubspot")
    at(1_000, APP, "Ours")
    history.written(IN_APP, APP.id, "P1", { title: "First" })
    history.settle("P1", "title", "First")
    assert.deepStrictEqual(said(), [])
    const other = made("strict:hubspot")
    other.at(1_000, APP, "Ours")
    other.history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Ours" })
    other.history.settle("P1", "title", "Ours")
    assert.deepStrictEqual(other.said(), ["refused", "lost"])
  })
  it("asks for nothing that was refused when the rule is another", () => {
    const { at, history, said } = made("strict:app")
    at(1_000, HUBSPOT, "Theirs")
    history.ruled(BY_DEFAULT)
    history.rulesRecorded()
    at(3_600_000, APP, "Ours")
    history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Ours" })
    history.settle("P1", "title", "Ours")
    assert.deepStrictEqual(said(), [])
  })
  it("takes an edit as any other where the thing is not known where the rule is strict for, or where that is new", () => {
    const { at, history, said } = made("strict:odoo")
    at(1_000, APP, "Ours")
    history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Ours" })
    history.written({ name: "odoo", isApp: false }, "person:9", "P1", { title: "Ours" })
    at(2_000, APP, "Later")
    history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Later" })
    assert.deepStrictEqual(said(), [])
    at(3_600_000, APP, "Last")
    history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Last" })
    assert.deepStrictEqual(said(), ["refused"])
  })
  it("lets what was taken before the thing was known there be put back over what is refused since", () => {
    const { at, history, said } = made("strict:odoo")
    at(1_000, APP, "Ours")
    history.written({ name: "odoo", isApp: false }, "person:9", "P1", { title: "Ours" })
    at(3_600_000, APP, "Refused")
    history.written(IN_APP, APP.id, "P1", { title: "Ours" })
    assert.deepStrictEqual(said(), [])
  })
})

describe("the oracle under a rule that becomes strict", () => {
  const STRICT = { ...BY_DEFAULT, fields: [{ of: "person", group: "title", rule: "strict:hubspot" }] } as const
  const IN_HUBSPOT = { name: "hubspot", isApp: false }
  const IN_APP = { name: "app", isApp: true }
  const made = () => {
    let now = 0
    const history = new History(() => now)
    history.enter(APP, "P1", { title: "First" }, true)
    history.enter(HUBSPOT, "P1", { title: "First" }, true)
    history.read("hubspot", HUBSPOT.id, "fields")
    const edit = (title: string) => {
      now += 3_600_000
      history.enter(APP, "P1", { title }, false)
    }
    const become = () => {
      history.ruled(STRICT)
      history.rulesRecorded()
    }
    const inApp = (title: string) => {
      history.written(IN_APP, APP.id, "P1", { title })
      return history.violations.map(({ invariant }) => invariant)
    }
    return {
      history,
      edit,
      become,
      inApp,
      inHubspot: (title: string) => history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title }),
    }
  }

  it("lets what had been taken until then be put back over what is refused since", () => {
    const { become, edit, inApp, inHubspot } = made()
    edit("Taken")
    inHubspot("Taken")
    become()
    edit("Refused")
    assert.deepStrictEqual(inApp("Taken"), [])
  })
  it("lets it be put back also where it was on its way, and where the same was refused once more", () => {
    const { become, edit, inApp, inHubspot } = made()
    edit("Taken")
    become()
    edit("Refused")
    assert.deepStrictEqual(inApp("Taken"), [])
    inHubspot("Taken")
    edit("Refused")
    inApp("Taken")
    edit("Refused once more")
    assert.deepStrictEqual(inApp("Taken"), [])
  })
  it("lets nothing be put back over what had been taken", () => {
    const { become, edit, inApp, inHubspot } = made()
    edit("Earlier")
    inHubspot("Earlier")
    edit("Taken")
    inHubspot("Taken")
    become()
    assert.deepStrictEqual(inApp("Earlier"), ["regression"])
  })
  it("asks that what had been taken stands at the end, and not what it had replaced", () => {
    const { become, edit, history, inApp, inHubspot } = made()
    edit("Taken")
    inHubspot("Taken")
    become()
    edit("Refused")
    inApp("First")
    history.settle("P1", "title", "First")
    assert.deepStrictEqual(inApp("First"), ["lost"])
    history.settle("P1", "title", "Taken")
    assert.deepStrictEqual(inApp("First"), ["lost"])
  })
  it("lets what was refused be put back over nothing that is refused as well", () => {
    const { become, edit, inApp } = made()
    become()
    edit("Refused")
    edit("Refused as well")
    assert.deepStrictEqual(inApp("Refused"), ["refused"])
  })
})

describe("the oracle under a strict rule that becomes another", () => {
  const ODOO = { side: "odoo", isApp: false, id: "person:7" }
  const [STRICT, ASKED] = (["strict:app", "asked"] as const).map((rule) => ({
    ...BY_DEFAULT,
    fields: [{ of: "person" as const, group: "title" as const, rule }],
    authority: ["hubspot", "odoo"],
  }))
  /** Somebody edits in HubSpot while the product alone counts, and somebody in Odoo, or in HubSpot again, while that may be so or not. */
  const made = () => {
    let now = 0
    const history = new History(() => now)
    history.rulings.begin(STRICT!)
    for (const by of [APP, HUBSPOT, ODOO]) history.enter(by, "P1", { title: "First" }, true)
    now = 3_600_000
    history.enter(HUBSPOT, "P1", { title: "Refused" }, false)
    history.read("hubspot", HUBSPOT.id, "fields")
    const inHubspot = (title: string) => {
      history.written({ name: "hubspot", isApp: false }, HUBSPOT.id, "P1", { title })
      return history.violations.map(({ invariant }) => invariant)
    }
    return { history, inHubspot }
  }
  it("lets what another CRM has, which was taken since, be written over what was refused until then", () => {
    const { history, inHubspot } = made()
    history.enter(ODOO, "P1", { title: "Taken" }, false)
    history.ruled(ASKED!)
    history.rulesRecorded()
    assert.deepStrictEqual(inHubspot("Taken"), [])
  })
  it("lets nothing be written over what was entered over it", () => {
    const { history, inHubspot } = made()
    history.enter(HUBSPOT, "P1", { title: "Later" }, false)
    history.read("hubspot", HUBSPOT.id, "fields")
    history.ruled(ASKED!)
    history.rulesRecorded()
    assert.deepStrictEqual(inHubspot("Refused"), ["regression"])
  })
  it("has a person asked about two that came after it", () => {
    const { history, inHubspot } = made()
    history.ruled(ASKED!)
    history.rulesRecorded()
    history.enter(HUBSPOT, "P1", { title: "Later" }, false)
    history.read("hubspot", HUBSPOT.id, "fields")
    history.enter(ODOO, "P1", { title: "As late" }, false)
    assert.deepStrictEqual(inHubspot("As late"), ["lost"])
  })
})

describe("the oracle and which of two CRMs is the stronger", () => {
  const ODOO = { side: "odoo", isApp: false, id: "person:7" }
  const said = (authority: ReadonlyArray<string>): ReadonlyArray<string> => {
    const history = new History(() => 0)
    history.rulings.begin({ ...BY_DEFAULT, authority })
    history.enter(ODOO, "P1", { title: "Odoo" }, false)
    history.enter(HUBSPOT, "P1", { title: "HubSpot" }, false)
    history.read("odoo", ODOO.id, "fields")
    history.written({ name: "odoo", isApp: false }, ODOO.id, "P1", { title: "HubSpot" })
    return history.violations.map(({ invariant }) => invariant)
  }
  it("asks that what somebody has said is kept", () => {
    assert.deepStrictEqual(said([]), [])
    assert.deepStrictEqual(said(["hubspot", "odoo"]), [])
    assert.deepStrictEqual(said(["odoo", "hubspot"]), ["lost"])
    assert.deepStrictEqual(said(["odoo"]), ["lost"])
  })
})
