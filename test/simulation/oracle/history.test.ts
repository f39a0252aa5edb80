/** What the oracle asks of edits that were gone before anybody could read them. */
import { assert, describe, it } from "vitest"
import { History } from "./history.ts"
import { BY_DEFAULT } from "./rulings.ts"

const APP = { side: "app", isApp: true, id: "person:c1" }
const ODOO = { side: "odoo", isApp: false, id: "person:5" }

describe("the history of a record that is gone without a trace", () => {
  /** The app's first name was written to Odoo, where a person changed it. */
  const edited = () => {
    const history = new History(() => 0)
    history.enter(APP, "P1", { name: "First" }, true)
    history.written({ name: "odoo", isApp: false }, ODOO.id, "P1", { name: "First" })
    history.read("odoo", ODOO.id, "fields")
    history.enter(ODOO, "P1", { name: "Later" }, false)
    return history
  }
  const kept = (history: History) => {
    history.settle("P1", "name", "First")
    return history.violations.map(({ invariant }) => invariant)
  }

  it("asks for no edit that went with it before it was read", () => {
    const history = edited()
    history.vanished("odoo", ODOO.id, "P1")
    assert.deepStrictEqual(kept(history), [])
  })
  it("asks for one that was read", () => {
    const history = edited()
    history.read("odoo", ODOO.id, "fields")
    history.vanished("odoo", ODOO.id, "P1")
    assert.deepStrictEqual(kept(history), ["lost"])
  })
  it("asks for one that an answer shows which was on its way then, once it is there", () => {
    const history = edited()
    const shown = history.answered()
    history.vanished("odoo", ODOO.id, "P1")
    history.read("odoo", ODOO.id, "fields", shown)
    assert.deepStrictEqual(kept(history), ["lost"])
  })
  it("asks for none of one tick that was saved after the answer was given", () => {
    const shown = (saved: number) => {
      const history = edited()
      const edits = ["Second", "Third", "Last"].map((name) => history.enter(ODOO, "P1", { name }, false))
      for (const one of edits.slice(0, saved)) history.saved(one)
      const answered = history.answered()
      for (const one of edits.slice(saved)) history.saved(one)
      history.read("odoo", ODOO.id, "fields", answered)
      history.vanished("odoo", ODOO.id, "P1")
      history.settle("P1", "name", "Second")
      return history.violations.map(({ invariant }) => invariant)
    }
    assert.deepStrictEqual([shown(1), shown(2)], [[], ["lost"]])
  })
  it("asks for one again where the record was taken back", () => {
    const history = edited()
    history.vanished("odoo", ODOO.id, "P1")
    history.returned("odoo", ODOO.id, "P1")
    assert.deepStrictEqual(kept(history), ["lost"])
  })
  it("asks for one of a record that is there", () => {
    assert.deepStrictEqual(kept(edited()), ["lost"])
  })
})

