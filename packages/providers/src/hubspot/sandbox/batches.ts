/**
 * Batches of at most 100: read, create, update, upsert, archive. One bad row fails the whole request, unless every row
 * has its own `objectWriteTraceId`: then the answer is 207 and says row by row what failed.
 */
import { isKnownType, associate } from "./links.ts"
import { OBJECTS, primary, unlabelled } from "./catalog.ts"
import { INTEGRATION, type Portal, type StoredRecord, type Table, type Values } from "./portal.ts"
import {
  alreadyExists,
  duplicateIds,
  invalidValues,
  notFoundRow,
  refuse,
  Refusal,
  rowError,
  type RowError,
} from "./refusal.ts"
import { archive, change, conflictOf, find, holderOf, insert, type Marks } from "./store.ts"
import { checkValues } from "./values.ts"
import { show, showHistory, showWritten, type Shown } from "./view.ts"

export interface Answer {
  readonly status: number
  readonly body: unknown
}

interface Input {
  readonly id?: unknown
  readonly idProperty?: unknown
  readonly properties?: unknown
  readonly objectWriteTraceId?: unknown
  readonly associations?: unknown
}

export type WriteKind = "create" | "update" | "upsert"

const MOST = 100
const MOST_WITH_HISTORY = 50

/** A body without `inputs` is taken as an empty batch and answered as done (https://github.com/rudderlabs/rudder-transformer/pull/5167). */
const inputsOf = (body: Record<string, unknown>): ReadonlyArray<Input> => {
  const inputs = Array.isArray(body["inputs"]) ? (body["inputs"] as ReadonlyArray<Input>) : []
  if (inputs.length > MOST)
    throw refuse(400, "VALIDATION_ERROR", `The maximum batch size is ${MOST}, got ${inputs.length}`)
  return inputs
}

const envelope = (portal: Portal, results: ReadonlyArray<unknown>, errors: ReadonlyArray<RowError>) => ({
  status: "COMPLETE",
  results,
  ...(errors.length === 0 ? {} : { numErrors: errors.length, errors }),
  startedAt: new Date(portal.now()).toISOString(),
  completedAt: new Date(portal.now()).toISOString(),
})

const text = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value) : undefined

/** By id, or by the value of a unique property; `hs_object_id` is not one (https://github.com/segmentio/action-destinations/pull/3957). */
export const locate = (table: Table, id: string, idProperty: string | undefined): StoredRecord | undefined => {
  if (idProperty === undefined) return /^\d+$/.test(id) ? find(table, Number(id)) : undefined
  if (!table.unique.has(idProperty)) {
    throw refuse(
      400,
      "VALIDATION_ERROR",
      `Unable to perform update/upsert by non-unique ${table.kind.typeId} property ${idProperty}`,
    )
  }
  return holderOf(table, idProperty, id)
}

const refuseDuplicates = (inputs: ReadonlyArray<Input>): void => {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const input of inputs) {
    const id = text(input.id) ?? ""
    if (seen.has(id)) twice.add(id)
    seen.add(id)
  }
  if (twice.size > 0) throw duplicateIds([...twice])
}

export const batchRead = (portal: Portal, table: Table, body: Record<string, unknown>, archived: boolean): Answer => {
  const inputs = inputsOf(body)
  refuseDuplicates(inputs)
  const names = Array.isArray(body["properties"]) ? body["properties"].map(String) : null
  const histories = Array.isArray(body["propertiesWithHistory"]) ? body["propertiesWithHistory"].map(String) : []
  // https://github.com/activepieces/activepieces/pull/9359
  if (histories.length > 0 && inputs.length > MOST_WITH_HISTORY)
    throw refuse(
      400,
      "VALIDATION_ERROR",
      `The maximum number of inputs supported in a batch request for property histories is ${MOST_WITH_HISTORY}. Please reduce the number of items and try again`,
    )
  const found = new Map<number, StoredRecord>()
  const missing: Array<string> = []
  for (const input of inputs) {
    const id = text(input.id) ?? ""
    const entry = locate(table, id, text(body["idProperty"]))
    if (entry === undefined || (entry.archivedAt !== null) !== archived) missing.push(id)
    else found.set(entry.id, entry)
  }
  const errors = missing.length === 0 ? [] : [notFoundRow(table.kind.singular, missing)]
  const results = [...found.values()].map((entry) => ({
    ...show(portal, table, entry, names),
    ...(histories.length === 0 ? {} : showHistory(table, entry, histories)),
  }))
  return { status: errors.length === 0 ? 200 : 207, body: envelope(portal, results, errors) }
}

interface Plan {
  readonly apply: () => Shown
}

