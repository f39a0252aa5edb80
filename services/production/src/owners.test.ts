/** Who has to own what, whatever the table of leases holds. */
import { ShareDigits } from "@concordat/engine/ownership/shares"
import { Leases } from "@concordat/engine/ports/Leases"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { termsOf } from "./owners.ts"
import { listedLeases } from "./testing/listed-leases.ts"

const withLeases = (leases: ReadonlyArray<readonly [name: string, leftMs: number]>) =>
  listedLeases(leases.map(([name, leftMs]) => ({ name, owner: "http://one:1|life", epoch: 1, leftMs })))

describe("the terms of owners", () => {
  it.effect("are 0 of what nobody ever owned, and there are none of what the configuration no longer names", () =>
    Effect.gen(function* () {
      const leases = withLeases([
        ["announcer/all", 4_000],
        ["connector/acme.crm", 5_000],
        ["connector/acme.removed", 0],
        ["reconciler/0", 6_000],
      ])
      const terms = yield* termsOf(["acme.crm", "acme.added"]).pipe(
        Effect.provideService(Leases, leases),
        Effect.provideService(ShareDigits, 1),
      )
      assert.strictEqual(terms.length, 1 + 2 + 16)
      assert.deepStrictEqual(terms.slice(0, 5), [
        { name: "announcer/all", leftMs: 4_000 },
        { name: "connector/acme.crm", leftMs: 5_000 },
        { name: "connector/acme.added", leftMs: 0 },
        { name: "reconciler/0", leftMs: 6_000 },
        { name: "reconciler/1", leftMs: 0 },
      ])
    }),
  )
})
