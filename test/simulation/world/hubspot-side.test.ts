/** What the engine writes into a record of HubSpot's that has become part of another by then. */
import { assert, describe, it } from "vitest"
import { History } from "../oracle/history.ts"
import { makeChance } from "../random.ts"
import { Timeline } from "../timeline.ts"
import { makeHubspotSide } from "./hubspot-side.ts"
import { serverOf } from "./servers.ts"
import type { Written } from "./side.ts"

describe("a company that the engine gives a person of HubSpot's", () => {
  /** `to`: which of two people of whom the second is made part of the first. */
  const given = async (to: "first" | "second") => {
    const written: Array<Written> = []
    const side = makeHubspotSide({
      name: "hubspot",
      tenant: "acme",
      timeline: new Timeline(0),
      chance: makeChance("redirected"),
      skewMs: 0,
      secret: "secret",
      settings: { tokens: ["token"] },
      onWritten: (one) => void written.push(one),
    })
    const history = new History(() => 0)
    const [first, second] = ["P1", "P2"].map((key) => side.seed("person", { name: `Ada|${key}` }, {})) as [
      string,
      string,
    ]
    const company = side.seed("company", { name: "Firm|C1" }, {})
    const id = await side.merge!("person", first, second)
    const from = to === "second" ? second : id
    const answer = await serverOf(side, history)(
      {
        method: "POST",
        url: "https://api.hubapi.com/crm/associations/2026-09/contacts/companies/batch/associate/default",
        headers: { authorization: "Bearer token", "content-type": "application/json" },
        body: JSON.stringify({ inputs: [{ from: { id: from }, to: { id: company } }] }),
        operation: "given",
      },
      (told) => told(),
    )
    assert.strictEqual(answer?.status, 200)
    assert.deepStrictEqual(
      written.map((one) => [one.kind, one.id]),
      [["associate", id]],
    )
    history.enter({ side: "app", isApp: true, id: "person:c2" }, "P1", { company: "C1" }, true)
    history.shown("hubspot", "P1", written[0]!.meantForAnother ?? {})
    return [...history.values[0]!.shownBy]
  }

  it("is shown by HubSpot first where it was meant for one that has become part of that one", async () => {
    assert.deepStrictEqual([await given("second"), await given("first")], [["hubspot"], []])
  })
})