const linksOf = (
  portal: Portal,
  table: Table,
  input: Input,
): ReadonlyArray<{ to: string; id: number; typeId: number }> => {
  const wanted: Array<{ to: string; id: number; typeId: number }> = []
  for (const link of Array.isArray(input.associations) ? input.associations : []) {
    const id = Number(link?.to?.id)
    for (const type of Array.isArray(link?.types) ? link.types : []) {
      const typeId = Number(type?.associationTypeId)
      const kind = OBJECTS.find((o) => isKnownType(table.kind.name, o.name, typeId))
      const target = kind === undefined ? undefined : find(portal.tables.get(kind.name)!, id)
      if (kind === undefined || target === undefined)
        throw refuse(400, "VALIDATION_ERROR", `One or more associations are not valid: ${id}`)
      wanted.push({ to: kind.name, id: target.id, typeId })
    }
  }
  return wanted
}

/** Unique values that earlier rows of the same batch take. */
const claimInBatch = (table: Table, claimed: Set<string>, values: Values): void => {
  for (const property of table.unique.keys()) {
    const value = values[property]
    if (value === undefined || value === "") continue
    const key = `${property}=${value}`
    if (claimed.has(key)) throw alreadyExists(table.kind.singular, "", false)
    claimed.add(key)
  }
}

const refuseConflict = (portal: Portal, table: Table, values: Values, self: number | null): void => {
  const conflict = conflictOf(table, values, self)
  if (conflict === undefined) return
  if (conflict.property === "email") {
    const refusal = alreadyExists(table.kind.singular, String(conflict.holder.id), portal.settings.conflictNamesId)
    throw portal.settings.conflictNamesId ? Object.assign(refusal, { existing: String(conflict.holder.id) }) : refusal
  }
  const named = portal.settings.conflictNamesId ? `. Existing ID: ${conflict.holder.id}` : ""
  // The code as seen for unique properties of deals.
  throw invalidValues([
    {
      name: conflict.property,
      error: "CONFLICTING_UNIQUE_VALUE",
      message: `A ${table.kind.singular} with ${conflict.property} ${values[conflict.property]} already exists${named}`,
    },
  ])
}

const UNTIMED = ["calls", "emails", "notes", "tasks"]

/**
 * An activity is not made without its time (recorded: https://github.com/PipedreamHQ/pipedream/issues/12366), but for a meeting,
 * which takes that of its start, and else that of its making
 * (https://developers.hubspot.com/changelog/defaulting-hs_timestamp-to-meeting-start-time-in-meetings-engagement-api).
 */
const timed = (portal: Portal, table: Table, sent: Values): Values => {
  const { name, singular } = table.kind
  if ((sent["hs_timestamp"] ?? "") !== "") return sent
  if (UNTIMED.includes(name)) {
    const message = `Error creating ${singular.toUpperCase()}. Some required properties were not set.`
    throw refuse(400, "VALIDATION_ERROR", message, { context: { properties: ["hs_timestamp"] } })
  }
  const start = sent["hs_meeting_start_time"] ?? ""
  return name === "meetings"
    ? { ...sent, hs_timestamp: start === "" ? new Date(portal.now()).toISOString() : start }
    : sent
}

/**
 * A lifecycle stage before the one that stands there is taken without a word, and changes nothing: it has to be cleared first
 * (https://integrate.hubspot.com/t/update-lifecycle-stage-using-api/1333). That the answer says what was sent is inferred.
 */
const forwardOnly = (table: Table, entry: StoredRecord, sent: Values): Values => {
  const { lifecyclestage, ...rest } = sent
  if (lifecyclestage === undefined) return sent
  const at = (stage: string | undefined): number =>
    (table.properties.get("lifecyclestage")?.options ?? []).findIndex(({ value }) => value === stage)
  return lifecyclestage !== "" && at(lifecyclestage) < at(entry.properties["lifecyclestage"]) ? rest : sent
}

