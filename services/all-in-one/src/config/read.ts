/** Reads `concordat.yaml` as a whole: either a configuration that leaves nothing open, or every fault at once. */
import type { JsonObject } from "@concordat/model/json"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { stringify } from "yaml"
import { checkConnection, type Checking } from "./check-connection.ts"
import type { Config, ConnectionConfig, TenantConfig } from "./Config.ts"
import { type ConfigProblem, ConfigInvalid, Findings, type Path } from "./problems.ts"
import type { Readers, TextFile } from "./readers.ts"
import { ConfigFile, ConnectionPart, HttpPart, MEMBERS } from "./schema.ts"
import { type Environment, filled, secret } from "./variables.ts"

const decode = Schema.decodeUnknownResult(ConfigFile, { errors: "all", onExcessProperty: "error" })
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const pathOf = (path: ReadonlyArray<unknown> | undefined): Path =>
  (path ?? []).map((part) =>
    typeof part === "object" && part !== null && "key" in part ? (part.key as PropertyKey) : (part as PropertyKey),
  )

/** Says what is allowed in the place of what the schema did not take. */
const inWords = (path: Path, message: string): string => {
  if (message === "Missing key") return "is missing"
  if (message === "Expected no excess property") {
    const above = path.slice(0, -1).map((part) => (typeof part === "number" ? "*" : String(part)))
    const members = MEMBERS[above.join(".")]
    return members === undefined ? "is not known here" : `is not known here; allowed: ${members.join(", ")}`
  }
  return message.startsWith("Expected ") ? `has to be ${message.slice("Expected ".length)}` : message
}

const unique = (findings: Findings, names: ReadonlyArray<string>, pathOf: (i: number) => Path, what: string): void => {
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) < i) findings.add(pathOf(i), `is the name of another ${what} above`)
  }
}

/** Rules stand in a file of their own or in this one; faults of the latter carry its lines. */
const rulesOf = ({ findings, readers }: Checking, path: Path, given: unknown, file: string): JsonObject | null => {
  if (given === undefined) return null
  if (typeof given !== "string") {
    const { document, problems } = readers.rules({ name: file, text: stringify(given) })
    const offset = findings.lineOf(path)
    findings.addAll(problems.map((one) => ({ ...one, line: offset + one.line })))
    return document
  }
  const text = readers.file(given)
  if (text === null) {
    findings.add(path, "is no file that can be read, looked for beside the configuration")
    return null
  }
  const { document, problems } = readers.rules({ name: given, text })
  findings.addAll(problems)
  return document
}

const httpOf = (findings: Findings, environment: Environment, http: ConfigFile["http"]): Config["http"] => {
  const publicUrl =
    http.publicUrl === undefined ? null : filled(findings, environment, ["http", "publicUrl"], http.publicUrl)
  if (publicUrl !== null && !URL.canParse(publicUrl))
    findings.add(["http", "publicUrl"], "has to be an address: https://…")
  return {
    host: filled(findings, environment, ["http", "host"], http.host ?? "127.0.0.1"),
    port: http.port ?? 4400,
    token: secret(findings, environment, ["http", "token"], http.token),
    publicUrl: publicUrl === null ? null : publicUrl.replace(/\/+$/, ""),
  }
}

const tenantOf = (checking: Checking, file: string, tenant: ConfigFile["tenants"][number], i: number): TenantConfig => {
  const path = ["tenants", i]
  const { findings } = checking
  const names = tenant.connections.map(({ name }) => name)
  unique(findings, names, (at) => [...path, "connections", at, "name"], "connection")
  const connections = tenant.connections.map((connection, at): ConnectionConfig | null =>
    checkConnection(checking, [...path, "connections", at], connection),
  )
  return {
    name: tenant.name,
    region: tenant.region ?? "",
    rules: rulesOf(checking, [...path, "rules"], tenant.rules, file),
    connections: connections.filter((connection) => connection !== null),
  }
}

const decodeHttp = Schema.decodeUnknownResult(HttpPart)
const decodeConnection = Schema.decodeUnknownResult(ConnectionPart)

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
const itemsOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** A file of which one part has the wrong shape: what the others mean is looked at all the same. */
const checkParts = (checking: Checking, file: string, root: unknown): void => {
  const { environment, findings } = checking
  const http = decodeHttp(memberOf(root, "http"))
  const token = memberOf(memberOf(root, "http"), "token")
  if (Result.isSuccess(http)) httpOf(findings, environment, http.success)
  else if (typeof token === "string") secret(findings, environment, ["http", "token"], token)
  for (const [i, tenant] of itemsOf(memberOf(root, "tenants")).entries()) {
    for (const [at, part] of itemsOf(memberOf(tenant, "connections")).entries()) {
      const connection = decodeConnection(part)
      if (Result.isFailure(connection)) continue
      checkConnection(checking, ["tenants", i, "connections", at], connection.success)
    }
    const rules = memberOf(tenant, "rules")
    if (typeof rules === "string") rulesOf(checking, ["tenants", i, "rules"], rules, file)
  }
}

/** `store` and the files that are named are taken as they stand in the text: whoever calls makes paths of them. */
export const readConfig = (
  file: TextFile,
  environment: Environment,
  readers: Readers,
): Result.Result<Config, ConfigInvalid> => {
  const findings = new Findings(file.name, file.text)
  const fail = (): Result.Result<Config, ConfigInvalid> =>
    Result.fail(new ConfigInvalid({ problems: findings.sorted as ReadonlyArray<ConfigProblem> }))
  if (findings.problems.length > 0) return fail()
  const checking: Checking = { findings, environment, readers }
  const root: unknown = findings.document.toJS()
  const decoded = decode(root)
  if (Result.isFailure(decoded)) {
    for (const issue of issuesOf(decoded.failure.issue).issues) {
      const path = pathOf(issue.path)
      findings.add(path, inWords(path, issue.message))
    }
    checkParts(checking, file.name, root)
    return fail()
  }
  const { http, key, store, tenants } = decoded.success
  unique(
    findings,
    tenants.map(({ name }) => name),
    (i) => ["tenants", i, "name"],
    "tenant",
  )
  const config: Config = {
    store: filled(findings, environment, ["store"], store ?? "concordat.db"),
    key: key === undefined ? null : secret(findings, environment, ["key"], key),
    http: httpOf(findings, environment, http),
    tenants: tenants.map((tenant, i) => tenantOf(checking, file.name, tenant, i)),
  }
  return findings.problems.length > 0 ? fail() : Result.succeed(config)
}
