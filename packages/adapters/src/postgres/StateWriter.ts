/** The `StateWriter` port on PostgreSQL: the lease is looked at, and documents and checkpoint written, in one transaction. */
import type { LeaseToken } from "@concordat/engine/ports/Leases"
import { StateError } from "@concordat/engine/ports/State"
import type { Checkpoint, DocumentWrite, StateWriter } from "@concordat/engine/ports/State"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { placesText } from "../state/places.ts"
import { keyFault } from "../state/keys.ts"
import type { Connected } from "./Database.ts"
import { UNIT_CHARACTERS, UPSERT_CHARACTERS, UPSERT_DOCUMENTS } from "./limits.ts"

/** Until the transaction ends, nobody can give the lease to another owner, because that would change this row. */
const FENCE = "select epoch = $2::bigint from concordat.lease where name = $1 for share"
const PUT = `
  insert into concordat.document (tenant, kind, key, value)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
  on conflict (tenant, kind, key) do update set value = excluded.value`
const REMOVE = `
  delete from concordat.document using unnest($1::text[], $2::text[], $3::text[]) as gone (tenant, kind, key)
  where document.tenant = gone.tenant and document.kind = gone.kind and document.key = gone.key`
const PUT_CHECKPOINT = `
  insert into concordat.checkpoint (name, position, event_id, ahead) values ($1, $2, $3, $4)
  on conflict (name) do update set position = excluded.position, event_id = excluded.event_id, ahead = excluded.ahead`

const limit = (detail: string): StateError => new StateError({ reason: "limit", detail })

const isText = (text: string): boolean => text.isWellFormed() && !text.includes("\0")

/** What is wrong with a unit; null: nothing. */
const fault = (documents: ReadonlyArray<DocumentWrite>): StateError | null => {
  let characters = 0
  for (const { key, kind, tenant, value } of documents) {
    const wrong = keyFault(key)
    if (wrong !== null) return limit(wrong)
    // The server would refuse NUL, and the driver would replace a lone surrogate without a word.
    if (!isText(tenant) || !isText(kind) || (value !== null && !isText(value)))
      return limit("a document has no lone surrogate and no NUL character")
    characters += tenant.length + kind.length + key.length + (value?.length ?? 0)
  }
  return characters > UNIT_CHARACTERS ? limit(`a unit has at most ${UNIT_CHARACTERS} characters`) : null
}

/**
 * The last write of each document, since one statement may not touch a row twice; in an order that all writers share, so
 * that two that meet wait for each other instead of blocking each other for ever.
 */
const lastWrites = (documents: ReadonlyArray<DocumentWrite>): ReadonlyArray<DocumentWrite> => {
  const last = new Map<string, DocumentWrite>()
  for (const one of documents) last.set(`${one.tenant}\0${one.kind}\0${one.key}`, one)
  return [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

/** Parts that each fit one statement. */
const parts = (documents: ReadonlyArray<DocumentWrite>): ReadonlyArray<ReadonlyArray<DocumentWrite>> => {
  const all: Array<Array<DocumentWrite>> = []
  let characters = Number.POSITIVE_INFINITY
  for (const one of documents) {
    const size = one.value?.length ?? 0
    if (characters + size > UPSERT_CHARACTERS || all[all.length - 1]!.length === UPSERT_DOCUMENTS) {
      all.push([])
      characters = 0
    }
    all[all.length - 1]!.push(one)
    characters += size
  }
  return all
}

const column = <K extends keyof DocumentWrite>(documents: ReadonlyArray<DocumentWrite>, name: K) =>
  documents.map((one) => one[name])
const names = (documents: ReadonlyArray<DocumentWrite>) =>
  (["tenant", "kind", "key"] as const).map((name) => column(documents, name))

/** To be run in a transaction. Fails with `fenced` where the lease's last owner has another epoch, or there never was one. */
export const fence = Effect.fnUntraced(function* (sql: SqlClient, lease: LeaseToken) {
  const found = yield* sql.unsafe(FENCE, [lease.name, lease.epoch]).values
  if (found[0]?.[0] !== true)
    return yield* new StateError({
      reason: "fenced",
      detail: `lease ${lease.name} is no longer that of epoch ${lease.epoch}; nothing was written`,
    })
})

const writeDocuments = Effect.fnUntraced(function* (sql: SqlClient, documents: ReadonlyArray<DocumentWrite>) {
  const writes = lastWrites(documents)
  for (const part of parts(writes.filter((one) => one.value !== null)))
    yield* sql.unsafe(PUT, [...names(part), column(part, "value")])
  for (const part of parts(writes.filter((one) => one.value === null))) yield* sql.unsafe(REMOVE, names(part))
})

const writeCheckpoint = (sql: SqlClient, checkpoint: Checkpoint) =>
  sql.unsafe(PUT_CHECKPOINT, [checkpoint.name, checkpoint.position, checkpoint.eventId, placesText(checkpoint)])

export const makeStateWriter = ({ run, sql }: Connected): Context.Service.Shape<typeof StateWriter> => ({
  write: Effect.fnUntraced(function* ({ checkpoint, documents, lease }) {
    const wrong = fault(documents)
    if (wrong !== null) return yield* wrong
    const transaction = sql.withTransaction(
      Effect.gen(function* () {
        if (lease !== null) yield* fence(sql, lease)
        yield* writeDocuments(sql, documents)
        if (checkpoint !== null) yield* writeCheckpoint(sql, checkpoint)
      }),
    )
    // Repeated whole where its outcome was lost: the same documents and checkpoint, and the lease is looked at again.
    yield* run(transaction)
  }),
})