const plan = (
  portal: Portal,
  table: Table,
  kind: WriteKind,
  input: Input,
  claimed: Set<string>,
): Plan | "missing" | "merged away" => {
  const traceId = text(input.objectWriteTraceId)
  const idProperty = text(input.idProperty)
  const id = text(input.id)
  if (kind === "upsert" && idProperty === undefined) throw refuse(400, "VALIDATION_ERROR", "idProperty is required")
  const entry = kind === "create" || id === undefined ? undefined : locate(table, id, idProperty)
  if (kind === "update" && (entry === undefined || entry.archivedAt !== null)) return "missing"
  // rudderlabs/rudder-transformer, hs/dataDelivery/updateMultiStatus.ts: a merged id is left out of the results without an error.
  if (kind === "update" && idProperty === undefined && entry?.id !== Number(id)) return "merged away"
  const key = idProperty === undefined || id === undefined ? undefined : { property: idProperty, value: id }
  const given =
    key !== undefined && entry === undefined
      ? { ...Object(input.properties), [key.property]: key.value }
      : input.properties
  const { values: sent, invalid } = checkValues(portal, table, entry?.properties ?? {}, given)
  if (invalid.length > 0) throw invalidValues(invalid)
  const marks: Marks = { ...(traceId === undefined ? {} : { traceId }), ...(key === undefined ? {} : { key }) }
  refuseConflict(portal, table, sent, entry?.id ?? null)
  claimInBatch(table, claimed, sent)
  const actor = INTEGRATION(portal)
  if (entry !== undefined) {
    return {
      apply: () => {
        change(portal, table, entry, forwardOnly(table, entry, sent), actor, marks)
        const shown = showWritten(
          portal,
          table,
          entry,
          key === undefined ? sent : { ...sent, [key.property]: key.value },
          traceId,
        )
        return kind === "upsert" ? { ...shown, new: false } : shown
      },
    }
  }
  const links = linksOf(portal, table, input)
  const whole = timed(portal, table, sent)
  return {
    apply: () => {
      const made = insert(portal, table, whole, actor, marks)
      for (const link of links) associate(portal, table.kind.name, made.id, link.to, link.id, link.typeId, actor)
      const shown = showWritten(portal, table, made, sent, traceId)
      return kind === "upsert" ? { ...shown, new: true } : shown
    },
  }
}

const contextOf = (refusal: Refusal, traceId: string): Record<string, ReadonlyArray<string>> => ({
  ...(refusal.body["context"] as Record<string, ReadonlyArray<string>> | undefined),
  objectWriteTraceId: [traceId],
  ...("existing" in refusal && typeof refusal.existing === "string" ? { existingId: [refusal.existing] } : {}),
})

/** `failed`: rows that a laid fault makes fail, with the error they fail with. */
export const batchWrite = (
  portal: Portal,
  table: Table,
  kind: WriteKind,
  body: Record<string, unknown>,
  failed: { readonly rows: ReadonlyArray<number>; readonly error: Refusal } | null,
): Answer => {
  const inputs = inputsOf(body)
  if (kind !== "create") refuseDuplicates(inputs)
  const traces = inputs.map((input) => text(input.objectWriteTraceId))
  const traced = traces.every((trace) => trace !== undefined) && new Set(traces).size === traces.length
  const errors: Array<RowError> = []
  const missing: Array<string> = []
  const plans: Array<Plan> = []
  const claimed = new Set<string>()
  inputs.forEach((input, row) => {
    const traceId = traces[row] ?? ""
    try {
      if (failed?.rows.includes(row) === true) throw failed.error
      const planned = plan(portal, table, kind, input, claimed)
      if (planned === "missing") {
        if (traced) errors.push(notFoundRow(table.kind.singular, [text(input.id) ?? ""], traceId))
        else missing.push(text(input.id) ?? "")
      } else if (planned !== "merged away") plans.push(planned)
    } catch (error) {
      if (!traced || !(error instanceof Refusal)) throw error
      errors.push(rowError(error, contextOf(error, traceId)))
    }
  })
  if (missing.length > 0) errors.push(notFoundRow(table.kind.singular, missing))
  const results = plans.map((planned) => planned.apply())
  // Nothing promises the order of the inputs.
  const shuffled = portal.random() < 0.5 ? results : results.toReversed()
  const done = kind === "create" ? 201 : 200
  return { status: errors.length === 0 ? done : 207, body: envelope(portal, shuffled, errors) }
}

export const batchArchive = (portal: Portal, table: Table, body: Record<string, unknown>): Answer => {
  for (const input of inputsOf(body)) {
    const entry = locate(table, text(input.id) ?? "", undefined)
    if (entry !== undefined) archive(portal, table, entry, INTEGRATION(portal))
  }
  return { status: 204, body: null }
}

/** One record is a batch of one whose error is the whole answer. */
export const writeOne = (portal: Portal, table: Table, kind: "create" | "update", input: Input): Answer => {
  const planned = plan(portal, table, kind, input, new Set())
  if (planned === "missing") throw refuse(404, "OBJECT_NOT_FOUND", "resource not found")
  if (planned === "merged away") {
    const entry = locate(table, text(input.id) ?? "", undefined)
    if (entry === undefined) throw refuse(404, "OBJECT_NOT_FOUND", "resource not found")
    return writeOne(portal, table, kind, { ...input, id: entry.id })
  }
  return { status: kind === "create" ? 201 : 200, body: planned.apply() }
}

export const defaultType = (from: string, to: string): number => {
  const typeId = unlabelled(from, to) ?? primary(from, to)
  if (typeId === undefined)
    throw refuse(400, "VALIDATION_ERROR", `No association type is defined from ${from} to ${to}`)
  return typeId
}
