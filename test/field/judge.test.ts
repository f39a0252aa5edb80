/** The judge sees each kind of harm: over real sandboxes, with no engine at all, everything wrong was put there by hand. */
import { assert, describe, it } from "vitest"
import { makeChance } from "../simulation/random.ts"
import { Timeline } from "../simulation/timeline.ts"
import { makeHubspotSide } from "../simulation/world/hubspot-side.ts"
import { HARMS, judge, type Verdict } from "./judge.ts"
import { Truth } from "./truth.ts"
import { Watch } from "./watch.ts"

const ada = { name: "Ada|P1", email: "p1@people.example", title: "Countess" }

const scene = () => {
  const timeline = new Timeline(Date.parse("2026-03-02T08:00:00Z"))
  const side = makeHubspotSide({
    name: "hubspot",
    tenant: "acme",
    timeline,
    chance: makeChance("judge"),
    skewMs: 0,
    secret: "a secret",
    settings: {},
    onWritten: () => {},
  })
  const truth = new Truth()
  const watch = new Watch(() => timeline.now)
  truth.made("P1", ada)
  const id = side.seed("person", ada, {})
  watch.enter({ side: "hubspot", isApp: false, id: `person:${id}` }, "P1", ada, true)
  const verdict = (strays = 0): Verdict =>
    judge({ sides: new Map([["hubspot", side]]), truth, violations: watch.violations, strays })
  return { side, truth, watch, id, verdict }
}

/** The kinds of harm that were counted, with their counts. */
const counted = (verdict: Verdict) =>
  Object.fromEntries(HARMS.filter((harm) => verdict[harm] > 0).map((harm) => [harm, verdict[harm]]))

describe("the judge of the field", () => {
  it("finds nothing where nothing is wrong", () => assert.deepStrictEqual(counted(scene().verdict()), {}))

  it("stale: another value than the one that stands; lost: that one stands nowhere", () => {
    const { truth, verdict } = scene()
    truth.entered("P1", "title", "Programmer")
    const found = verdict()
    assert.deepStrictEqual(counted(found), { stale: 1, lost: 1 })
    assert.include(found.details, 'stale: P1.title is "Countess" at hubspot, and not "Programmer"')
  })

  it("ghosts: what was deleted is there, what nobody made is there, what is no thing of anybody's", () => {
    const deleted = scene()
    deleted.truth.of("P1").gone.add("hubspot")
    assert.deepStrictEqual(counted(deleted.verdict()), { ghosts: 1 })
    const strange = scene()
    strange.side.seed("person", { name: "Eve|P9" }, {})
    assert.deepStrictEqual(counted(strange.verdict(2)), { ghosts: 3 })
  })

  it("duplicates: a thing that is there twice", () => {
    const { side, verdict } = scene()
    side.seed("person", { ...ada, email: "p1@elsewhere.example" }, {})
    assert.strictEqual(verdict().duplicates, 1)
  })

  it("lost: a thing that is not there, a value that nobody entered", async () => {
    const gone = scene()
    await gone.side.remove("person", gone.id)
    assert.deepStrictEqual(counted(gone.verdict()), { lost: 1 })
    const invented = scene()
    invented.watch.written(invented.side, `person:${invented.id}`, "P1", { title: "Nobody's" })
    assert.deepStrictEqual(counted(invented.verdict()), { lost: 1 })
  })

  it("regressions: a value is written over the one that had replaced it", () => {
    const { id, side, truth, verdict, watch } = scene()
    const record = `person:${id}`
    watch.enter({ side: "hubspot", isApp: false, id: record }, "P1", { title: "Programmer" }, false)
    truth.entered("P1", "title", "Programmer")
    void side.edit("person", id, { title: "Programmer" })
    watch.read("hubspot", record, "fields")
    assert.deepStrictEqual(counted(verdict()), {})
    watch.written(side, record, "P1", { title: "Countess" })
    assert.deepStrictEqual(counted(verdict()), { regressions: 1 })
  })
})
