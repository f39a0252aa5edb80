/** Brings the schema to this version's format, or says why not. Several processes may start at once. */
import { StateError } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { MIGRATION_MS } from "./limits.ts"
import { MARK, MIGRATION_LOCK, MIGRATIONS, SCHEMA } from "./schema.ts"

const refuse = (reason: StateError["reason"], detail: string) => Effect.fail(new StateError({ reason, detail }))

const cell = (rows: ReadonlyArray<ReadonlyArray<unknown>>): unknown => rows[0]?.[0]

/** The version of the format; 0: there is no schema yet. */
const versionOf = Effect.fnUntraced(function* (sql: SqlClient, place: string) {
  const foreign = refuse(
    "foreign",
    `${place} has a schema ${SCHEMA} that is not this engine's; it was left as it is. Name another database.`,
  )
  const there = yield* sql.unsafe("select 1 from pg_namespace where nspname = $1", [SCHEMA]).values
  if (there.length === 0) return 0
  const found = cell(yield* sql.unsafe("select to_regclass($1) is not null", [`${SCHEMA}.format`]).values)
  if (found !== true) return yield* foreign
  // Whatever else has a table of this name may lack these columns.
  const columns = yield* sql.unsafe(
    `select count(*)::int from information_schema.columns
      where table_schema = $1 and table_name = 'format' and column_name in ('mark', 'version')`,
    [SCHEMA],
  ).values
  if (cell(columns) !== 2) return yield* foreign
  const rows = yield* sql.unsafe(`select mark::text, version::int from ${SCHEMA}.format`).values
  if (rows.length !== 1 || rows[0]![0] !== MARK) return yield* foreign
  const version = Number(rows[0]![1])
  if (version > MIGRATIONS.length)
    return yield* refuse(
      "newer",
      `${place} has format ${version}, this version of Concordat reads up to ${MIGRATIONS.length}. Start the newer version.`,
    )
  return version
})

const apply = Effect.fnUntraced(function* (sql: SqlClient, place: string) {
  yield* sql.unsafe(`set local lock_timeout = ${MIGRATION_MS}`)
  yield* sql.unsafe(`set local statement_timeout = ${MIGRATION_MS}`)
  yield* sql.unsafe("select pg_advisory_xact_lock($1::int, $2::int)", [...MIGRATION_LOCK])
  // Under the lock: whoever had it before may have done everything.
  const version = yield* versionOf(sql, place)
  if (version === MIGRATIONS.length) return
  if (version === 0) {
    yield* sql.unsafe(`create schema ${SCHEMA}`)
    yield* sql.unsafe(`create table ${SCHEMA}.format (mark text not null, version int not null)`)
    yield* sql.unsafe(`insert into ${SCHEMA}.format (mark, version) values ($1, 0)`, [MARK])
  }
  for (const statements of MIGRATIONS.slice(version)) for (const statement of statements) yield* sql.unsafe(statement)
  yield* sql.unsafe(`update ${SCHEMA}.format set version = $1`, [MIGRATIONS.length])
})

/** Fails with `foreign`, `newer`, or `invalid` where the database is not in UTF-8. */
export const migrate = Effect.fnUntraced(function* (sql: SqlClient, place: string) {
  const encoding = cell(yield* sql.unsafe("show server_encoding").values)
  if (encoding !== "UTF8")
    return yield* refuse(
      "invalid",
      `${place} is encoded in ${String(encoding)}: create the database with encoding UTF8`,
    )
  // Mostly there is nothing to do, and then no lock and no right to create is needed.
  if ((yield* versionOf(sql, place)) < MIGRATIONS.length) yield* sql.withTransaction(apply(sql, place))
})
