/** What the `api` service shows of workers: asked of their owner once, however many connections it has and however long it takes. */
import { Leases } from "@concordat/engine/ports/Leases"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { makeOwnersWord } from "./owners-word.ts"
import { listedLeases } from "./testing/listed-leases.ts"

const NAMES = ["app", "crm", "erp"]

const leases = listedLeases(
  NAMES.map((name) => ({
    name: `connector/acme.${name}`,
    owner: "http://connector:1|life",
    epoch: 1,
    leftMs: 5_000,
  })),
)

const issues = { refused: 0, quarantined: 0, problem: 0, waiting: 0 }
const ofConnection = (connection: string) => ({
  connection,
  provider: "hubspot",
  class: "peer",
  isApp: false,
  armed: true,
  armedAt: 0,
  writesPerHour: null,
  paused: [],
  closed: false,
  backfill: { state: "done", startedAt: 0, finishedAt: 0, objects: [] },
  linked: 0,
  due: 0,
  writing: 0,
  questions: 0,
  conflicts: 0,
  issues,
  counters: {},
  idle: true,
  worker: null,
  restarts: 2,
  stopped: null,
})
const STATUS = { tenant: "acme", version: "1", behind: 0, behindMs: 0, connections: NAMES.map(ofConnection) }

/** What the three connections are said to do, by an owner whose answer comes after so long; and how often it was asked. */
const said = Effect.fnUntraced(function* (answerMs: number) {
  let asked = 0
  const context = yield* Effect.context()
  const fetch = async (): Promise<Response> => {
    asked += 1
    // Who waits for it is told that it took too long before it comes, where that is so.
    await Effect.runPromiseWith(context)(TestClock.adjust(answerMs))
    return Response.json(STATUS)
  }
  const workers = Effect.gen(function* () {
    const { worker } = yield* makeOwnersWord(Redacted.make("token"))
    return yield* Effect.forEach(NAMES, (name) => worker("acme", name))
  })
  const all = yield* workers.pipe(
    Effect.provideService(Leases, leases),
    Effect.provideService(FetchHttpClient.Fetch, fetch as typeof globalThis.fetch),
  )
  return { asked, idle: all.map(({ idle }) => idle), stopped: all.map(({ stopped }) => stopped) }
})

describe("the owner's word", () => {
  it.effect("is asked once for all connections of a tenant, also where the answer takes its time", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* said(4_000), { asked: 1, idle: [true, true, true], stopped: [null, null, null] })
    }),
  )

  it.effect("is waited for once where it doesn't come", () =>
    Effect.gen(function* () {
      const silence = "its process does not answer"
      assert.deepStrictEqual(yield* said(60_000), {
        asked: 1,
        idle: [null, null, null],
        stopped: [silence, silence, silence],
      })
    }),
  )
})
