/**
 * Search as HubSpot answers it: from an index that lags, at most 10,000 results a query, paged by an offset that shifts
 * (https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm).
 */
import type { Portal, StoredRecord, Table } from "./portal.ts"
import { refuse } from "./refusal.ts"
import { index } from "./store.ts"
import { showIndexed } from "./view.ts"

const MOST_RESULTS = 10_000
const PAGE = 200

interface Filter {
  readonly propertyName?: unknown
  readonly operator?: unknown
  readonly value?: unknown
  readonly highValue?: unknown
  readonly values?: unknown
}

type Test = (entry: StoredRecord) => boolean

/** Comparable form by the property's type: numbers, milliseconds, or text in lower case. */
const comparable = (type: string, value: string): number | string => {
  if (type === "number") return Number(value)
  if (type === "datetime" || type === "date") return /^-?\d+$/.test(value) ? Number(value) : Date.parse(value)
  return value.toLowerCase()
}

/** From the index, in comparable form; the system's numbers and stamps without a detour over text. */
const valueOf = (table: Table, type: string, entry: StoredRecord, name: string): number | string | null => {
  if (entry.indexed === null) return null
  if (name === "hs_object_id") return entry.id
  if (name === table.kind.created) return entry.createdAt
  if (name === table.kind.modified) return entry.indexed.updatedAt
  const value = entry.indexed.properties[name]
  return value === undefined ? null : comparable(type, value)
}

const compile = (table: Table, filter: Filter): Test => {
  const name = String(filter.propertyName)
  const property = table.properties.get(name)
  if (property === undefined)
    throw refuse(400, "VALIDATION_ERROR", `There was a problem with the request. Property ${name} does not exist`)
  const held = (entry: StoredRecord): number | string | null => valueOf(table, property.type, entry, name)
  const bound = (raw: unknown): number | string => {
    if (typeof raw !== "string" && typeof raw !== "number")
      throw refuse(400, "VALIDATION_ERROR", `operator ${String(filter.operator)} requires a value`)
    const value = comparable(property.type, String(raw))
    if (typeof value === "number" && Number.isNaN(value))
      throw refuse(400, "VALIDATION_ERROR", `${String(raw)} is not a valid value for ${name}`)
    return value
  }
  const against =
    (holds: (value: number | string) => boolean): Test =>
    (entry) => {
      const value = held(entry)
      return value !== null && holds(value)
    }
  switch (filter.operator) {
    case "EQ": {
      const value = bound(filter.value)
      const equal = against((v) => v === value)
      if (name !== "email") return equal
      // The community found that a search by e-mail finds secondary addresses too.
      return (entry) =>
        equal(entry) || (entry.indexed?.properties["hs_additional_emails"] ?? "").split(";").includes(String(value))
    }
    case "NEQ": {
      const value = bound(filter.value)
      return (entry) => !against((v) => v === value)(entry)
    }
    case "LT": {
      const value = bound(filter.value)
      return against((v) => v < value)
    }
    case "LTE": {
      const value = bound(filter.value)
      return against((v) => v <= value)
    }
    case "GT": {
      const value = bound(filter.value)
      return against((v) => v > value)
    }
    case "GTE": {
      const value = bound(filter.value)
      return against((v) => v >= value)
    }
    case "BETWEEN": {
      const [low, high] = [bound(filter.value), bound(filter.highValue)]
      return against((v) => v >= low && v <= high)
    }
    case "IN":
    case "NOT_IN": {
      const values = new Set((Array.isArray(filter.values) ? filter.values : []).map(bound))
      const within = against((v) => values.has(v))
      return filter.operator === "IN" ? within : (entry) => !within(entry)
    }
    case "HAS_PROPERTY":
      return (entry) => held(entry) !== null
    case "NOT_HAS_PROPERTY":
      return (entry) => held(entry) === null
    case "CONTAINS_TOKEN": {
      const token = String(bound(filter.value)).replaceAll("*", "")
      return against((v) =>
        String(v)
          .split(/[\s@.,;]+/)
          .includes(token),
      )
    }
    default:
      throw refuse(400, "VALIDATION_ERROR", `Invalid input JSON: unknown operator ${String(filter.operator)}`)
  }
}

const listOf = (value: unknown): ReadonlyArray<Record<string, unknown>> =>
  Array.isArray(value) ? value.filter((v): v is Record<string, unknown> => typeof v === "object" && v !== null) : []

const compileAll = (table: Table, body: Record<string, unknown>): Test => {
  const groups = listOf(body["filterGroups"])
  if (groups.length > 5) throw refuse(400, "VALIDATION_ERROR", "No more than 5 filter groups are allowed")
  const compiled = groups.map((group) => {
    const filters = listOf(group["filters"])
    if (filters.length > 6) throw refuse(400, "VALIDATION_ERROR", "No more than 6 filters are allowed in a group")
    return filters.map((filter) => compile(table, filter))
  })
  return (entry) => compiled.length === 0 || compiled.some((group) => group.every((test) => test(entry)))
}

const sorted = (table: Table, found: Array<StoredRecord>, sorts: unknown): void => {
  const first = Array.isArray(sorts) ? sorts[0] : undefined
  // "In order of creation (oldest first)", which is not that of the ids where records were imported or merged.
  if (first === undefined) return void found.sort((a, b) => a.createdAt - b.createdAt || a.id - b.id)
  const asked =
    typeof first === "string"
      ? { name: first.replace(/^-/, ""), down: first.startsWith("-") }
      : { name: String(first.propertyName), down: first.direction === "DESCENDING" }
  if (asked.name === "hs_object_id" && !asked.down) return
  const type = table.properties.get(asked.name)?.type ?? "string"
  const key = (entry: StoredRecord): number | string => valueOf(table, type, entry, asked.name) ?? ""
  found.sort((a, b) => {
    const [x, y] = [key(a), key(b)]
    const order = x < y ? -1 : x > y ? 1 : a.id - b.id
    return asked.down ? -order : order
  })
}

export const search = (portal: Portal, table: Table, body: Record<string, unknown>): Record<string, unknown> => {
  const limit = Number(body["limit"] ?? 10)
  const after = String(body["after"] ?? "0")
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE)
    throw refuse(400, "VALIDATION_ERROR", `limit must be between 1 and ${PAGE}`)
  if (!/^\d*$/.test(after))
    throw refuse(
      400,
      "VALIDATION_ERROR",
      `Invalid input JSON: Cannot deserialize value of type \`int\` from String "${after}"`,
    )
  const offset = Number(after)
  if (offset + limit > MOST_RESULTS)
    throw refuse(400, "VALIDATION_ERROR", "The maximum number of results is 10000. Narrow the search to page further.")
  index(portal)
  const test = compileAll(table, body)
  const found: Array<StoredRecord> = []
  for (const id of table.order) {
    const entry = table.records.get(id)
    if (entry !== undefined && entry.indexed !== null && entry.archivedAt === null && test(entry)) found.push(entry)
  }
  sorted(table, found, body["sorts"])
  const names = Array.isArray(body["properties"]) ? body["properties"].map(String) : null
  const page = found.slice(offset, offset + limit)
  return {
    total: found.length,
    results: page.map((entry) => showIndexed(portal, table, entry, names)),
    ...(offset + limit < found.length ? { paging: { next: { after: String(offset + limit) } } } : {}),
  }
}
