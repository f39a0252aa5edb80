/** `concordat migrate` as people run it: what it says, whom it refuses, and that it may be killed. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { layer as postgres } from "@concordat/adapters/postgres/Postgres"
import { acquireOwn, missingOwn } from "@concordat/adapters/postgres/testing/server"
import { concordat } from "@concordat/cli/testing/command-line"
import { Leases } from "@concordat/engine/ports/Leases"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import { Commit } from "@concordat/engine/ports/Commit"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, serve } from "../kurrentdb/system.ts"
import { fill, shownOf } from "./journals.ts"

const MAIN = join(import.meta.dirname, "../../services/cli/src/main.ts")

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "concordat-migrate-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
)

/** Does something with the file while nobody else has it. */
const inFile = <A, E>(path: string, work: Effect.Effect<A, E, Journal | State | Commit>) =>
  Effect.provide(work, sqlite({ path }), { local: true })
const shownIn = (path: string, tenant?: string) =>
  inFile(
    path,
    Effect.flatMap(Journal, (one) => shownOf(one, tenant)),
  )

/** A file with two tenants, and a server without any. */
const places = Effect.gen(function* () {
  const dir = yield* folder
  const home = join(dir, "concordat.sqlite")
  yield* inFile(
    home,
    Effect.flatMap(Journal, (journal) => fill(journal)),
  )
  const server = yield* serve({ many: false })
  return { dir, home, server, environment: { KURRENTDB_URL: server.connectionString } }
})

