/** Which path does what. Dated paths (2026-09, 2026-03) and the older v3 and v4 ones, which the official client still calls. */
import { batchArchiveLinks, batchCreateLinks, batchReadLinks, linksOfOne, tableOf } from "./associations.ts"
import { batchArchive, batchRead, batchWrite, locate, writeOne, type Answer } from "./batches.ts"
import {
  accountDetails,
  createProperty,
  getProperty,
  listOwners,
  listPipelines,
  listProperties,
} from "./configuration.ts"
import { INTEGRATION, type Portal, type Table } from "./portal.ts"
import { getOne, list } from "./reads.ts"
import { missingScope, notFound, refuse, Refusal } from "./refusal.ts"
import { search } from "./search.ts"
import { archive, erase, merge } from "./store.ts"

const DATED = /^\/crm\/(objects|associations|pipelines|owners|properties)\/\d{4}-\d{2}(?:\/(.*))?$/
const OLDER = /^\/crm\/v[34]\/(objects|associations|pipelines|owners|properties)(?:\/(.*))?$/

export interface Call {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
  /** The body as it came, where it may be an array. */
  readonly raw: unknown
  readonly failed: { readonly rows: ReadonlyArray<number>; readonly error: Refusal } | null
}

const need = (portal: Portal, table: Table, action: "read" | "write"): Table => {
  if (portal.settings.missingScopes.includes(table.kind.name)) throw missingScope(table.kind.name, action)
  return table
}

const existing = (table: Table, id: unknown) => {
  const entry = locate(table, String(id), undefined)
  if (entry === undefined) throw notFound()
  return entry
}

const verb = (portal: Portal, table: Table, call: Call, rest: string): Answer | undefined => {
  const actor = INTEGRATION(portal)
  switch (`${call.method} ${rest}`) {
    case "POST search":
      return { status: 200, body: search(portal, need(portal, table, "read"), call.body) }
    case "POST batch/read":
      return batchRead(portal, need(portal, table, "read"), call.body, call.query.get("archived") === "true")
    case "POST batch/create":
      return batchWrite(portal, need(portal, table, "write"), "create", call.body, call.failed)
    case "POST batch/update":
      return batchWrite(portal, need(portal, table, "write"), "update", call.body, call.failed)
    case "POST batch/upsert":
      return batchWrite(portal, need(portal, table, "write"), "upsert", call.body, call.failed)
    case "POST batch/archive":
      return batchArchive(portal, need(portal, table, "write"), call.body)
    case "POST merge": {
      const [winner, loser] = [
        existing(table, call.body["primaryObjectId"]),
        existing(table, call.body["objectIdToMerge"]),
      ]
      if (winner.id === loser.id) throw refuse(400, "VALIDATION_ERROR", "Cannot merge an object with itself")
      return getOne(portal, table, String(merge(portal, table, winner, loser, actor).id), call.query)
    }
    case "POST gdpr-delete": {
      const idProperty = call.body["idProperty"]
      const entry = locate(
        table,
        String(call.body["objectId"]),
        typeof idProperty === "string" ? idProperty : undefined,
      )
      if (entry !== undefined) erase(portal, table, entry, actor)
      return { status: 204, body: null }
    }
    default:
      return undefined
  }
}

const objects = (portal: Portal, call: Call, rest: ReadonlyArray<string>): Answer => {
  const [name = "", id, ...more] = rest
  const table = tableOf(portal, name)
  const done = verb(portal, table, call, rest.slice(1).join("/"))
  if (done !== undefined) return done
  if (id === undefined) {
    if (call.method === "GET") return list(portal, need(portal, table, "read"), call.query)
    if (call.method === "POST") return writeOne(portal, need(portal, table, "write"), "create", call.body)
  } else if (more[0] === "associations") {
    return linksOfOne(portal, table, id, more.slice(1), call.method, call.query, call.raw)
  } else if (more.length === 0) {
    const idProperty = call.query.get("idProperty")
    if (call.method === "GET") return getOne(portal, need(portal, table, "read"), id, call.query)
    if (call.method === "PATCH") {
      return writeOne(portal, need(portal, table, "write"), "update", {
        ...call.body,
        id,
        ...(idProperty === null ? {} : { idProperty }),
      })
    }
    if (call.method === "DELETE") {
      const entry = locate(table, id, undefined)
      if (entry !== undefined) archive(portal, need(portal, table, "write"), entry, INTEGRATION(portal))
      return { status: 204, body: null }
    }
  }
  throw refuse(405, "VALIDATION_ERROR", "Method not allowed")
}

const associations = (portal: Portal, call: Call, rest: ReadonlyArray<string>): Answer => {
  const [fromName = "", toName = "", ...more] = rest
  const [from, to] = [tableOf(portal, fromName), tableOf(portal, toName)]
  switch (`${call.method} ${more.join("/")}`) {
    case "POST batch/read":
      return batchReadLinks(portal, from, to, call.body)
    case "POST batch/create":
      return batchCreateLinks(portal, from, to, call.body, false)
    case "POST batch/associate/default":
      return batchCreateLinks(portal, from, to, call.body, true)
    case "POST batch/archive":
      return batchArchiveLinks(portal, from, to, call.body)
    default:
      throw notFound()
  }
}

export const route = (portal: Portal, call: Call): Answer => {
  if (call.method === "GET" && /^\/account-info\/(v3|\d{4}-\d{2})\/details$/.test(call.path))
    return accountDetails(portal)
  const match = DATED.exec(call.path) ?? OLDER.exec(call.path)
  if (match === null) throw notFound()
  const rest = (match[2] ?? "")
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent)
  switch (match[1]) {
    case "objects":
      return objects(portal, call, rest)
    case "associations":
      return associations(portal, call, rest)
    case "pipelines":
      return listPipelines(portal, tableOf(portal, rest[0] ?? ""))
    case "owners":
      return listOwners(portal, call.query)
    default: {
      const table = tableOf(portal, rest[0] ?? "")
      if (rest[1] !== undefined) return getProperty(table, rest[1])
      return call.method === "POST" ? createProperty(need(portal, table, "write"), call.body) : listProperties(table)
    }
  }
}
