/** The same over a journal on a server, whose reconciling is divided into shares. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { sharesOf } from "@concordat/engine/ownership/shares"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import { verify } from "@concordat/engine/verification/verify"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { store, TENANT } from "../engine/system.ts"
import { connect, serve } from "../kurrentdb/system.ts"
import { move } from "../migration/journals.ts"
import { lived } from "./stores.ts"

const verified = Effect.fnUntraced(function* (journal: Journal["Service"], shares: ReadonlyArray<string>) {
  const scratch = yield* Layer.build(Layer.fresh(sqlite({ path: ":memory:", inPlace: true })))
  const state = { ...(yield* State), checkpoint: () => Effect.succeed(null) }
  return yield* verify({ journal, state, scratch, shares, tenant: null, onProgress: () => Effect.void })
}, Effect.scoped)

describe("a verification over a server", () => {
  it.effect("finds what it finds in a file, share by share", () =>
    Effect.gen(function* () {
      yield* lived
      const home = yield* Journal
      const there = yield* connect((yield* serve({ many: true })).connectionString)
      yield* move(home, there, { tenant: TENANT })
      const [inFile] = yield* verified(home, sharesOf(0))
      assert.deepStrictEqual([inFile!.drift, inFile!.differences], [0, []])
      assert.isAbove(inFile!.events, 4)
      assert.deepStrictEqual(yield* verified(there, sharesOf(1)), [inFile])
      const [last] = yield* home
        .readAll({ after: null, prefixes: ["contact-"], limit: 1 })
        .pipe(Effect.map(({ events }) => events))
      const end = yield* there.read(last!.stream, { from: "end", direction: "backward", limit: 1 })
      const { data, id, metadata, revision, stream, type } = end[0]!
      const again = { data, id: id.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")), metadata, type }
      yield* there.append({ stream, expected: revision, events: [again] })
      const [drifted] = yield* verified(there, sharesOf(1))
      assert.strictEqual(drifted!.drift, 1)
      assert.deepInclude(drifted!.differences[0], { kind: "extra", stream, revision: revision + 1, found: again.id })
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(store), { local: true })),
  )
})
