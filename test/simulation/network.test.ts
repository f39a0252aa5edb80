/** What a provider shows is known when its answer has come back, as it was given, to who still waits for it. */
import { makeCatalogue } from "@concordat/all-in-one/providers"
import { makeBudget } from "@concordat/engine/budget/Budget"
import { definitionFor } from "@concordat/engine/connection/connectProvider"
import { noCalls } from "@concordat/engine/http/ProviderHttp"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { httpOver, type Network, type NetworkFaults, PERFECT } from "./network.ts"
import { Process } from "./process.ts"
import { makeChance } from "./random.ts"
import { Timeline } from "./timeline.ts"

const WAY_MS = 1_000
const CALL = { operation: "read", method: "GET", url: "http://provider.test/" } as const

/** A call that is answered after a second and known after two; how often it has been told of by then, and in the end. */
const told = async (faults: Partial<NetworkFaults>, timeoutMs = 10_000, dies = false) => {
  const timeline = new Timeline(0)
  const process = new Process(timeline, "engine", makeChance("engine"))
  const network: Network = {
    timeline,
    owner: { isAlive: true },
    chance: makeChance("way"),
    faults: { ...PERFECT, latency: [WAY_MS, WAY_MS], ...faults },
    onCall: () => {},
  }
  const seen: Array<string> = []
  const definition = definitionFor(makeCatalogue().providers["odoo"]!, {})
  process.start(
    Effect.gen(function* () {
      const budget = yield* makeBudget(definition.limits)
      const http = httpOver(
        process,
        network,
        (_, onArrival) => {
          seen.push("given")
          onArrival(() => void seen.push("there"))
          return { status: 200, headers: {}, text: "" }
        },
        { definition, budget, stats: noCalls() },
      )
      yield* http.send({ ...CALL, timeoutMs })
    }).pipe(Effect.ignore),
  )
  await timeline.until(1.5 * WAY_MS)
  const before = [...seen]
  if (dies) process.crash()
  await timeline.until(20 * WAY_MS)
  return [before, seen]
}

describe("an answer of a provider's", () => {
  it("is known once it is back", async () => {
    assert.deepStrictEqual(await told({}), [["given"], ["given", "there"]])
  })
  it("is known to nobody who does not wait for it any more", async () => {
    assert.deepStrictEqual(await told({}, 1.8 * WAY_MS), [["given"], ["given"]])
    assert.deepStrictEqual(await told({}, 10_000, true), [["given"], ["given"]])
  })
  it("is known to nobody where something else came, or nothing", async () => {
    assert.deepStrictEqual(await told({ unanswered: 1 }), [["given"], ["given"]])
    assert.deepStrictEqual(await told({ broken: 1, brokenAfter: 1 }), [["given"], ["given"]])
    assert.deepStrictEqual(await told({ lost: 1 }), [[], []])
  })
})