describe("the history of an edit that a write stood over", () => {
  const HUBSPOT = { side: "hubspot", isApp: false, id: "person:7" }
  const overwritten = (isTold: boolean, rules = BY_DEFAULT, since?: string) => {
    const history = new History(() => 0)
    history.rulings.begin(rules)
    history.enter(HUBSPOT, "P1", { title: "First" }, true)
    history.enter(APP, "P1", { title: "First" }, true)
    history.read("hubspot", HUBSPOT.id, "fields")
    history.enter(APP, "P1", { title: "Ours" }, false)
    history.enter(HUBSPOT, "P1", { title: "Theirs" }, false)
    if (isTold) history.told("hubspot", HUBSPOT.id, "title")
    history.written({ name: "hubspot", isApp: false }, HUBSPOT.id, "P1", { title: "Ours" })
    if (since !== undefined) history.enter(HUBSPOT, "P1", { title: since }, false)
    history.settle("P1", "title", since ?? "Ours")
    return { gaps: history.gaps, said: history.violations.map(({ invariant }) => invariant) }
  }
  it("counts it, and asks for it only where the provider's history tells of it", () => {
    assert.deepStrictEqual(overwritten(false), { gaps: 1, said: [] })
    assert.deepStrictEqual(overwritten(true), { gaps: 1, said: ["lost"] })
  })
  it("asks for it no more once somebody has edited there since", () => {
    const asked = { ...BY_DEFAULT, kinds: { ...BY_DEFAULT.kinds, person: "asked" as const } }
    assert.deepStrictEqual(overwritten(true, asked), { gaps: 1, said: ["lost"] })
    assert.deepStrictEqual(overwritten(true, asked, "Since"), { gaps: 1, said: [] })
  })

  /** Odoo's title stands over HubSpot's, of which the history tells, and the product's people edit it further. */
  const carriedOn = (more: {
    readonly stronger?: string
    readonly isWrittenBack?: boolean
    readonly isKnown?: boolean
  }) => {
    const history = new History(() => 0)
    history.rulings.begin({ ...BY_DEFAULT, authority: more.stronger === undefined ? [] : [more.stronger] })
    for (const by of [APP, HUBSPOT, ODOO]) history.enter(by, "P1", { title: "First" }, true)
    for (const { id, side } of [HUBSPOT, ODOO]) history.read(side, id, "fields")
    history.enter(ODOO, "P1", { title: "Odoo's" }, false)
    history.read("odoo", ODOO.id, "fields")
    const written = (by: typeof APP, title: string) =>
      history.written({ name: by.side, isApp: by.isApp }, by.id, "P1", { title })
    written(APP, "Odoo's")
    if (more.isKnown === true) written(HUBSPOT, "Odoo's")
    history.enter(HUBSPOT, "P1", { title: "HubSpot's" }, false)
    history.told("hubspot", HUBSPOT.id, "title")
    written(HUBSPOT, "Odoo's")
    if (more.isWrittenBack === true) written(HUBSPOT, "HubSpot's")
    history.enter(APP, "P1", { title: "Ours" }, false)
    history.settle("P1", "title", "Ours")
    return history.violations.map(({ invariant }) => invariant)
  }
  it("takes it for outdone by what stood over it, where the rule lets that win and it was never written back", () => {
    assert.deepStrictEqual(carriedOn({}), [])
    assert.deepStrictEqual(carriedOn({ stronger: "odoo" }), [])
    assert.deepStrictEqual(carriedOn({ stronger: "hubspot" }), ["lost"])
    assert.deepStrictEqual(carriedOn({ isWrittenBack: true }), ["lost"])
    assert.deepStrictEqual(carriedOn({ isKnown: true }), ["lost"])
  })
})

describe("the history of what was emptied, where a system had nothing from the beginning", () => {
  const HUBSPOT = { side: "hubspot", isApp: false, id: "person:7" }
  /** Odoo's later title comes to the product, and then HubSpot's emptying; the product's people fill it. */
  const filled = (settled: string, lacks = true) => {
    const history = new History(() => 0)
    history.enter(ODOO, "P1", { title: lacks ? "" : "First" }, true)
    for (const by of [APP, HUBSPOT]) history.enter(by, "P1", { title: "First" }, true)
    const written = (by: typeof APP, title: string) =>
      history.written({ name: by.side, isApp: by.isApp }, by.id, "P1", { title })
    written(ODOO, "First")
    history.enter(ODOO, "P1", { title: "Odoo's" }, false)
    history.enter(HUBSPOT, "P1", { title: "" }, false)
    for (const { id, side } of [HUBSPOT, ODOO]) history.read(side, id, "fields")
    written(APP, "Odoo's")
    written(APP, "")
    history.enter(APP, "P1", { title: "Filled" }, false)
    history.settle("P1", "title", settled)
    return history.violations.map(({ invariant }) => invariant)
  }
  it("knows which of the two was written over a title that nothing of the beginning may stand over", () => {
    assert.deepStrictEqual(filled("Filled"), [])
    assert.deepStrictEqual(filled("Filled", false), [])
    assert.deepStrictEqual(filled("Odoo's"), ["lost"])
  })
})

