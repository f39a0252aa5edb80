/** A file of which one part has the wrong shape: what the others mean is looked at all the same. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { checkConnection, type Checking } from "./check-connection.ts"
import { httpOf, storeOf, unique } from "./check-process.ts"
import { rulesOf } from "./check-rules.ts"
import { type ConnectionFile, ConnectionPart, HttpPart } from "./schema.ts"
import { secret } from "./variables.ts"

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
const decodeHttp = Schema.decodeUnknownResult(HttpPart)

/** The members of a connection that are sound by themselves, whatever is wrong with the others. */
const soundMembers = (part: unknown): ConnectionFile | null => {
  const sound = Object.entries(ConnectionPart.fields).flatMap(([name, field]) => {
    const value = memberOf(part, name)
    const isSound = value !== undefined && Result.isSuccess(Schema.decodeUnknownResult(field)(value))
    return isSound ? [[name, value] as const] : []
  })
  const members: Readonly<Record<string, unknown>> = Object.fromEntries(sound)
  const { provider } = members
  return typeof provider === "string" ? { name: "", ...members, provider } : null
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const itemsOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** Without a name: one that no other can have. */
const nameIn = (value: unknown, at: number): string => {
  const name = memberOf(value, "name")
  return typeof name === "string" ? name : `\n${at}`
}
const namesIn = (tenant: unknown): ReadonlyArray<string> => itemsOf(memberOf(tenant, "connections")).map(nameIn)

export const checkParts = (checking: Checking, file: string, root: unknown): void => {
  const { environment, findings } = checking
  const store = memberOf(root, "store")
  if (isMap(root) && (store === undefined || typeof store === "string")) storeOf(checking, store)
  const http = decodeHttp(memberOf(root, "http"))
  const token = memberOf(memberOf(root, "http"), "token")
  if (Result.isSuccess(http)) httpOf(findings, environment, http.success)
  else if (typeof token === "string") secret(findings, environment, ["http", "token"], token)
  const tenants = itemsOf(memberOf(root, "tenants"))
  unique(findings, tenants.map(nameIn), (i) => ["tenants", i, "name"], "tenant")
  for (const [i, tenant] of tenants.entries()) {
    for (const [at, part] of itemsOf(memberOf(tenant, "connections")).entries()) {
      const connection = soundMembers(part)
      if (connection !== null) checkConnection(checking, ["tenants", i, "connections", at], connection)
    }
    unique(findings, namesIn(tenant), (at) => ["tenants", i, "connections", at, "name"], "connection")
    const rules = memberOf(tenant, "rules")
    if (rules !== undefined && (typeof rules === "string" || isMap(rules)))
      rulesOf(checking, ["tenants", i, "rules"], rules, {
        file,
        connections: namesIn(tenant).filter((name) => !name.startsWith("\n")),
        mappings: new Map(),
      })
  }
}
