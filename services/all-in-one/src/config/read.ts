/** Reads `concordat.yaml` as a whole: either a configuration that leaves nothing open, or every fault at once. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { checkConnection, type Checking } from "./check-connection.ts"
import { checkParts } from "./check-parts.ts"
import { httpOf, keyOf, storeOf, unique } from "./check-process.ts"
import { rulesOf } from "./check-rules.ts"
import { codeFault } from "./codes.ts"
import type { Config, ConnectionConfig, TenantConfig } from "./Config.ts"
import { type ConfigProblem, ConfigInvalid, Findings, type Path } from "./problems.ts"
import type { Readers, TextFile } from "./readers.ts"
import { ConfigFile, MEMBERS } from "./schema.ts"
import type { Environment } from "./variables.ts"

const decode = Schema.decodeUnknownResult(ConfigFile, { errors: "all", onExcessProperty: "error" })
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const pathOf = (path: ReadonlyArray<unknown> | undefined): Path =>
  (path ?? []).map((part) =>
    typeof part === "object" && part !== null && "key" in part ? (part.key as PropertyKey) : (part as PropertyKey),
  )

const EXCESS = "Expected no excess property"

/** What YAML makes of a value shows in its quotes only: those are what is wrong mostly. */
const SHAPES: Readonly<Record<string, string>> = {
  string: "text: in quotes where it looks like a number, true, false or null",
  number: "a number, without quotes",
  "an integer": "a whole number",
  boolean: "true or false, without quotes",
  array: "a list, each item behind a -",
  "string | number | boolean": "a text, a number, true or false",
}

/** Says what is allowed in the place of what the schema did not take. */
const inWords = (path: Path, message: string): string => {
  if (message === "Missing key") return "is missing"
  if (message === EXCESS) {
    const above = path.slice(0, -1).map((part) => (typeof part === "number" ? "*" : String(part)))
    const members = MEMBERS[above.join(".")]
    return members === undefined ? "is not known here" : `is not known here; allowed: ${members.join(", ")}`
  }
  if (message === "Expected object")
    return `has to be a map${path.length === 0 ? ` of ${MEMBERS[""]?.join(", ")}` : ""}`
  if (message === "Expected string" && String(path.at(-1)).endsWith("Every"))
    return 'has to be a duration such as "30s" or "5m"'
  if (!message.startsWith("Expected ")) return message
  const expected = message.slice("Expected ".length)
  return `has to be ${SHAPES[expected] ?? expected}`
}

const tenantOf = (checking: Checking, file: string, tenant: ConfigFile["tenants"][number], i: number): TenantConfig => {
  const path = ["tenants", i]
  const { findings } = checking
  const region = tenant.region === undefined ? null : codeFault("country", tenant.region)
  if (region !== null) findings.add([...path, "region"], region)
  const names = tenant.connections.map(({ name }) => name)
  unique(findings, names, (at) => [...path, "connections", at, "name"], "connection")
  const connections = tenant.connections.map((connection, at): ConnectionConfig | null =>
    checkConnection(checking, [...path, "connections", at], connection),
  )
  const sound = connections.filter((connection) => connection !== null)
  const mappings = new Map(sound.map(({ mapping, name }) => [name, mapping]))
  return {
    name: tenant.name,
    region: tenant.region ?? "",
    rules: rulesOf(checking, [...path, "rules"], tenant.rules, { file, connections: names, mappings }),
    connections: sound,
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
  const root = findings.toJS()
  if (findings.problems.length > 0) return fail()
  const decoded = decode(root)
  if (Result.isFailure(decoded)) {
    for (const issue of issuesOf(decoded.failure.issue).issues) {
      const path = pathOf(issue.path)
      findings.add(path, inWords(path, issue.message), issue.message === EXCESS)
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
    store: storeOf(checking, store),
    key: key === undefined ? null : keyOf(checking, key),
    http: httpOf(findings, environment, http),
    tenants: tenants.map((tenant, i) => tenantOf(checking, file.name, tenant, i)),
  }
  return findings.problems.length > 0 ? fail() : Result.succeed(config)
}