describe("the history of what two systems' records refer to", () => {
  it("has a reference shown by a system that made one of what it stood for and another, where it stood there", () => {
    const history = new History(() => 0)
    history.enter(APP, "P1", { company: "C1" }, true)
    history.written({ name: "odoo", isApp: false }, ODOO.id, "P1", { company: "C1" })
    history.enter({ ...APP, id: "person:c2" }, "P2", { company: "C1" }, true)
    history.merged("odoo", "C1", "C2")
    const said = history.values.map(({ shownBy, sides, value }) => ({
      value,
      sides: [...sides],
      shownBy: [...shownBy],
    }))
    assert.deepStrictEqual(said, [
      { value: "C2", sides: ["app"], shownBy: ["odoo"] },
      { value: "C2", sides: ["app"], shownBy: [] },
    ])
  })
})

describe("the history of reads", () => {
  const HUBSPOT = { side: "hubspot", isApp: false, id: "person:7" }
  /** Two edit at once, and HubSpot's is shown in an answer. */
  const edited = () => {
    const history = new History(() => 0)
    history.enter(HUBSPOT, "P1", { title: "First" }, true)
    history.enter(APP, "P1", { title: "First" }, true)
    history.read("hubspot", HUBSPOT.id, "fields")
    history.enter(APP, "P1", { title: "Ours" }, false)
    const before = history.answered()
    const edits = history.enter(HUBSPOT, "P1", { title: "Theirs" }, false)
    return { before, edits, after: history.answered(), history }
  }
  const written = (history: History, id = HUBSPOT.id) => {
    history.written({ name: "hubspot", isApp: false }, id, "P1", { title: "Ours" })
    return { gaps: history.gaps, said: history.violations.map(({ invariant }) => invariant) }
  }
  it("leaves an edit in the gap while the answer that shows it is on its way", () => {
    assert.deepStrictEqual(written(edited().history), { gaps: 1, said: [] })
  })
  it("asks for an edit once the answer that shows it is there", () => {
    const { after, history } = edited()
    history.read("hubspot", HUBSPOT.id, "fields", after)
    assert.deepStrictEqual(written(history), { gaps: 0, said: ["lost"] })
  })
  it("goes by when an answer was given, not by when it came", () => {
    const { after, before, history } = edited()
    history.read("hubspot", HUBSPOT.id, "fields", after)
    history.read("hubspot", HUBSPOT.id, "fields", before)
    assert.deepStrictEqual(written(history), { gaps: 0, said: ["lost"] })
  })
  it("leaves an edit in the gap of a write that was sent before the answer came which shows it", () => {
    const { after, history } = edited()
    const sent = history.answered()
    history.read("hubspot", HUBSPOT.id, "fields", after)
    history.sending("hubspot", HUBSPOT.id, sent)
    assert.deepStrictEqual(written(history), { gaps: 1, said: [] })
    const late = edited()
    late.history.read("hubspot", HUBSPOT.id, "fields", late.after)
    late.history.sending("hubspot", HUBSPOT.id, late.history.answered())
    assert.deepStrictEqual(written(late.history), { gaps: 0, said: ["lost"] })
  })
  it("has no answer show an edit that was given before it was saved", () => {
    const { after, edits, history } = edited()
    history.saved(edits)
    history.read("hubspot", HUBSPOT.id, "fields", after)
    assert.deepStrictEqual(written(history), { gaps: 1, said: [] })
  })
  it("takes an answer for none where news had come since it was asked for", () => {
    const shown = (asked: "before" | "after", isNews = true) => {
      const { after, before, history } = edited()
      const { order } = before
      history.read("hubspot", HUBSPOT.id, "fields", isNews ? after : before)
      history.enter(HUBSPOT, "P1", { title: "Later" }, false)
      const began = asked === "before" ? order : history.answered().order
      history.read("hubspot", HUBSPOT.id, "fields", { ...history.answered(), began })
      return written(history)
    }
    const counted = { gaps: 0, said: ["lost"] }
    assert.deepStrictEqual(
      [shown("before"), shown("after"), shown("before", false)],
      [{ gaps: 1, said: [] }, counted, counted],
    )
  })
  it("counts an answer that was on its way when the record came under another id", () => {
    const { after, history } = edited()
    history.moved("hubspot", HUBSPOT.id, "person:9")
    history.read("hubspot", HUBSPOT.id, "fields", after)
    assert.deepStrictEqual(written(history, "person:9"), { gaps: 0, said: ["lost"] })
  })
})

