/** What a process meets when it opens the state: addresses, credentials, other formats, and others that start at once. */
import type { StateError } from "@concordat/engine/ports/State"
import { assert, describe, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { connect, Database, layer as database } from "./Database.ts"
import { MIGRATIONS } from "./schema.ts"
import { acquireDatabase, acquireOwn, execute, missingOwn, type OwnServer, PASSWORD } from "./testing/server.ts"

class Server extends Context.Service<Server, OwnServer>()("test/Server") {}
const server = Layer.effect(Server, acquireOwn())

const open = (url: string): Effect.Effect<void, StateError> =>
  Effect.scoped(Effect.asVoid(Layer.build(database({ url: Redacted.make(url) }))))

const changed = (url: string, change: (url: URL) => void): string => {
  const other = new URL(url)
  change(other)
  return other.href
}

/** Of its error, all that could be logged. */
const refusal = (url: string) =>
  Effect.map(Effect.flip(open(url)), (error) => ({
    reason: error.reason,
    text: `${error.message} ${JSON.stringify(error)} ${error.stack}`,
  }))

describe.skipIf(missingOwn !== null)("PostgreSQL, opening", () => {
  layer(server)("[PG] opening", (it) => {
    it.effect("a wrong password is refused, and the password is in no message", () =>
      Effect.gen(function* () {
        const { url } = yield* Server
        const found = yield* refusal(changed(url, (it) => void (it.password = "hunter2-geheim")))
        assert.strictEqual(found.reason, "unauthorised")
        assert.include(found.text, "correct those of the address (28P01)")
        assert.notInclude(found.text, "hunter2")
        assert.notInclude(found.text, PASSWORD)
      }),
    )

    it.effect("an address without a database, or with one that is not there, says so", () =>
      Effect.gen(function* () {
        const { url } = yield* Server
        const none = yield* refusal(changed(url, (it) => void (it.pathname = "/")))
        assert.deepInclude(none, { reason: "invalid" })
        assert.include(none.text, "names no database; expected is postgres://user:password@host:5432/database")
        const unknown = yield* refusal(changed(url, (it) => void (it.pathname = "/nowhere")))
        assert.deepInclude(unknown, { reason: "invalid" })
        assert.include(unknown.text, "no such database: create it")
        assert.notInclude(none.text + unknown.text, encodeURIComponent(PASSWORD))
      }),
    )

    it.effect("nobody there is unavailable", () =>
      Effect.gen(function* () {
        const { url } = yield* Server
        const found = yield* refusal(changed(url, (it) => void (it.port = "1")))
        assert.strictEqual(found.reason, "unavailable")
        assert.include(found.text, "127.0.0.1:1/postgres")
      }),
    )

    it.effect("TLS that is asked for and not offered is not done without", () =>
      Effect.gen(function* () {
        const { url } = yield* Server
        const found = yield* refusal(changed(url, (it) => void (it.search = "?sslmode=require")))
        assert.strictEqual(found.reason, "unavailable")
      }),
    )

    it.effect("a schema of a later version is refused and left as it is", () =>
      Effect.gen(function* () {
        const url = yield* acquireDatabase((yield* Server).url)
        yield* open(url)
        yield* execute(url, `update concordat.format set version = ${MIGRATIONS.length + 1}`)
        const found = yield* refusal(url)
        assert.strictEqual(found.reason, "newer")
        assert.include(found.text, `has format ${MIGRATIONS.length + 1}, this version of Concordat reads up to`)
        assert.deepStrictEqual(yield* execute(url, "select version from concordat.format"), [[MIGRATIONS.length + 1]])
      }),
    )

    it.effect("a schema of the first version keeps its checkpoints, and takes none of a process of that version", () =>
      Effect.gen(function* () {
        const url = yield* acquireDatabase((yield* Server).url)
        yield* open(url)
        yield* execute(url, "alter table concordat.checkpoint drop column ahead")
        yield* execute(url, "insert into concordat.checkpoint values ('reconciler', '7', 'seven')")
        yield* execute(url, "update concordat.format set version = 1")
        yield* open(url)
        const rows = "select name, position, event_id, ahead from concordat.checkpoint"
        assert.deepStrictEqual(yield* execute(url, rows), [["reconciler", "7", "seven", ""]])
        const former = `insert into concordat.checkpoint (name, position, event_id) values ('reconciler', '8', 'eight')
          on conflict (name) do update set position = excluded.position, event_id = excluded.event_id`
        assert.isTrue(Exit.isFailure(yield* Effect.exit(execute(url, former))))
        assert.deepStrictEqual(yield* execute(url, rows), [["reconciler", "7", "seven", ""]])
      }),
    )

    it.effect("a schema of the same name that is not ours is refused and left as it is", () =>
      Effect.gen(function* () {
        const url = yield* acquireDatabase((yield* Server).url)
        yield* execute(url, "create schema concordat")
        assert.strictEqual((yield* refusal(url)).reason, "foreign")
        yield* execute(url, "create table concordat.format (id int)")
        assert.strictEqual((yield* refusal(url)).reason, "foreign")
        yield* execute(url, "alter table concordat.format add mark text, add version int")
        yield* execute(url, "insert into concordat.format values (1, 'ours', 1)")
        assert.strictEqual((yield* refusal(url)).reason, "foreign")
        const tables = "select table_name::text from information_schema.tables where table_schema = 'concordat'"
        assert.deepStrictEqual(yield* execute(url, tables), [["format"]])
      }),
    )

    it.effect("other tables in the database do not matter", () =>
      Effect.gen(function* () {
        const url = yield* acquireDatabase((yield* Server).url)
        yield* execute(url, "create table document (id int)")
        yield* open(url)
        assert.deepStrictEqual(yield* execute(url, "select count(*)::int from document"), [[0]])
      }),
    )

    it.effect("a database that is not in UTF-8 is refused", () =>
      Effect.gen(function* () {
        const url = yield* acquireDatabase((yield* Server).url, "encoding 'LATIN1' template template0")
        const found = yield* refusal(url)
        assert.strictEqual(found.reason, "invalid")
        assert.include(found.text, "encoded in LATIN1")
      }),
    )

    it.effect("a user without rights is told which are missing", () =>
      Effect.gen(function* () {
        const { url } = yield* Server
        const own = yield* acquireDatabase(url)
        yield* execute(url, "create role guest login password 'guest'")
        const guest = changed(own, (it) => {
          it.username = "guest"
          it.password = "guest"
        })
        const found = yield* refusal(guest)
        assert.strictEqual(found.reason, "unauthorised")
        assert.include(found.text, "grant it create on the database")
      }),
    )

    it.effect("processes that start at once migrate once", () =>
      Effect.gen(function* () {
        const url = yield* acquireDatabase((yield* Server).url)
        const run = promisify(execFile)
        const opener = join(import.meta.dirname, "testing", "opener.ts")
        const all = yield* Effect.promise(() =>
          Promise.all(
            [1, 2, 3].map(() => run(process.execPath, [opener], { env: { ...process.env, URL_TO_OPEN: url } })),
          ),
        )
        assert.deepStrictEqual(
          all.map(({ stdout }) => stdout),
          ["opened 10\n", "opened 10\n", "opened 10\n"],
        )
        assert.deepStrictEqual(yield* execute(url, "select mark, version from concordat.format"), [
          ["concordat state", MIGRATIONS.length],
        ])
      }),
    )

    it.effect("no more connections are opened than the pool's limit, and what waits gets its turn", () =>
      Effect.gen(function* () {
        const url = yield* acquireDatabase((yield* Server).url)
        const { run, sql } = yield* connect({ url: Redacted.make(url), connections: 3, applicationName: "limited" })
        const count = "select count(*)::int from pg_stat_activity where application_name = 'limited'"
        const counts = yield* Effect.forEach(
          Array.from({ length: 30 }),
          () => run(sql.unsafe(`${count} and pg_sleep(0.02) is not null`).values),
          { concurrency: "unbounded" },
        )
        assert.strictEqual(counts.length, 30)
        assert.strictEqual(Math.max(...counts.map((rows) => Number(rows[0]![0]))), 3)
        const wrong = yield* Effect.flip(connect({ url: Redacted.make(url), connections: 0 }))
        assert.include(wrong.message, "connections is 0; it is a whole number from 1 to 8")
      }),
    )

    it.effect("a statement that takes too long is ended by the server, and the connection goes on", () =>
      Effect.gen(function* () {
        const { url } = yield* Server
        const { once, sql } = yield* connect({ url: Redacted.make(url), connections: 1 })
        const slow = sql.withTransaction(
          Effect.andThen(sql.unsafe("set local statement_timeout = 50"), sql.unsafe("select pg_sleep(10)")),
        )
        const error = yield* Effect.flip(once(slow))
        assert.strictEqual(error.reason, "unavailable")
        assert.include(error.message, "took too long (57014)")
        assert.deepStrictEqual(yield* once(sql.unsafe("show statement_timeout").values), [["15s"]])
      }),
    )

    it.effect("closed, it says so", () =>
      Effect.gen(function* () {
        const { url } = yield* Server
        const context = yield* Effect.scoped(Layer.build(database({ url: Redacted.make(url) })))
        const { run, sql } = Context.get(context, Database)
        assert.strictEqual((yield* Effect.flip(run(sql.unsafe("select 1")))).reason, "closed")
      }),
    )
  })
})
