/** What a plain Odoo has no field for: kept everywhere else, and carried both ways once somebody makes a field for it. */
import { State } from "@concordat/engine/ports/State"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { side } from "./own-fields.ts"
import { store, TENANT } from "./system.ts"

/** Everything that people are told of: conflicts, refusals, problems. */
const told = Effect.gen(function* () {
  const state = yield* State
  const all: Array<string> = []
  for (const kind of ["conflict", "issue", "due"]) {
    const rows = yield* state.scan({ tenant: TENANT, kind, prefix: "", after: null, limit: 100 })
    all.push(...rows.map(({ key }) => `${kind} ${key}`))
  }
  return all
})

const ACTIVITY = [
  ["x_direction", "char"],
  ["x_recording_url", "char"],
  ["x_duration", "float"],
] as const

describe.each([17, 19] as const)("fields of the company's own in Odoo %i", (version) => {
  const person = [["email", "=", "ada@engines.example"]]

  it.effect("[OD67] what has no place there is left alone, and reaches a field that is made for it later", () =>
    Effect.gen(function* () {
      const { ada, addField, edit, inOdoo, inPortal, quiet, restart, value, writes } = yield* side(version, {})
      const [there] = inOdoo("res.partner", person)
      assert.strictEqual(there!["name"], "Ada Lovelace")
      assert.deepStrictEqual(yield* told, [])
      const before = writes()
      edit.portal("contacts", ada, { lifecyclestage: "evangelist" })
      yield* quiet
      assert.strictEqual(yield* value("contact", "lifecycle"), "evangelist")
      assert.deepStrictEqual([writes(), yield* told], [before, []])
      yield* edit.odoo("res.partner", Number(there!["id"]), { function: "Countess" })
      yield* quiet
      assert.deepInclude(inPortal("contacts", ada), { jobtitle: "Countess", lifecyclestage: "evangelist" })

      yield* addField("res.partner", "x_lifecycle", "char")
      yield* addField("res.partner", "x_studio_source", "char")
      yield* restart
      const held = () => inOdoo("res.partner", person)[0]!
      assert.deepInclude(held(), { x_lifecycle: "evangelist", x_studio_source: "REFERRALS" })
      yield* edit.odoo("res.partner", Number(there!["id"]), { x_lifecycle: "opportunity" })
      yield* quiet
      assert.strictEqual(inPortal("contacts", ada)["lifecyclestage"], "opportunity")
      assert.deepStrictEqual(yield* told, [])
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect(
    "[OD67] a call keeps direction, recording and length when it is done, and takes an outcome afterwards",
    () =>
      Effect.gen(function* () {
        let call = ""
        const { edit, inOdoo, inPortal, quiet, value } = yield* side(
          version,
          { "mail.activity": ACTIVITY, "mail.message": [...ACTIVITY, ["x_outcome", "char"]] },
          (portal, ada) => {
            call = portal.seed({
              records: {
                calls: [
                  {
                    properties: {
                      hs_call_title: "Ring Ada",
                      hs_timestamp: "2026-10-02T09:00:00Z",
                      hs_call_direction: "INBOUND",
                      hs_call_status: "RINGING",
                      hs_call_duration: "90000",
                      hs_call_recording_url: "https://records.example/1",
                    },
                  },
                ],
              },
            })["calls"]![0]!
            portal.put({ object: "calls", id: call, associations: { contacts: [ada] } })
          },
        )
        const [activity] = inOdoo("mail.activity", [["summary", "=", "Ring Ada"]])
        assert.deepInclude(activity, {
          x_direction: "inbound",
          x_recording_url: "https://records.example/1",
          x_duration: 0.025,
        })
        edit.portal("calls", call, { hs_call_status: "COMPLETED" })
        yield* quiet
        const messages = () => inOdoo("mail.message", [["mail_activity_type_id", "!=", false]])
        assert.lengthOf(messages(), 1)
        const message = () => messages()[0]!
        assert.deepInclude(message(), {
          x_direction: "inbound",
          x_recording_url: "https://records.example/1",
          x_duration: 0.025,
        })
        const connected = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
        edit.portal("calls", call, {
          hs_call_disposition: connected,
          hs_call_recording_url: "https://records.example/2",
        })
        yield* quiet
        assert.deepInclude(message(), { x_outcome: "Connected", x_recording_url: "https://records.example/2" })
        yield* edit.odoo("mail.message", Number(message()["id"]), { x_outcome: "Busy", x_direction: "outbound" })
        yield* quiet
        assert.strictEqual(yield* value("activity", "outcome"), "Busy")
        assert.deepInclude(inPortal("calls", call), {
          hs_call_disposition: "9d9162e7-6cf3-4944-bf63-4dff82258764",
          hs_call_direction: "OUTBOUND",
          hs_call_status: "COMPLETED",
        })
        assert.lengthOf(messages(), 1)
        assert.deepStrictEqual(yield* told, [])
      }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("[OD67] without such fields a call loses none of it by what happens to it there", () =>
    Effect.gen(function* () {
      let call = ""
      const { edit, inOdoo, inPortal, quiet } = yield* side(version, {}, (portal, ada) => {
        const properties = {
          hs_call_title: "Ring Ada",
          hs_timestamp: "2026-10-02T09:00:00Z",
          hs_call_direction: "INBOUND",
          hs_call_status: "RINGING",
          hs_call_recording_url: "https://records.example/1",
        }
        call = portal.seed({ records: { calls: [{ properties }] } })["calls"]![0]!
        portal.put({ object: "calls", id: call, associations: { contacts: [ada] } })
      })
      const [activity] = inOdoo("mail.activity", [["summary", "=", "Ring Ada"]])
      yield* edit.odoo("mail.activity", Number(activity!["id"]), { summary: "Ring Ada again" })
      yield* quiet
      edit.portal("calls", call, {
        hs_call_status: "COMPLETED",
        hs_call_disposition: "f240bbac-87c9-4f6e-bf70-924b57d47db7",
      })
      yield* quiet
      assert.lengthOf(inOdoo("mail.message", [["mail_activity_type_id", "!=", false]]), 1)
      assert.deepInclude(inPortal("calls", call), {
        hs_call_title: "Ring Ada again",
        hs_call_direction: "INBOUND",
        hs_call_recording_url: "https://records.example/1",
        hs_call_status: "COMPLETED",
        hs_call_disposition: "f240bbac-87c9-4f6e-bf70-924b57d47db7",
      })
      assert.deepStrictEqual(yield* told, [])
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("[OD67] a meeting is done by its box, and not undone by one that nobody ticked", () =>
    Effect.gen(function* () {
      let meeting = ""
      const { edit, inOdoo, inPortal, quiet, value } = yield* side(
        version,
        {
          "calendar.event": [
            ["x_done", "boolean"],
            ["x_outcome", "char"],
          ],
        },
        (portal, ada) => {
          const properties = {
            hs_meeting_title: "Engines",
            hs_timestamp: "2026-10-02T09:00:00Z",
            hs_meeting_start_time: "2026-10-02T09:00:00Z",
            hs_meeting_end_time: "2026-10-02T10:00:00Z",
            hs_meeting_outcome: "SCHEDULED",
          }
          meeting = portal.seed({ records: { meetings: [{ properties }] } })["meetings"]![0]!
          portal.put({ object: "meetings", id: meeting, associations: { contacts: [ada] } })
        },
      )
      const event = () => inOdoo("calendar.event", [["name", "=", "Engines"]])[0]!
      assert.deepInclude(event(), { x_done: false, x_outcome: "scheduled" })
      assert.isFalse(yield* value("activity", "done"))
      edit.portal("meetings", meeting, { hs_meeting_outcome: "COMPLETED" })
      yield* quiet
      assert.deepInclude(event(), { x_done: true, x_outcome: "completed" })
      yield* edit.odoo("calendar.event", Number(event()["id"]), { name: "Looms" })
      yield* quiet
      assert.deepInclude(inPortal("meetings", meeting), { hs_meeting_title: "Looms", hs_meeting_outcome: "COMPLETED" })
      assert.isTrue(yield* value("activity", "done"))
      assert.deepStrictEqual(yield* told, [])
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )
})
