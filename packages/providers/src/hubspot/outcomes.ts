/** What one row of a batch becomes: its values in HubSpot's form on the way out, its outcome on the way back. */
import type { WriteOutcome, WriteRow } from "@concordat/engine/ports/Provider"
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import type { Json } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import { isFacet } from "./associations.ts"
import { OWN_ID } from "./definition.ts"
import { refusal } from "./errors.ts"
import { empty } from "./reading.ts"
import { contextOf, errorsIn, type WireBatch, type WireError, type WireRecord } from "./wire.ts"

export type Outcomes = Map<string, WriteOutcome>
export type Refused = Extract<WriteOutcome, { _tag: "Refused" }>
export type Written = Extract<WriteOutcome, { _tag: "Written" }>

/** HubSpot's form: every value a text, several joined by semicolons, "" to clear. Null for what has none. */
const wireValue = (value: Json): string | null => {
  if (value === null) return ""
  if (Array.isArray(value))
    return value.every((v) => typeof v === "string" || typeof v === "number") ? value.join(";") : null
  return typeof value === "object" ? null : String(value)
}

export const fieldsOf = (row: WriteRow): ReadonlyArray<string> => Object.keys(row.values).filter((key) => !isFacet(key))

export interface Prepared {
  readonly row: WriteRow
  /** With our own id among them. */
  readonly properties: Readonly<Record<string, string>>
}

export const prepare = (row: WriteRow): Prepared | Refused => {
  const properties: Record<string, string> = { [OWN_ID]: row.ownId }
  for (const field of fieldsOf(row)) {
    const value = wireValue(row.values[field] ?? null)
    if (value === null) {
      return {
        _tag: "Refused",
        code: "validation",
        message: `${field} holds a value that HubSpot has no form for`,
        field,
        effect: "none",
        retry: false,
      }
    }
    properties[field] = value
  }
  return { row, properties }
}

/** Only what was sent counts as answered. */
const heldOf = (row: WriteRow, record: WireRecord): Record<string, Json> => {
  const held: Record<string, Json> = {}
  for (const field of fieldsOf(row)) if (field in record.properties) held[field] = empty(record.properties[field])
  return held
}

const written = (row: WriteRow, record: WireRecord): Written => {
  const stamp = Date.parse(record.updatedAt ?? "")
  return {
    _tag: "Written",
    id: record.id,
    held: heldOf(row, record),
    ...(Number.isNaN(stamp) ? {} : { stamp }),
  }
}

/** Results need not be in order, nor echo the trace id; a create is known by the own id that it was given. */
const belongs = (row: WriteRow, record: WireRecord): boolean => {
  if (typeof record.objectWriteTraceId === "string") return record.objectWriteTraceId === row.key
  return row.kind === "create" ? record.properties[OWN_ID] === row.ownId : record.id === row.id
}

const concerns = (row: WriteRow, error: WireError): boolean => {
  const traces = contextOf(error, "objectWriteTraceId")
  if (traces.length > 0) return traces.includes(row.key)
  return row.id !== undefined && contextOf(error, "ids").includes(row.id)
}

const named = (error: WireError): boolean =>
  contextOf(error, "objectWriteTraceId").length > 0 || contextOf(error, "ids").length > 0

/**
 * Neither result nor error: a record that was merged away is left out so, and so is everything of a batch that HubSpot
 * took for empty. Whether anything was written is not known; a read will tell.
 */
export const leftOut = (row: WriteRow): Refused => ({
  _tag: "Refused",
  code: row.kind === "update" ? "missing" : "other",
  message: "HubSpot left the row out of its answer",
  effect: "unknown",
  retry: true,
})

export const readBatch = (rows: ReadonlyArray<WriteRow>, batch: typeof WireBatch.Type): Outcomes => {
  const errors = errorsIn(batch)
  const unnamed = errors.find((error) => !named(error))
  const outcomes: Outcomes = new Map()
  for (const row of rows) {
    const record = batch.results.find((result) => belongs(row, result))
    const error = errors.find((e) => concerns(row, e)) ?? unnamed
    outcomes.set(
      row.key,
      record !== undefined ? written(row, record) : error === undefined ? leftOut(row) : refusal(error),
    )
  }
  return outcomes
}

const effectOf = ({ reason }: ProviderError): Refused["effect"] =>
  // An answer that nobody can read may be that of a write that was taken.
  reason._tag === "Unreadable" ? "unknown" : reason._tag === "Unavailable" ? reason.effect : "none"

/** A later part of a page fails for the connection: what is done stays answered, the rest is told apart from it. */
export const interrupted = (error: ProviderError): Refused => ({
  _tag: "Refused",
  code: "busy",
  message: error.message,
  effect: effectOf(error),
  retry: true,
})

export const orInterrupted = (
  rows: ReadonlyArray<WriteRow>,
  effect: Effect.Effect<Outcomes, ProviderError>,
): Effect.Effect<Outcomes> =>
  effect.pipe(
    Effect.catch((error) => Effect.succeed<Outcomes>(new Map(rows.map((row) => [row.key, interrupted(error)])))),
  )
