/** A journal that was begun under an earlier edition of the rules. */
import { sha256 } from "@concordat/model/ids"
import { canonicalJson } from "@concordat/model/json"
import { assert, describe, it } from "vitest"
import { EDITION } from "../src/edition.ts"
import { Core } from "./core.ts"
import { build, live } from "./living.ts"
import { ada, everything, groupsDue, refuse, title, write } from "./scene.ts"
import { storm } from "./world.ts"

/** What the first decided otherwise is told apart here. */
const FORMER = 1

const HISTORIES = 30
/** What each edition decides in them. Of one that is out it never changes. */
const DECIDED: ReadonlyArray<string> = [
  "0319098b4fb73629e6b683b617c98b9d2dbcd6c25a1c51a284ec23e418f369a7",
  "79333dc070c9bdcc3e19d5ea78a29200e0384152d84e2fd87ce1dd8e6bacf254",
  // What the third decides otherwise is of merges and references, which these histories have none of.
  "79333dc070c9bdcc3e19d5ea78a29200e0384152d84e2fd87ce1dd8e6bacf254",
]

const begun = (edition: number) => {
  const core = new Core({ mappings: { app: everything(), crm: everything() } })
  core.open("app", { isApp: true, edition })
  core.open("crm", { edition })
  core.observe("app", "person", "1", ada, 2_000)
  core.observe("crm", "person", "c1", ada, 3_000)
  return core
}
const quarantines = (core: Core) => core.outputs.filter(({ type }) => type === "OscillationDetected").length

/** The product changes a title, we write it to the CRM, and there it is changed time and again. */
const movesOn = (core: Core, from: number) => {
  core.observe("app", "person", "1", { ...ada, title: `Title ${from}` }, from)
  write(core, "crm", from + 100)
  for (let moved = 1; moved < 6; moved++)
    core.observe("crm", "person", "c1", { ...ada, title: `Title ${from}.${moved}` }, from + 1_000 + moved)
  write(core, "app", from + 2_000)
}

/** What the product wants in the CRM is refused there, and then somebody enters it. */
const entersWhatWasRefused = (core: Core, from: number) => {
  core.observe("app", "person", "1", { ...ada, title: `Duchess ${from}` }, from)
  refuse(core, "crm", from + 100, { code: "missing" })
  core.observe("crm", "person", "c1", { ...ada, title: `Duchess ${from}` }, from + 1_000)
}

/** A company is deleted in the product, and then the CRM names another one for somebody whose it was. */
const replacesWhatWasDeleted = (core: Core, from: number) => {
  const firm = (number: number) => ({ name: `Firm ${from}.${number}`, domain: `firm${from}${number}.org` })
  const [one, two] = [`${from}1`, `${from}2`]
  for (const [number, id] of [one, two].entries()) {
    core.observe("app", "firm", id, firm(number), from + number)
    core.observe("crm", "firm", id, firm(number), from + 10 + number)
  }
  core.observe("app", "person", "1", { company: `firm:${one}` }, from + 100)
  core.observe("crm", "person", "c1", { company: `firm:${one}` }, from + 200)
  const gone = { connection: "app", object: "firm", externalId: one }
  core.append(from + 300, { _tag: "RecordGone", ...gone, reason: "deleted", readStartedAt: from + 299 })
  core.observe("crm", "person", "c1", { company: `firm:${two}` }, from + 400)
}

/** Of all that an edition decides in the histories of these seeds. */
const digest = (edition: number): string => {
  const decided: Array<unknown> = []
  for (let seed = 0; seed < HISTORIES; seed++) {
    const world = build({ seed, faults: storm, edits: 80, edition })
    live(world, 80)
    decided.push(world.core.outputs)
  }
  return sha256(canonicalJson(decided))
}

describe("editions", () => {
  for (const [at, decided] of DECIDED.entries())
    it(`[R27] edition ${at + 1} decides of generated histories what it has always decided`, () => {
      assert.strictEqual(
        digest(at + 1),
        decided,
        "a rule decides otherwise: ask for a new edition (docs/decisions/0013-editions-of-the-rules.md), or say the digest " +
          "again where these histories are others, or no version with this edition is out yet",
      )
    })
  it("[R27] every edition has a digest", () => assert.lengthOf(DECIDED, EDITION))

  it("[R27] what one edition has decided is decided like that again, and by the next one from where it was opened", () => {
    const core = begun(FORMER)
    movesOn(core, 10_000)
    assert.strictEqual(quarantines(core), 1)
    const { id } = core.entities("contact")[0]!
    const entity = { type: "contact", id } as const
    core.append(19_000, { _tag: "ReleaseRequested", connection: "crm", by: "ops", entity, group: "title" })
    core.open("crm", { at: 20_000, edition: EDITION })
    movesOn(core, 400_000)
    assert.strictEqual(quarantines(core), 1)
    const again = core.replayed()
    assert.deepStrictEqual(again.outputs, core.outputs)
    assert.strictEqual(again.dump(), core.dump())
  })

  it("[R27] what is refused is decided by the edition of its time too", () => {
    const core = begun(FORMER)
    entersWhatWasRefused(core, 10_000)
    assert.lengthOf(core.loaded.range("issue", "crm|")!, 1)
    core.open("crm", { at: 20_000, edition: EDITION })
    entersWhatWasRefused(core, 30_000)
    assert.deepStrictEqual(core.loaded.range("issue", "crm|"), [])
    assert.deepStrictEqual(title(core), ["Duchess 30000"])
  })

  it("[R27] what takes the place of what was deleted is due by the edition of its time too", () => {
    const core = begun(FORMER)
    replacesWhatWasDeleted(core, 10_000)
    assert.deepStrictEqual(core.due("app"), [])
    core.open("crm", { at: 20_000, edition: EDITION })
    replacesWhatWasDeleted(core, 30_000)
    assert.deepStrictEqual(groupsDue(core, "app"), [["company"]])
    assert.strictEqual(core.replayed().dump(), core.dump())
  })

  it("[R27] what is merged into what was gone is decided by the edition of its time too", () => {
    const merges = (edition: number) => {
      const core = new Core({ mappings: { app: everything(), crm: everything() } })
      core.open("app", { isApp: true, edition })
      core.open("crm", { edition })
      for (const [id, email] of [
        ["1", "one@x.org"],
        ["2", "two@x.org"],
      ] as const) {
        core.observe("app", "person", id, { ...ada, email }, 2_000)
        core.observe("crm", "person", `c${id}`, { ...ada, email }, 3_000)
      }
      const of = { connection: "crm", object: "person" }
      core.append(4_000, { _tag: "RecordGone", ...of, externalId: "c1", reason: "archived", readStartedAt: 3_900 })
      core.append(5_000, { _tag: "RecordMerged", ...of, externalId: "c2", into: "c1", readStartedAt: 4_900 })
      core.observe("crm", "person", "c1", { ...ada, email: "one@x.org", otherEmails: ["two@x.org"] }, 5_000)
      assert.strictEqual(core.replayed().dump(), core.dump())
      return core.entities("contact").length
    }
    assert.deepStrictEqual([merges(2), merges(3)], [2, 1])
  })

  it("[R27] a connection that an engine of before opens takes nothing back", () => {
    const core = begun(EDITION)
    core.open("erp", { at: 5_000, edition: FORMER })
    movesOn(core, 10_000)
    assert.strictEqual(quarantines(core), 0)
  })
})
