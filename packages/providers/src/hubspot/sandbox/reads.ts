/** Single reads and lists: consistent, in the order of ids, archived records only on request. */
import type { Portal, StoredRecord, Table } from "./portal.ts"
import { notFound, refuse } from "./refusal.ts"
import { locate, type Answer } from "./batches.ts"
import { show, showInlineLinks } from "./view.ts"

const names = (query: URLSearchParams, key: string): ReadonlyArray<string> =>
  query
    .getAll(key)
    .flatMap((value) => value.split(","))
    .filter((value) => value !== "")

const properties = (query: URLSearchParams): ReadonlyArray<string> | null =>
  query.has("properties") ? names(query, "properties") : null

export const getOne = (portal: Portal, table: Table, id: string, query: URLSearchParams): Answer => {
  const entry = locate(table, id, query.get("idProperty") ?? undefined)
  if (entry === undefined || (entry.archivedAt !== null) !== (query.get("archived") === "true")) throw notFound()
  const shown = show(portal, table, entry, properties(query))
  return { status: 200, body: { ...shown, ...showInlineLinks(portal, table, entry, names(query, "associations")) } }
}

/** First place in `order` whose id is at least `id`. */
const lowerBound = (order: ReadonlyArray<number>, id: number): number => {
  let [low, high] = [0, order.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (order[middle]! < id) low = middle + 1
    else high = middle
  }
  return low
}

/** `after` is the id that the next page begins with; the offsets of searches do not fit here, nor the other way round. */
export const list = (portal: Portal, table: Table, query: URLSearchParams): Answer => {
  const limit = Number(query.get("limit") ?? 10)
  const after = query.get("after") ?? "0"
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw refuse(400, "VALIDATION_ERROR", "limit must be between 1 and 100")
  if (!/^\d+$/.test(after))
    throw refuse(
      400,
      "VALIDATION_ERROR",
      `Invalid input JSON: Cannot deserialize value of type \`long\` from String "${after}"`,
    )
  const archived = query.get("archived") === "true"
  const page: Array<StoredRecord> = []
  let next: number | null = null
  for (let at = lowerBound(table.order, Number(after)); at < table.order.length; at += 1) {
    const entry = table.records.get(table.order[at]!)
    if (entry === undefined || (entry.archivedAt !== null) !== archived) continue
    if (page.length === limit) {
      next = entry.id
      break
    }
    page.push(entry)
  }
  const kinds = names(query, "associations")
  const results = page.map((entry) => ({
    ...show(portal, table, entry, properties(query)),
    ...showInlineLinks(portal, table, entry, kinds),
  }))
  return { status: 200, body: { results, ...(next === null ? {} : { paging: { next: { after: String(next) } } }) } }
}
