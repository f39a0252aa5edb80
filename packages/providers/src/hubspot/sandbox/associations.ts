/** The association endpoints: batch read, create, archive, and those of one record. */
import { objectKind } from "./catalog.ts"
import { defaultType, type Answer } from "./batches.ts"
import { associate, dissociate, isKnownType } from "./links.ts"
import { INTEGRATION, type Portal, type StoredRecord, type Table } from "./portal.ts"
import { notFound, refuse, Refusal, type RowError } from "./refusal.ts"
import { find } from "./store.ts"
import { showLinks } from "./view.ts"

const PER_PAGE = 500
const MOST = { read: 1_000, create: 2_000, archive: 100 } as const

export const tableOf = (portal: Portal, name: string): Table => {
  const table = portal.tables.get(objectKind(name)?.name ?? "")
  if (table === undefined) {
    // Recorded without a category: providers/hubspot/test/search/error-invalid-object.json in amp-labs/connectors.
    throw new Refusal(400, { status: "error", message: `Unable to infer object type from: ${name}` })
  }
  return table
}

interface Input {
  readonly id?: unknown
  readonly after?: unknown
  readonly from?: { readonly id?: unknown }
  readonly to?: { readonly id?: unknown } | ReadonlyArray<{ readonly id?: unknown }>
  readonly types?: ReadonlyArray<{ readonly associationTypeId?: unknown }>
}

const inputsOf = (body: Record<string, unknown>, most: number): ReadonlyArray<Input> => {
  const inputs = Array.isArray(body["inputs"]) ? (body["inputs"] as ReadonlyArray<Input>) : []
  if (inputs.length > most)
    throw refuse(400, "VALIDATION_ERROR", `The maximum number of inputs is ${most}, got ${inputs.length}`)
  return inputs
}

const live = (table: Table, id: unknown): StoredRecord | undefined => {
  const entry = find(table, Number(id))
  return entry === undefined || entry.archivedAt !== null ? undefined : entry
}

const envelope = (
  portal: Portal,
  done: number,
  results: ReadonlyArray<unknown>,
  errors: ReadonlyArray<RowError>,
): Answer => ({
  status: errors.length === 0 ? done : 207,
  body: {
    status: "COMPLETE",
    results,
    ...(errors.length === 0 ? {} : { numErrors: errors.length, errors }),
    startedAt: new Date(portal.now()).toISOString(),
    completedAt: new Date(portal.now()).toISOString(),
  },
})

/** A record without associations is answered as an error of its row, within a 207. */
const none = (from: Table, to: Table, id: string): RowError => ({
  status: "error",
  category: "OBJECT_NOT_FOUND",
  subCategory: "crm.associations.NO_ASSOCIATIONS_FOUND",
  message: `No ${to.kind.singular} is associated with ${from.kind.singular} ${id}.`,
  context: { fromObjectId: [id], fromObjectType: [from.kind.singular], toObjectType: [to.kind.singular] },
})

const page = (portal: Portal, from: Table, id: number, to: Table, after: unknown, size: number) => {
  const links = showLinks(portal, from.kind.name, id, to.kind.name)
  const offset = Number(after ?? 0)
  return {
    results: links.slice(offset, offset + size),
    ...(offset + size < links.length ? { paging: { next: { after: String(offset + size) } } } : {}),
  }
}

export const batchReadLinks = (portal: Portal, from: Table, to: Table, body: Record<string, unknown>): Answer => {
  const errors: Array<RowError> = []
  const results: Array<unknown> = []
  for (const input of inputsOf(body, MOST.read)) {
    const entry = find(from, Number(input.id))
    const found = page(portal, from, entry?.id ?? 0, to, input.after, PER_PAGE)
    if (found.results.length === 0) errors.push(none(from, to, String(input.id)))
    else
      results.push({
        from: { id: String(input.id) },
        to: found.results,
        ...("paging" in found ? { paging: found.paging } : {}),
      })
  }
  return envelope(portal, 200, results, errors)
}

export const batchCreateLinks = (
  portal: Portal,
  from: Table,
  to: Table,
  body: Record<string, unknown>,
  withDefaults: boolean,
): Answer => {
  const errors: Array<RowError> = []
  const results: Array<unknown> = []
  for (const input of inputsOf(body, MOST.create)) {
    const target = Array.isArray(input.to) ? input.to[0] : input.to
    const [a, b] = [live(from, input.from?.id), live(to, target?.id)]
    const types = withDefaults
      ? [defaultType(from.kind.name, to.kind.name)]
      : (input.types ?? []).map((t) => Number(t.associationTypeId))
    const context = { fromObjectId: [String(input.from?.id)], toObjectId: [String(target?.id)] }
    if (a === undefined || b === undefined) {
      errors.push({
        status: "error",
        category: "OBJECT_NOT_FOUND",
        message: "One or more objects do not exist, or are deleted.",
        context,
      })
    } else if (types.length === 0 || !types.every((typeId) => isKnownType(from.kind.name, to.kind.name, typeId))) {
      errors.push({
        status: "error",
        category: "VALIDATION_ERROR",
        subCategory: "crm.associations.INVALID_ASSOCIATION_TYPE",
        message: `Association types ${types.join(", ")} are not valid`,
        context,
      })
    } else {
      const asked = String(input.from?.id)
      const marks = asked === String(a.id) ? {} : { asked }
      for (const typeId of types)
        associate(portal, from.kind.name, a.id, to.kind.name, b.id, typeId, INTEGRATION(portal), marks)
      // Recorded with numbers: providers/hubspot/internal/crm/associations/test/contact-to-company-resp.json.
      results.push({
        fromObjectTypeId: from.kind.typeId,
        fromObjectId: a.id,
        toObjectTypeId: to.kind.typeId,
        toObjectId: b.id,
        labels: [],
      })
    }
  }
  return envelope(portal, withDefaults ? 200 : 201, results, errors)
}

export const batchArchiveLinks = (portal: Portal, from: Table, to: Table, body: Record<string, unknown>): Answer => {
  for (const input of inputsOf(body, MOST.archive)) {
    const a = find(from, Number(input.from?.id))
    for (const target of Array.isArray(input.to) ? input.to : [input.to]) {
      const b = find(to, Number(target?.id))
      if (a !== undefined && b !== undefined)
        dissociate(portal, from.kind.name, a.id, to.kind.name, b.id, INTEGRATION(portal))
    }
  }
  return { status: 204, body: null }
}

/** `/{object}/{id}/associations/...`: list, put with types, put the default, delete. */
export const linksOfOne = (
  portal: Portal,
  from: Table,
  id: string,
  rest: ReadonlyArray<string>,
  method: string,
  query: URLSearchParams,
  body: unknown,
): Answer => {
  const entry = find(from, Number(id))
  if (entry === undefined) throw notFound()
  const isDefault = rest[0] === "default"
  const [toName, toId] = isDefault ? rest.slice(1) : rest
  const to = tableOf(portal, toName ?? "")
  if (toId === undefined)
    return {
      status: 200,
      body: page(
        portal,
        from,
        entry.id,
        to,
        query.get("after"),
        Math.min(PER_PAGE, Number(query.get("limit") ?? PER_PAGE)),
      ),
    }
  if (method === "DELETE") {
    return batchArchiveLinks(portal, from, to, { inputs: [{ from: { id }, to: [{ id: toId }] }] })
  }
  const inputs = [{ from: { id }, to: { id: toId }, types: Array.isArray(body) ? body : [] }]
  return batchCreateLinks(portal, from, to, { inputs }, isDefault)
}