describe("concordat migrate", () => {
  it.effect("takes all tenants to the server and back, and says what is left to do", () =>
    Effect.gen(function* () {
      const { dir, environment, home } = yield* places
      const back = join(dir, "back.sqlite")
      const there = yield* concordat(["migrate", home, "kurrentdb", "--all"], environment)
      assert.strictEqual(there.failure, null)
      assert.match(
        there.output,
        /^acme: 69 events in kurrentdb, 69 of them appended now; all compared\nacme2: 13 events/,
      )
      assert.include(there.output, "State is not: the next start rebuilds it from the journal.")
      assert.include(there.output, `Set CONCORDAT_KEY to the key that ${home} was used with`)
      assert.include(there.output, "POSTGRES_URL is not set, so nobody looked whether services are running")
      const again = yield* concordat(["migrate", "kurrentdb", back, "--all", "--json"], environment)
      const { tenants } = JSON.parse(again.output) as { readonly tenants: unknown }
      assert.deepStrictEqual(tenants, [
        { tenant: "acme", events: 69, copied: 69 },
        { tenant: "acme2", events: 13, copied: 13 },
      ])
      for (const tenant of ["acme", "acme2"])
        assert.deepStrictEqual(yield* shownIn(back, tenant), yield* shownIn(home, tenant))
    }).pipe(Effect.scoped),
  )

  it.effect("drops the state of a file that gets more history, and of no other", () =>
    Effect.gen(function* () {
      const { dir, environment, home } = yield* places
      const back = join(dir, "back.sqlite")
      const checkpoint = { name: "reconciler", position: "0000000000000001", eventId: "e" }
      const write = Effect.flatMap(Commit, ({ commit }) =>
        commit({ appends: [], documents: [], commands: [], checkpoint }),
      )
      const standing = Effect.flatMap(State, (state) => state.checkpoint("reconciler"))
      yield* concordat(["migrate", home, "kurrentdb", "--all"], environment)
      yield* inFile(back, write)
      yield* concordat(["migrate", "kurrentdb", back, "--tenant", "acme"], environment)
      assert.isNull(yield* inFile(back, standing))
      yield* inFile(back, write)
      const twice = yield* concordat(["migrate", "kurrentdb", back, "--tenant", "acme"], environment)
      assert.match(twice.output, /^acme: 69 events in .*, 0 of them appended now; all compared/)
      assert.deepStrictEqual(yield* inFile(back, standing), checkpoint)
    }).pipe(Effect.scoped),
  )

  it.effect("refuses what it can't do, with what to do instead", () =>
    Effect.gen(function* () {
      const { dir, environment, home } = yield* places
      const says = (...args: ReadonlyArray<string>) =>
        Effect.map(concordat(["migrate", ...args], environment), ({ message }) => message ?? "")
      assert.match(yield* says(home, "other.sqlite"), /^one of both has to be kurrentdb/)
      assert.match(yield* says(join(dir, "none.sqlite"), "kurrentdb"), /^there is no file .*none\.sqlite/)
      assert.match(yield* says(home, "kurrentdb"), /^which tenant\? --all, or --tenant with one of: acme, acme2$/)
      assert.match(yield* says(home, "kurrentdb", "--tenant", "emca"), /holds no tenant emca; there are: acme, acme2$/)
      assert.match(yield* says(home, "kurrentdb", "--tenant", "A B"), /is no name of a tenant/)
      assert.match(yield* says(home, "kurrentdb", "--tenant", "acme", "--all"), /^either --all, or --tenant/)
      assert.match(yield* says("kurrentdb", join(dir, "new.sqlite"), "--all"), /^kurrentdb holds no tenant$/)
      const unset = yield* concordat(["migrate", home, "kurrentdb", "--all"])
      assert.match(unset.message ?? "", /^KURRENTDB_URL is not set/)
      // While somebody works on the file, in either direction.
      assert.strictEqual((yield* concordat(["migrate", home, "kurrentdb", "--all"], environment)).failure, null)
      yield* Effect.gen(function* () {
        yield* Journal
        for (const args of [
          [home, "kurrentdb"],
          ["kurrentdb", home],
        ])
          assert.match(yield* says(...args, "--all"), /^journal locked: .* is in use by another process/)
      }).pipe((work) => inFile(home, work))
    }).pipe(Effect.scoped),
  )

  it.effect.skipIf(missingOwn !== null)("refuses while services of the production layout are at work", () =>
    Effect.gen(function* () {
      const { environment, home, server } = yield* places
      const { url } = yield* acquireOwn()
      const withState = { ...environment, POSTGRES_URL: url }
      const claim = { owner: "http://connector-1:8080|life", names: ["connector/acme.crm"], most: 1, ttlMs: 60_000 }
      const leases = yield* Layer.build(postgres({ url: Redacted.make(url), connections: 1 }))
      yield* Context.get(leases, Leases).claim(claim)
      const before = server.faults.seen.appends
      const { message } = yield* concordat(["migrate", home, "kurrentdb", "--all"], withState)
      assert.strictEqual(message, "services are running (http://connector-1:8080): stop all of them first")
      assert.strictEqual(server.faults.seen.appends, before)
      const held = (yield* Context.get(leases, Leases).list).map(({ epoch, name }) => ({ epoch, name }))
      yield* Context.get(leases, Leases).release({ owner: claim.owner, leases: held })
      const { failure, output } = yield* concordat(["migrate", home, "kurrentdb", "--all"], withState)
      assert.strictEqual(failure, null)
      assert.notInclude(output, "POSTGRES_URL")
    }).pipe(Effect.scoped),
  )

  it.effect("killed in its middle it goes on when it is started again", () =>
    Effect.gen(function* () {
      const { environment, home, server } = yield* places
      const all = yield* shownIn(home)
      const before = server.faults.seen.appends
      const child = spawn(process.execPath, [MAIN, "migrate", home, "kurrentdb", "--tenant", "acme"], {
        env: { ...process.env, ...environment },
        stdio: "ignore",
      })
      const ended = new Promise((resolve) => child.once("exit", resolve))
      while (server.faults.seen.appends - before < 20 && child.exitCode === null)
        yield* TestClock.withLive(Effect.sleep("2 millis"))
      child.kill("SIGKILL")
      yield* Effect.promise(() => ended)
      assert.strictEqual(child.signalCode, "SIGKILL")
      const there = yield* connect(server.connectionString)
      const some = (yield* shownOf(there)).length
      assert.isTrue(some >= 20 && some < all.length, `${some} of ${all.length}`)
      const { output } = yield* concordat(["migrate", home, "kurrentdb", "--tenant", "acme", "--json"], environment)
      const { tenants } = JSON.parse(output) as { readonly tenants: unknown }
      assert.deepStrictEqual(tenants, [{ tenant: "acme", events: all.length, copied: all.length - some }])
      assert.deepStrictEqual(yield* shownOf(there), all)
    }).pipe(Effect.scoped),
  )
})
