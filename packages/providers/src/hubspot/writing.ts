/**
 * Writing: creates, updates and archives, at most 100 rows a call. Each row has a trace id, without which one bad row
 * fails all; answers are read row by row, whatever the HTTP status. A create carries our id in a unique property: sent
 * twice it is refused, and the record of the first time is adopted as it now is. (An upsert would write over what a
 * person changed in between.)
 */
import type { WriteAnswer, WriteRow } from "@concordat/engine/ports/Provider"
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import * as Effect from "effect/Effect"
import { decode, type HubspotClient } from "./client.ts"
import { OWN_ID } from "./definition.ts"
import { errorOf, refusal } from "./errors.ts"
import { writeFacets } from "./facets.ts"
import { setBack, withoutStage, writeStages } from "./lifecycle.ts"
import {
  fieldsOf,
  interrupted,
  leftOut,
  orInterrupted,
  prepare,
  readBatch,
  type Outcomes,
  type Prepared,
} from "./outcomes.ts"
import type { Lists } from "./properties.ts"
import { batchRead, EMAIL_FIELDS, emailsOf, MERGED_IDS } from "./reading.ts"
import { WireBatch } from "./wire.ts"

const send = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  verb: "create" | "update",
  rows: ReadonlyArray<Prepared>,
) {
  const operation = `${object}.batch.${verb}`
  const answer = yield* client.send({
    method: "POST",
    path: `/crm/objects/{version}/${object}/batch/${verb}`,
    body: {
      inputs: rows.map(({ row, properties }) => ({
        ...(verb === "update" ? { id: row.id } : {}),
        objectWriteTraceId: row.key,
        properties,
      })),
    },
    operation,
    writes: true,
    also: [400, 404, 409],
  })
  return { status: answer.status, text: answer.text, operation }
})

/**
 * A request that is refused whole says nothing of which row was bad, and nothing of it was done: halves of it are sent
 * until the row is alone. (Partial success is documented for traced creates only.)
 */
const writeRows = (
  client: HubspotClient,
  object: string,
  verb: "create" | "update",
  rows: ReadonlyArray<Prepared>,
): Effect.Effect<Outcomes, ProviderError> =>
  Effect.gen(function* () {
    const [first] = rows
    if (first === undefined) return new Map()
    const answer = yield* send(client, object, verb, rows)
    if (answer.status < 300) {
      return readBatch(
        rows.map(({ row }) => row),
        yield* decode(answer.operation, WireBatch, answer.text),
      )
    }
    if (rows.length === 1) return new Map([[first.row.key, refusal(errorOf(answer.text))]])
    const middle = rows.length >> 1
    const before = yield* writeRows(client, object, verb, rows.slice(0, middle))
    const after = yield* orInterrupted(
      rows.slice(middle).map(({ row }) => row),
      writeRows(client, object, verb, rows.slice(middle)),
    )
    return new Map([...before, ...after])
  })

/** Refused creates of which a record may be there: whatever a later try is refused for, an earlier one may have been taken. */
const refusedOf = (rows: ReadonlyArray<Prepared>, outcomes: Outcomes) =>
  rows.flatMap(({ row, properties }) => {
    const outcome = outcomes.get(row.key)
    if (outcome?._tag !== "Refused" || outcome.effect !== "none") return []
    const isTaken = outcome.code === "uniqueness"
    const email = isTaken ? (properties["email"] ?? "").trim().toLowerCase() : ""
    return [{ row, email, isTaken, existing: isTaken ? outcome.existing : undefined }]
  })

/**
 * Creates that HubSpot refused while the record exists: by our own id, from a create whose answer was lost, or by its
 * e-mail address. The id may stand in the refusal or not (both are recorded), so unique values are read, consistently.
 */
const adopt = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  refused: ReturnType<typeof refusedOf>,
  outcomes: Outcomes,
) {
  if (refused.length === 0) return
  const byOwnId = yield* batchRead(
    client,
    object,
    refused.map(({ row }) => row.ownId),
    [MERGED_IDS],
    { idProperty: OWN_ID },
  )
  const emails =
    object === "contacts" ? [...new Set(refused.map(({ email }) => email).filter((email) => email !== ""))] : []
  const byEmail =
    emails.length === 0 ? [] : yield* batchRead(client, object, emails, EMAIL_FIELDS, { idProperty: "email" })
  for (const { row, email, existing } of refused) {
    const own = byOwnId.find((record) => record.properties[OWN_ID] === row.ownId)
    const id = own?.id ?? existing ?? byEmail.find((record) => email !== "" && emailsOf(record).includes(email))?.id
    if (id === undefined) continue
    // What others were merged into may have our id from one of them.
    const isMade = own !== undefined && (own.properties[MERGED_IDS] ?? "") === ""
    outcomes.set(row.key, { _tag: "Written", id, adopted: true, ...(isMade ? { made: fieldsOf(row) } : {}) })
  }
})