describe("the history of two that a provider made one", () => {
  const HUBSPOT = { side: "hubspot", isApp: false, id: "person:7" }
  const IN_HUBSPOT = { name: "hubspot", isApp: false }
  const made = () => {
    const history = new History(() => 0)
    history.enter(APP, "P1", { title: "First" }, true)
    history.enter(HUBSPOT, "P1", { title: "First" }, true)
    history.enter({ ...APP, id: "person:c2" }, "P2", { title: "Second" }, true)
    history.enter(HUBSPOT, "P1", { title: "Before" }, false)
    history.read("hubspot", HUBSPOT.id, "fields")
    history.merged("hubspot", "P2", "P1")
    const edit = (by: typeof APP, title: string) => history.enter(by, "P1", { title }, false, by.isApp)
    const written = (side: typeof IN_HUBSPOT, id: string, title: string) => {
      history.written(side, id, "P1", { title })
      return history.violations.map(({ invariant }) => invariant)
    }
    return { history, edit, written }
  }
  it("lets any of what was in either of them win, whatever the rule says", () => {
    const { written } = made()
    assert.deepStrictEqual(written(IN_HUBSPOT, HUBSPOT.id, "Second"), [])
  })
  it("lets none of it win against an edit since then, where they were made one, that it did not know of", () => {
    for (const title of ["Second", "Ours"]) {
      const { edit, history, written } = made()
      edit(APP, "Ours")
      edit(HUBSPOT, "Since")
      history.read("hubspot", HUBSPOT.id, "fields")
      assert.deepStrictEqual(written(IN_HUBSPOT, HUBSPOT.id, title), ["lost"])
    }
  })
  it("lets an edit win that was made over that, also where its record need not count", () => {
    const { edit, history, written } = made()
    edit(HUBSPOT, "Since")
    history.read("hubspot", HUBSPOT.id, "fields")
    written({ name: "app", isApp: true }, APP.id, "Since")
    edit(APP, "Later")
    assert.deepStrictEqual(written(IN_HUBSPOT, HUBSPOT.id, "Later"), [])
  })
  it("counts an edit that nobody had read as one in the gap", () => {
    const { edit, history, written } = made()
    edit(HUBSPOT, "Since")
    assert.deepStrictEqual([written(IN_HUBSPOT, HUBSPOT.id, "Second"), history.gaps], [[], 1])
  })
})

