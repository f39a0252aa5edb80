/** Which calls bring a lead to a wanted status: pure. */
import { assert, describe, it } from "vitest"
import { leadStatus } from "./records.ts"
import { leadSteps } from "./verbs.ts"

const stages = [
  { id: 1, name: "New", won: false, sequence: 0, teams: [] },
  { id: 2, name: "Qualified", won: false, sequence: 1, teams: [] },
  { id: 3, name: "Only team 7", won: false, sequence: 2, teams: [7] },
  { id: 4, name: "Won", won: true, sequence: 70, teams: [] },
]

const open = { active: true, probability: 20, stage_id: 1, team_id: 1 }
const won = { active: true, probability: 100, stage_id: 4, team_id: 1 }
const lost = { active: false, probability: 0, stage_id: 2, team_id: 1 }

describe("[OD15] status of a lead", () => {
  it("is told by 19 itself, and derived for 17", () => {
    assert.strictEqual(leadStatus({ ...open, won_status: "pending" }, stages), "open")
    assert.strictEqual(leadStatus({ ...won, won_status: "won" }, stages), "won")
    assert.strictEqual(leadStatus(open, stages), "open")
    assert.strictEqual(leadStatus(won, stages), "won")
    assert.strictEqual(leadStatus(lost, stages), "lost")
    assert.strictEqual(leadStatus({ ...open, probability: 100 }, stages), "open")
  })
  it("is lost where a won lead was lost in its won stage, and not lost where one is only archived", () => {
    assert.strictEqual(leadStatus({ ...won, active: false, probability: 0 }, stages), "lost")
    assert.strictEqual(leadStatus({ ...open, active: false }, stages), "open")
  })
})

describe("[OD15] steps to a status", () => {
  it("won: by the named won stage, else by the method", () => {
    assert.deepStrictEqual(leadSteps(open, { stage_id: 4 }, "won", stages), [
      { method: "write", args: { vals: { stage_id: 4 } } },
    ])
    assert.deepStrictEqual(leadSteps(open, { name: "x", stage_id: 2 }, "won", stages), [
      { method: "write", args: { vals: { name: "x" } } },
      { method: "action_set_won", args: {} },
    ])
    assert.deepStrictEqual(leadSteps(won, {}, "won", stages), [])
  })
  it("won: a lost lead in the named stage is brought back first", () => {
    assert.deepStrictEqual(
      leadSteps(lost, { stage_id: 4 }, "won", stages).map(({ method }) => method),
      ["action_unarchive", "write"],
    )
  })
  it("lost: with its reason, and out of a won stage before", () => {
    assert.deepStrictEqual(leadSteps(open, { lost_reason_id: 3 }, "lost", stages), [
      { method: "action_set_lost", args: { lost_reason_id: 3 } },
    ])
    assert.deepStrictEqual(leadSteps(won, {}, "lost", stages), [
      { method: "write", args: { vals: { stage_id: 2 } } },
      { method: "action_set_lost", args: {} },
    ])
    assert.deepStrictEqual(leadSteps(lost, {}, "lost", stages), [])
  })
  it("open: back from the archive without a reason, out of a won stage to the team's last open one", () => {
    assert.deepStrictEqual(leadSteps(lost, { lost_reason_id: false }, "open", stages), [
      { method: "action_unarchive", args: {} },
    ])
    assert.deepStrictEqual(leadSteps(won, {}, "open", stages), [{ method: "write", args: { vals: { stage_id: 2 } } }])
    assert.deepStrictEqual(leadSteps({ ...won, team_id: 7 }, {}, "open", stages), [
      { method: "write", args: { vals: { stage_id: 3 } } },
    ])
    assert.deepStrictEqual(leadSteps(won, { stage_id: 1 }, "open", stages), [
      { method: "write", args: { vals: { stage_id: 1 } } },
    ])
  })
})
