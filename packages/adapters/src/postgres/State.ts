/** The `State` port on PostgreSQL. */
import type { DocumentId, State, StoredDocument } from "@concordat/engine/ports/State"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { checkpointOfRow } from "../state/places.ts"
import { scanPages, tooMany } from "../state/documents.ts"
import { afterPrefix, keyFault, keyRange, pageSize } from "../state/keys.ts"
import type { Connected } from "./Database.ts"

type Shape = Context.Service.Shape<typeof State>
type Rows = ReadonlyArray<ReadonlyArray<unknown>>

const FIND = `
  select asked.n::int, document.value
  from unnest($1::text[], $2::text[], $3::text[]) with ordinality as asked (tenant, kind, key, n)
  join concordat.document using (tenant, kind, key)`
const OF_KIND = `from concordat.document where tenant = $1 and kind = $2`
/** Each tenant is looked up in the index, instead of reading every document for its tenant. */
const TENANTS = `
  with recursive found (tenant) as (
    (select tenant from concordat.document order by tenant limit 1)
    union all
    select (select tenant from concordat.document where tenant > found.tenant order by tenant limit 1)
    from found where found.tenant is not null)
  select tenant from found where tenant is not null`

/** A document whose key no store takes is in none, and PostgreSQL refuses even to be asked for it. */
const possible = ({ key }: DocumentId): boolean => keyFault(key) === null

export const makeState = ({ run, sql }: Connected): Shape => {
  const rows = (text: string, parameters: ReadonlyArray<unknown>) => run(sql.unsafe(text, parameters).values)

  const getMany: Shape["getMany"] = Effect.fnUntraced(function* (ids) {
    const refused = tooMany(ids)
    if (refused !== null) return yield* refused
    const values = ids.map((): string | null => null)
    if (ids.length === 0) return values
    const places = [...ids.keys()].filter((n) => possible(ids[n]!))
    const column = (name: keyof DocumentId) => places.map((n) => ids[n]![name])
    const found = yield* rows(FIND, [column("tenant"), column("kind"), column("key")])
    for (const [n, value] of found as ReadonlyArray<readonly [number, string]>) values[places[n - 1]!] = value
    return values
  })

  const scan: Shape["scan"] = (options) =>
    scanPages(options, (after, limit) => {
      const range = keyRange(options.prefix, after)
      if (range === null) return Effect.succeed([])
      const until = range.until === null ? "" : "and key < $5"
      const text = `select key, value ${OF_KIND} and key ${range.exclusive ? ">" : ">="} $3 ${until} order by key limit $4::int`
      const parameters = [options.tenant, options.kind, range.from, pageSize(limit)]
      return Effect.map(rows(text, range.until === null ? parameters : [...parameters, range.until]), (found) =>
        (found as ReadonlyArray<readonly [string, string]>).map(([key, value]): StoredDocument => ({ key, value })),
      )
    })

  const count: Shape["count"] = ({ kind, prefix, tenant }) => {
    const until = afterPrefix(prefix)
    const text = `select count(*) ${OF_KIND} and key >= $3 ${until === null ? "" : "and key < $4"}`
    return Effect.map(rows(text, [tenant, kind, prefix, ...(until === null ? [] : [until])]), (found: Rows) =>
      Number(found[0]![0]),
    )
  }

  return {
    getMany,
    scan,
    count,
    // Sorted as JavaScript sorts, like every other adapter's.
    tenants: Effect.map(rows(TENANTS, []), (found) => found.map(([tenant]) => String(tenant)).sort()),
    checkpoint: (name) =>
      Effect.map(
        rows("select position, event_id, ahead from concordat.checkpoint where name = $1", [name]),
        (found: Rows) =>
          found.length === 0 ? null : checkpointOfRow(name, ...(found[0]! as readonly [string, string, string])),
      ),
    // Leases stay: their epochs must never begin again.
    clear: Effect.asVoid(run(sql.unsafe("truncate concordat.document, concordat.checkpoint"))),
  }
}
