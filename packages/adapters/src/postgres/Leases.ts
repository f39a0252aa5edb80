/** The `Leases` port on PostgreSQL, by the server's clock alone. Nothing is repeated: who asks looks again in a moment. */
import { type LeaseToken, Leases } from "@concordat/engine/ports/Leases"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Connected } from "./Database.ts"

type Rows<Row> = ReadonlyArray<Row>

/** Owners that have been gone for so long are forgotten. */
const FORGOTTEN = "1 minute"
const UNTIL = (parameter: string): string => `clock_timestamp() + ${parameter}::int * interval '1 ms'`

const ATTEND = `
  with me as (
    insert into concordat.attendance (team, owner, expires_at) values ($1, $2, ${UNTIL("$3")})
    on conflict (team, owner) do update set expires_at = excluded.expires_at),
  gone as (
    delete from concordat.attendance where owner <> $2 and expires_at < clock_timestamp() - interval '${FORGOTTEN}')
  select count(*) + 1 from concordat.attendance where team = $1 and owner <> $2 and expires_at > clock_timestamp()`
const LEAVE = "delete from concordat.attendance where team = $1 and owner = $2"
const KNOW = `
  insert into concordat.lease (name, epoch) select asked.name, 0 from unnest($1::text[]) as asked (name)
  where not exists (select from concordat.lease where lease.name = asked.name) on conflict (name) do nothing`
/** One that a transaction looks at is left to the next try: its former owner is still writing. */
const CLAIM = `
  with free as materialized (
    select name from concordat.lease
    where name = any($1::text[]) and (expires_at <= clock_timestamp() or owner = $2)
    order by random() limit $4::int for update skip locked)
  update concordat.lease set owner = $2, epoch = epoch + 1, expires_at = ${UNTIL("$3")}
  from free where lease.name = free.name returning lease.name, lease.epoch::float8`
const OWN = `
  from unnest($2::text[], $3::bigint[]) as held (name, epoch)
  where lease.name = held.name and lease.epoch = held.epoch and lease.owner = $1 and lease.expires_at > clock_timestamp()`
const RENEW = `update concordat.lease set expires_at = ${UNTIL("$4")} ${OWN} returning lease.name`
const RELEASE = `update concordat.lease set expires_at = clock_timestamp(), owner = '' ${OWN}`
const SURPASS = `
  update concordat.lease set epoch = greatest(epoch, $3::bigint), expires_at = clock_timestamp(), owner = ''
  where name = $1 and epoch = $2::bigint and expires_at > clock_timestamp()`
const LIST = `
  select name, owner, epoch::float8, greatest(0, extract(epoch from expires_at - clock_timestamp()) * 1000)::float8
  from concordat.lease where epoch > 0 order by name`

const columns = (leases: ReadonlyArray<LeaseToken>) => [
  leases.map(({ name }) => name),
  leases.map(({ epoch }) => epoch),
]

export const makeLeases = ({ once, sql }: Connected): Context.Service.Shape<typeof Leases> => {
  const rows = <Row>(text: string, parameters: ReadonlyArray<unknown>) =>
    Effect.map(once(sql.unsafe(text, parameters).values), (found) => found as unknown as Rows<Row>)

  return Leases.of({
    attend: ({ group, owner, ttlMs }) =>
      Effect.map(rows<readonly [string]>(ATTEND, [group, owner, ttlMs]), (found) => Number(found[0]![0])),
    leave: ({ group, owner }) => Effect.asVoid(rows(LEAVE, [group, owner])),
    claim: ({ most, names, owner, ttlMs }) =>
      Effect.andThen(
        rows(KNOW, [names]),
        Effect.map(rows<readonly [string, number]>(CLAIM, [names, owner, ttlMs, most]), (found) =>
          found.map(([name, epoch]): LeaseToken => ({ name, epoch })),
        ),
      ),
    renew: ({ leases, owner, ttlMs }) =>
      Effect.map(rows<readonly [string]>(RENEW, [owner, ...columns(leases), ttlMs]), (found) =>
        found.map(([name]) => name),
      ),
    release: ({ leases, owner }) => Effect.asVoid(rows(RELEASE, [owner, ...columns(leases)])),
    surpass: ({ epoch, lease }) => Effect.asVoid(rows(SURPASS, [lease.name, lease.epoch, epoch])),
    list: Effect.map(rows<readonly [string, string, number, number]>(LIST, []), (found) =>
      found.map(([name, owner, epoch, leftMs]) => ({ name, owner, epoch, leftMs })),
    ),
  })
}
