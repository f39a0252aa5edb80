/** What a store of the production layout holds, written once more by the drivers alone, one store after the other. */
import { connect } from "@concordat/adapters/postgres/Database"
import { Journal, type Append } from "@concordat/engine/ports/Journal"
import { jetstream, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream"
import { connect as connectNats } from "@nats-io/transport-node"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { openRaw } from "./raw-sqlite.ts"

const AT_ONCE = 500
const RAW = "BENCH_RAW"

const secondsSince = (from: number): number => (performance.now() - from) / 1_000

/** Every event of the journal, in transactions of 500. */
export const rawJournal = Effect.fnUntraced(function* (path: string) {
  const journal = yield* Journal
  const raw = openRaw(path)
  const revisions = new Map<string, number>()
  let seconds = 0
  for (let after: string | null = null; ;) {
    const page: Effect.Success<ReturnType<typeof journal.readAll>> = yield* journal.readAll({
      after,
      prefixes: [],
      limit: AT_ONCE,
    })
    if (page.events.length === 0) break
    const appends = page.events.map(({ data, id, metadata, stream, type }): Append => {
      const expected = revisions.get(stream) ?? -1
      revisions.set(stream, expected + 1)
      return { stream, expected, events: [{ data, id, metadata, type }] }
    })
    const from = performance.now()
    raw.append(appends)
    seconds += secondsSince(from)
    after = page.position
  }
  raw.close()
  return seconds
})

const COLUMNS = ["tenant", "kind", "key", "value"] as const

/** Every document of the state into a table like its own, 500 in a statement. */
export const rawState = Effect.fnUntraced(function* (database: string) {
  const { once, sql } = yield* connect({ url: Redacted.make(database), connections: 1 })
  yield* once(sql.unsafe("create table concordat.again (like concordat.document including all)"))
  let seconds = 0
  for (let last: ReadonlyArray<unknown> = ["", "", ""]; ;) {
    const rows = yield* once(
      sql.unsafe(
        "select tenant, kind, key, value from concordat.document where (tenant, kind, key) > ($1, $2, $3) order by 1, 2, 3 limit 500",
        [...last],
      ).values,
    )
    if (rows.length === 0) return seconds
    const from = performance.now()
    yield* once(
      sql.unsafe(
        `insert into concordat.again (tenant, kind, key, value) select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
         on conflict (tenant, kind, key) do update set value = excluded.value`,
        COLUMNS.map((_, column) => rows.map((row) => row[column])),
      ),
    )
    seconds += secondsSince(from)
    last = rows.at(-1)!.slice(0, 3)
  }
}, Effect.scoped)

/** So many wake-ups, 500 of them on their way at once, acknowledged. */
export const rawBus = async (url: string, count: number): Promise<number> => {
  const connection = await connectNats({ servers: url })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({
    name: RAW,
    subjects: ["benchraw.>"],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
  })
  try {
    const js = jetstream(connection)
    const from = performance.now()
    for (let at = 0; at < count; at += AT_ONCE)
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, n) =>
          js.publish("benchraw.push", `{"entity":"contact:${at + n}","seq":1}`, { msgID: `bench|${at + n}` }),
        ),
      )
    return secondsSince(from)
  } finally {
    await manager.streams.delete(RAW)
    await connection.close()
  }
}
