/** A create whose answer was lost is found again: what its record shows then, of what we sent and of what people did since. */
import { assert, describe, it } from "vitest"
import { type Core, policyOf } from "./core.ts"
import { ada, groupsDue, refuse, scene, type SceneOptions, title, write } from "./scene.ts"

/**
 * The app's person is created in the CRM, and the create is looked for; `since`: the app's title, edited meanwhile; `made`: what
 * it is known to have set; `isSecond`: a create before it was given up, and may have been taken; `meanwhile`: what happens before
 * it is found.
 */
const found = (
  options: SceneOptions = {},
  since: string | null = null,
  made?: ReadonlyArray<string>,
  isSecond = false,
  meanwhile: (core: Core, ownId: string) => void = () => {},
) => {
  const core = scene({ create: "always", ...options })
  core.observe("app", "person", "1", ada, 2_000)
  if (isSecond) {
    core.observe("app", "person", "1", { ...ada, title: "Lady" }, 2_100)
    refuse(core, "crm", 2_500, { code: "other", effect: "unknown" })
    core.observe("app", "person", "1", ada, 2_600)
  }
  const plan = write(core, "crm", 3_000, "lost")
  meanwhile(core, `mark0000-${plan.entity}`)
  core.append(4_000, {
    _tag: "RecordWritten",
    connection: "crm",
    object: "person",
    entity: { type: plan.type, id: plan.entity },
    due: plan.due,
    key: `crm-${plan.due}`,
    kind: "create",
    externalId: "c1",
    held: null,
    stamp: null,
    adopted: true,
    refused: [],
    attempts: 2,
    ...(made === undefined ? {} : { made }),
  })
  if (since !== null) core.observe("app", "person", "1", { ...ada, title: since }, 4_500)
  return core
}
const lower = (value: unknown) => (typeof value === "string" ? value.toLowerCase() : (value as null))

describe("a create that is found again", () => {
  it("[R1] a create whose answer was lost is found again: its own values there are no sight of the CRM's", () => {
    const core = found()
    core.observe("crm", "person", "c1", { ...ada, email: "countess@lovelace.org" }, 5_000)
    const from = (group: string) => core.entities("contact")[0]!.groups[group]!.provenance.connection
    assert.deepStrictEqual([from("title"), from("name")], ["app", "app"])
    // What differs there is somebody's.
    assert.deepStrictEqual([from("email"), core.value("contact", "email")], ["crm", ["countess@lovelace.org"]])
  })
  it("[R2] what a create sent that is found again is its echo, and does not replace what has replaced it", () => {
    const core = found({}, "Baroness")
    core.observe("crm", "person", "c1", ada, 5_000)
    assert.deepStrictEqual(title(core), ["Baroness"])
    assert.deepStrictEqual([groupsDue(core, "app"), groupsDue(core, "crm")], [[], [["title"]]])
    // Once it was seen, the same value again is a person's.
    write(core, "crm", 6_000)
    core.observe("crm", "person", "c1", ada, 7_000)
    assert.deepStrictEqual(title(core), ["Countess"])
  })
  it("[R2] so is the lossy form of what it sent", () => {
    const core = found({ crm: { title: { lossy: lower } } }, "Baroness")
    core.observe("crm", "person", "c1", { ...ada, title: "countess" }, 5_000)
    assert.deepStrictEqual([title(core), groupsDue(core, "crm")], [["Baroness"], [["title"]]])
  })
  it("[R3] what it did not send is a conflict, as at a first link", () => {
    const core = found({}, "Baroness")
    core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 5_000)
    assert.deepStrictEqual([title(core), groupsDue(core, "app")], [["Duchess"], [["title"]]])
  })
  const app = { policy: policyOf({ contact: { _tag: "App" } }) } as const
  for (const [what, title] of [
    ["changed", "Duchess"],
    ["emptied", null],
  ] as const)
    it(`[R5] what it is known to have set, and somebody ${what} before it was first read, is edited`, () => {
      const core = found(app, null, ["title"])
      core.observe("crm", "person", "c1", { ...ada, title }, 5_000)
      assert.deepStrictEqual(core.value("contact", "title"), [title])
      assert.deepStrictEqual([groupsDue(core, "app"), groupsDue(core, "crm")], [[["title"]], []])
    })
  /** Its record is read before it is found. */
  const readFirst =
    (title: string | null) =>
    (core: Core, ownId: string): void =>
      void core.observe("crm", "person", "c1", { ...ada, title }, 3_500, { ownId })
  it("[R5] so is what somebody changed or emptied where the record was read, by our id, before the create was found", () => {
    const asked = { policy: policyOf({ contact: { _tag: "Manual" } }) } as const
    for (const title of ["Duchess", null])
      for (const options of [app, asked]) {
        const core = found(options, null, ["title"], false, readFirst(title))
        assert.deepStrictEqual(core.value("contact", "title"), [title])
        assert.deepStrictEqual([groupsDue(core, "app"), groupsDue(core, "crm")], [[["title"]], []])
        assert.deepStrictEqual(core.loaded.range("conflict", "crm|"), [])
      }
  })
  it("[R3] what was decided then stands where nobody knows, where it was written there since, or where a person decided", () => {
    const kept = (core: Core) => assert.deepStrictEqual(core.value("contact", "title"), ["Countess"])
    kept(found(app, null, ["email"], false, readFirst("Duchess")))
    kept(
      found(app, null, ["title"], false, (core, ownId) => {
        readFirst("Duchess")(core, ownId)
        write(core, "crm", 3_600)
      }),
    )
    kept(
      found({ policy: policyOf({ contact: { _tag: "Manual" } }) }, null, ["title"], false, (core, ownId) => {
        readFirst("Duchess")(core, ownId)
        const [{ id } = { id: "" }] = core.entities("contact")
        core.append(3_600, {
          _tag: "ResolveRequested",
          entity: { type: "contact", id },
          connection: "crm",
          group: "title",
          keep: "entity",
          by: "operator",
        })
      }),
    )
  })
  it("[R3] [R6] of what nobody knows, or what the app edited too, the rule decides", () => {
    for (const core of [found(app), found(app, null, ["email"]), found(app, null, ["title"], true)]) {
      core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 5_000)
      assert.deepStrictEqual([title(core), groupsDue(core, "crm")], [["Countess"], [["title"]]])
    }
    const core = found(app, "Baroness", ["title"])
    core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 5_000)
    assert.deepStrictEqual([title(core), groupsDue(core, "crm")], [["Baroness"], [["title"]]])
  })
  it("[R2] of what it is known to have set the record shows nothing new", () => {
    const core = found({}, "Baroness", ["title"])
    assert.deepStrictEqual(groupsDue(core, "crm"), [["title"]])
    core.observe("crm", "person", "c1", ada, 5_000)
    assert.deepStrictEqual([title(core), groupsDue(core, "app")], [["Baroness"], []])
  })
  it("[R8] a person's return to what it sent, parked, is decided when the rule is another", () => {
    const core = found({ policy: policyOf({ contact: { _tag: "Manual" } }) })
    core.observe("crm", "person", "c1", ada, 5_000)
    core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 6_000)
    write(core, "app", 6_500)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 7_000)
    core.observe("crm", "person", "c1", ada, 8_000)
    assert.strictEqual(core.loaded.range("conflict", "crm|")!.length, 1)
    core.options = { ...core.options, policy: policyOf() }
    core.append(9_000, { _tag: "RulesChanged", connection: "", document: {} })
    assert.deepStrictEqual([title(core), core.loaded.range("conflict", "crm|")], [["Countess"], []])
  })
})