const createRows = Effect.fnUntraced(function* (client: HubspotClient, object: string, rows: ReadonlyArray<Prepared>) {
  const outcomes = yield* writeRows(client, object, "create", rows)
  const refused = refusedOf(rows, outcomes)
  const adopted = yield* Effect.result(adopt(client, object, refused, outcomes))
  if (adopted._tag === "Success") return outcomes
  // Where our property is not there no record has our id.
  const isAsked = adopted.failure.reason._tag !== "RequestRefused"
  for (const { isTaken, row } of refused) if (isTaken || isAsked) outcomes.set(row.key, interrupted(adopted.failure))
  return outcomes
})

/**
 * Our id on a record that was linked by other means is written along with it. Where another record holds it, or an
 * administrator deleted the property, the values go without it: they must not wait for our bookkeeping.
 */
const updateRows = Effect.fnUntraced(function* (
  client: HubspotClient,
  lists: Lists,
  object: string,
  given: ReadonlyArray<Prepared>,
) {
  const back = yield* setBack(client, lists, object, given)
  const rows = given.map((one) => (back.includes(one) ? withoutStage(one) : one))
  const outcomes = yield* writeRows(client, object, "update", rows)
  const without = rows.flatMap(({ row, properties }) => {
    const outcome = outcomes.get(row.key)
    const { [OWN_ID]: _, ...rest } = properties
    return outcome?._tag === "Refused" && outcome.field === OWN_ID ? [{ row, properties: rest }] : []
  })
  const again = yield* orInterrupted(
    without.map(({ row }) => row),
    writeRows(client, object, "update", without),
  )
  const done: Outcomes = new Map([...outcomes, ...again])
  yield* writeStages(back, done, (some) => writeRows(client, object, "update", some))
  return done
})

const archiveRows = (
  client: HubspotClient,
  object: string,
  rows: ReadonlyArray<WriteRow>,
): Effect.Effect<Outcomes, ProviderError> =>
  client
    .send({
      method: "POST",
      path: `/crm/objects/{version}/${object}/batch/archive`,
      body: { inputs: rows.map((row) => ({ id: row.id })) },
      operation: `${object}.batch.archive`,
      writes: true,
    })
    .pipe(Effect.map((): Outcomes => new Map(rows.map((row) => [row.key, { _tag: "Written", id: row.id ?? "" }]))))

export const write = Effect.fnUntraced(function* (
  client: HubspotClient,
  lists: Lists,
  object: string,
  rows: ReadonlyArray<WriteRow>,
) {
  const outcomes: Outcomes = new Map()
  const sendable: Array<Prepared> = []
  for (const row of rows) {
    if (row.kind === "archive") continue
    const prepared = prepare(row)
    if ("_tag" in prepared) outcomes.set(row.key, prepared)
    // Nothing but associations: the record itself is not written.
    else if (row.kind === "update" && fieldsOf(row).length === 0)
      outcomes.set(row.key, { _tag: "Written", id: row.id ?? "" })
    else sendable.push(prepared)
  }
  const [creates, updates] = (["create", "update"] as const).map((kind) =>
    sendable.filter(({ row }) => row.kind === kind),
  ) as [Array<Prepared>, Array<Prepared>]
  const archives = rows.filter((row) => row.kind === "archive")
  const parts = [
    { rows: creates.map(({ row }) => row), run: createRows(client, object, creates) },
    { rows: updates.map(({ row }) => row), run: updateRows(client, lists, object, updates) },
    { rows: archives, run: archiveRows(client, object, archives) },
  ].filter((part) => part.rows.length > 0)
  let begun = false
  for (const part of parts) {
    // Before anything is done, a fault of the connection is the connection's; afterwards it must not hide what is done.
    const done = begun ? yield* orInterrupted(part.rows, part.run) : yield* part.run
    for (const [key, outcome] of done) outcomes.set(key, outcome)
    begun = true
  }
  yield* writeFacets(client, object, rows, outcomes)
  return rows.map((row): WriteAnswer => ({ key: row.key, outcome: outcomes.get(row.key) ?? leftOut(row) }))
})
