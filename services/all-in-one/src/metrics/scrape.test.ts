/** What is told while something is wrong: then above all it is asked for. */
import { Journal, JournalError } from "@concordat/engine/ports/Journal"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Connections } from "../Connections.ts"
import { acme, put, withStore } from "../testing/acme.ts"
import { makeRecording } from "./recording.ts"
import { scrape } from "./scrape.ts"

const scraped = (workers: ReadonlyArray<readonly [string, number]> = []) => {
  const recording = makeRecording()
  return {
    tenants: ["acme", "other"],
    connections: new Connections([], recording),
    workers: new Map(workers.map(([name, failures]) => [name, { failures, error: null }])),
    recording,
  }
}

describe("a scrape", () => {
  withStore("tells all else where the lag can't be read, and tries it once", () =>
    Effect.gen(function* () {
      yield* put(acme("o"))
      let tries = 0
      const away = Journal.of({
        ...(yield* Journal),
        readAll: () => {
          tries += 1
          return Effect.fail(new JournalError({ reason: "foreign", detail: "it was restored" }))
        },
      })
      const text = yield* Effect.provideService(scrape(scraped()), Journal, away)
      assert.include(text, 'concordat_connection_armed{tenant="acme",connection="odoo"} ')
      assert.include(text, "concordat_journal_readable 0\n")
      assert.notInclude(text, "concordat_reconciler_lag_seconds{")
      assert.strictEqual(tries, 1)

      const again = yield* scrape(scraped())
      assert.include(again, "concordat_journal_readable 1\n")
      assert.include(again, 'concordat_reconciler_lag_seconds{tenant="acme"} 0\n')
    }),
  )

  withStore("tells of workers that are no connection's too", () =>
    Effect.gen(function* () {
      const text = yield* scrape(scraped([["reconciler 5", 4]]))
      assert.include(text, 'concordat_worker_failures{worker="reconciler 5"} 4\n')
    }),
  )
})