describe("the history of what two CRMs held from the beginning, each its own", () => {
  const HUBSPOT = { side: "hubspot", isApp: false, id: "person:7" }
  const [IN_APP, IN_ODOO] = [
    { name: "app", isApp: true },
    { name: "odoo", isApp: false },
  ]
  /** HubSpot's is written to the app, where somebody edits it; that, or what Odoo had, is written over the other. */
  const made = (how: {
    readonly rule?: "asked"
    readonly since?: string
    readonly isUnseen?: true
    readonly last: string
  }) => {
    const history = new History(() => 0)
    if (how.rule !== undefined)
      history.rulings.begin({ ...BY_DEFAULT, fields: [{ of: "person", group: "title", rule: how.rule }] })
    if (how.isUnseen === true) history.mapped.set("odoo", "person", "title", "off", null)
    history.enter(HUBSPOT, "P1", { title: "HubSpot's" }, true)
    history.enter(ODOO, "P1", { title: "Odoo's" }, true)
    history.mapped.set("odoo", "person", "title", "both", how.isUnseen === true ? 0 : null)
    if (how.since !== undefined) history.enter(ODOO, "P1", { title: how.since }, false)
    history.read("odoo", ODOO.id, "fields")
    history.written(IN_APP, APP.id, "P1", { title: "HubSpot's" })
    history.enter(APP, "P1", { title: "Later" }, false)
    if (how.last === "Later") history.written(IN_ODOO, ODOO.id, "P1", { title: how.last })
    else history.written(IN_APP, APP.id, "P1", { title: how.last })
    return history.violations.map(({ invariant }) => invariant)
  }
  it("lets an edit of the one that has won be written over the other, and not that over it", () => {
    assert.deepStrictEqual([made({ last: "Later" }), made({ last: "Odoo's" })], [[], ["regression"]])
  })
  it("knows of no such win where a person is asked, or of an edit since then, or of what was out of sight", () => {
    assert.deepStrictEqual(
      [
        made({ rule: "asked", last: "Later" }),
        made({ since: "Since", last: "Later" }),
        made({ isUnseen: true, last: "Later" }),
      ],
      [["lost"], ["lost"], ["lost"]],
    )
  })
})

describe("the history of what comes to the product while an edit of it is on its way", () => {
  const PRODUCT = { name: "app", isApp: true }
  const IN_ODOO = { name: "odoo", isApp: false }
  it("takes the edit for a later one than what came, also where one that came before is the same", () => {
    const history = new History(() => 0)
    history.enter(APP, "P1", { title: "First" }, true)
    history.enter(ODOO, "P1", { title: "First" }, true)
    history.enter(ODOO, "P1", { title: "Second" }, false)
    history.enter(ODOO, "P1", { title: "Third" }, false)
    // Somebody enters there what Odoo had before, and nobody has seen yet.
    history.enter(APP, "P1", { title: "Second" }, false)
    for (const title of ["Second", "Third"]) {
      history.written(PRODUCT, APP.id, "P1", { title: "Second" })
      history.withheld("app", APP.id, "P1", { title })
    }
    history.read("odoo", ODOO.id, "fields")
    history.written(IN_ODOO, ODOO.id, "P1", { title: "Second" })
    assert.deepStrictEqual(history.violations, [])
  })
  it("takes an edit for replaced by what a system's people put over one that is alike there, if they had been shown it", () => {
    /** Of two edits of the product the later one comes to Odoo, or somebody enters the same there while both are on their way. */
    const after = (isShown: boolean) => {
      const history = new History(() => 0)
      history.enter(APP, "P1", { title: "First" }, true)
      history.enter(ODOO, "P1", { title: "First" }, true)
      history.read("odoo", ODOO.id, "fields")
      for (const title of ["Earlier", "Alike"]) history.enter(APP, "P1", { title }, false)
      if (isShown) history.written(IN_ODOO, ODOO.id, "P1", { title: "Alike" })
      for (const title of ["Alike", "Over it"]) {
        history.enter(ODOO, "P1", { title }, false)
        history.read("odoo", ODOO.id, "fields")
        history.withheld("app", APP.id, "P1", { title })
      }
      history.written(IN_ODOO, ODOO.id, "P1", { title: "Earlier" })
      return history.violations.map(({ invariant }) => invariant)
    }
    assert.deepStrictEqual([after(false), after(true)], [[], ["regression"]])
  })
  it("takes what had come before for replaced by what came after, where nobody entered it there", () => {
    const history = new History(() => 0)
    history.enter(APP, "P1", { title: "First" }, true)
    history.enter(ODOO, "P1", { title: "First" }, true)
    history.enter(ODOO, "P1", { title: "Second" }, false)
    history.enter(ODOO, "P1", { title: "Third" }, false)
    history.read("odoo", ODOO.id, "fields")
    history.written(IN_ODOO, ODOO.id, "P1", { title: "Second" })
    assert.deepStrictEqual(
      history.violations.map(({ invariant }) => invariant),
      ["regression"],
    )
  })
})
