/** A tenant's rules: in a file of their own or in this one, and of connections that there are and can say what they are asked for. */
import { groupOf } from "@concordat/model/canonical/types"
import type { JsonObject } from "@concordat/model/json"
import type { MappingDocument } from "@concordat/rules/mapping/document"
import { stringify } from "yaml"
import type { Checking } from "./check-connection.ts"
import { Findings, type Path } from "./problems.ts"
import type { TextFile } from "./readers.ts"

interface Around {
  /** The configuration's name in messages. */
  readonly file: string
  /** Names of the tenant's connections. */
  readonly connections: ReadonlyArray<string>
  /** Mappings of those that have a sound one. */
  readonly mappings: ReadonlyMap<string, JsonObject>
}

const mapOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

interface Named {
  /** In the document. */
  readonly path: Path
  readonly connection: string
  /** What it alone may say; null in the order of authority. */
  readonly strictFor: { readonly type: string; readonly group: string } | null
}

const named = (document: unknown): ReadonlyArray<Named> => {
  const { authority, rules } = mapOf(document)
  const listed = Array.isArray(authority)
    ? authority.map((name, i): Named => ({ path: ["authority", i], connection: String(name), strictFor: null }))
    : []
  const strict = Object.entries(mapOf(rules)).flatMap(([type, groups]) =>
    Object.entries(mapOf(groups)).flatMap(([group, rule]): ReadonlyArray<Named> => {
      const connection = mapOf(rule)["strict"]
      return typeof connection === "string"
        ? [{ path: ["rules", type, group], connection, strictFor: { type, group } }]
        : []
    }),
  )
  return [...listed, ...strict]
}

/** Whether somebody who edits it there is heard. */
const canSay = (mapping: JsonObject, { group, type }: NonNullable<Named["strictFor"]>): boolean =>
  (mapping as unknown as MappingDocument).objects.some(
    (object) =>
      object.type === type &&
      Object.values(object.fields).some(
        (field) =>
          field !== null &&
          (field.direction === "both" || field.direction === "in") &&
          field.from.length > 0 &&
          field.fields.some((name) => groupOf(object.type, name) === group),
      ),
  )

const checkNames = (found: Findings, path: Path, document: unknown, { connections, mappings }: Around): void => {
  for (const { connection, path: at, strictFor } of named(document)) {
    const mapping = mappings.get(connection)
    if (!connections.includes(connection))
      found.add(
        [...path, ...at],
        `names ${connection}, which is no connection of this tenant; there are${connections.length === 0 ? " none" : `: ${connections.join(", ")}`}`,
      )
    else if (strictFor !== null && mapping !== undefined && !canSay(mapping, strictFor))
      found.add(
        [...path, ...at],
        `is strict for ${connection}, whose mapping reads no ${strictFor.group} of a ${strictFor.type}: nobody could change it anywhere. Map it there, or name a connection that reads it`,
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
