/** A tenant's rules: in a file of their own or in this one, and of connections that there are. */
import type { JsonObject } from "@concordat/model/json"
import { stringify } from "yaml"
import type { Checking } from "./check-connection.ts"
import { Findings, type Path } from "./problems.ts"
import type { TextFile } from "./readers.ts"

interface Around {
  /** The configuration's name in messages. */
  readonly file: string
  /** Names of the tenant's connections. */
  readonly connections: ReadonlyArray<string>
}

const mapOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

/** Where the document names connections: the path there, and the name. */
const named = (document: unknown): ReadonlyArray<readonly [path: Path, name: string]> => {
  const { authority, rules } = mapOf(document)
  const listed = Array.isArray(authority) ? authority.map((name, i) => [["authority", i], String(name)] as const) : []
  const strict = Object.entries(mapOf(rules)).flatMap(([type, groups]) =>
    Object.entries(mapOf(groups)).flatMap(([group, rule]) => {
      const connection = mapOf(rule)["strict"]
      return typeof connection === "string" ? [[["rules", type, group], connection] as const] : []
    }),
  )
  return [...listed, ...strict]
}

const checkNames = (found: Findings, path: Path, document: unknown, { connections }: Around): void => {
  for (const [at, name] of named(document)) {
    if (!connections.includes(name))
      found.add(
        [...path, ...at],
        `names ${name}, which is no connection of this tenant; there are${connections.length === 0 ? " none" : `: ${connections.join(", ")}`}`,
      )
  }
}

const inThisFile = ({ findings, readers }: Checking, path: Path, given: unknown, around: Around): JsonObject | null => {
  // With the lines before it, so that each fault is at its own line here.
  const text = findings.textAt(path) ?? stringify(given)
  const { document, problems } = readers.rules({ name: around.file, text })
  findings.addAll(problems)
  checkNames(findings, path, given, around)
  return document
}

const inItsOwn = ({ findings, readers }: Checking, file: TextFile, around: Around): JsonObject | null => {
  const { document, problems } = readers.rules(file)
  findings.addAll(problems)
  const own = new Findings(file.name, file.text)
  if (own.problems.length > 0) return document
  checkNames(own, [], own.document.toJS(), around)
  findings.addAll(own.problems)
  return document
}

/** `given`: the name of a file, or the rules themselves. */
export const rulesOf = (checking: Checking, path: Path, given: unknown, around: Around): JsonObject | null => {
  if (given === undefined) return null
  if (typeof given !== "string") return inThisFile(checking, path, given, around)
  const text = checking.readers.file(given)
  if (text !== null) return inItsOwn(checking, { name: given, text }, around)
  checking.findings.add(path, "is no file that can be read, looked for beside the configuration")
  return null
}
