import { appendTo } from "@concordat/engine/operations/append"
import { requested } from "@concordat/engine/operations/requested"
import * as streams from "@concordat/model/streams"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { withStore } from "./testing/acme.ts"

describe("requests", () => {
  withStore("are listed with who asked, the newest first and page by page", () =>
    Effect.gen(function* () {
      const entity = { type: "contact", id: "e1" }
      const asked = [
        { _tag: "ArmRequested", connection: "odoo", by: "Kim", writesPerHour: 200 },
        { _tag: "ResolveRequested", connection: "odoo", by: "Alice", entity, group: "title", keep: "connection" },
        { _tag: "MergeRequested", by: "Carol", from: { type: "contact", id: "e2" }, into: entity },
        {
          _tag: "MatchRequested",
          connection: "odoo",
          by: "Dave",
          record: { object: "res.partner", id: "7" },
          entity: null,
        },
      ]
      for (const data of asked) yield* appendTo(streams.request("acme"), [{ type: data._tag, data }])
      const first = yield* requested("acme", { after: null, limit: 3 })
      assert.deepStrictEqual(
        first.items.map(({ by, connection, detail, entity, kind, record }) => [
          kind,
          by,
          connection,
          record,
          entity,
          detail,
        ]),
        [
          ["MatchRequested", "Dave", "odoo", "res.partner:7", null, "one of its own"],
          ["MergeRequested", "Carol", null, null, "contact:e1", "into contact:e1, from contact:e2"],
          ["ResolveRequested", "Alice", "odoo", null, "contact:e1", "title, keep connection"],
        ],
      )
      const rest = yield* requested("acme", { after: first.next, limit: 3 })
      assert.deepStrictEqual(
        rest.items.map(({ by, detail }) => [by, detail]),
        [["Kim", "200 writes per hour"]],
      )
      assert.isNull(rest.next)
      assert.deepStrictEqual((yield* requested("acme", { after: "0", limit: 3 })).items, [])
      assert.strictEqual((yield* Effect.flip(requested("acme", { after: "x", limit: 3 })))._tag, "Invalid")
    }),
  )
})
