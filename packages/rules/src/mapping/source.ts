/** YAML that remembers where each value stands, so that an error can name its line. */
import type { Json } from "@concordat/model/json"
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml"
import type { MappingProblem } from "./lens.ts"

export interface Located {
  readonly value: Json
  readonly line: number
  /** Entries of a map, in their order; undefined where it is none. */
  readonly entries: ReadonlyArray<readonly [key: string, value: Located]> | undefined
  readonly items: ReadonlyArray<Located> | undefined
}

export interface SourceFile {
  readonly root: Located
  readonly where: (at: Located) => string
}

/** Shown in messages: short, on one line. */
export const shown = (value: Json | undefined): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

const scalarValue = (value: unknown): Json =>
  typeof value === "string" || typeof value === "boolean" || typeof value === "number" ? value : null

/** Reads YAML 1.2 (core schema). Duplicate keys, tags and aliases are problems; nothing is thrown. */
export const parseSource = (
  text: string,
  name: string,
): { readonly file: SourceFile; readonly problems: ReadonlyArray<MappingProblem> } => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const where = (line: number): string => `${name}:${line}`
  const problems: Array<MappingProblem> = [...document.errors, ...document.warnings].map((error) => ({
    where: where(lines.linePos(error.pos[0]).line),
    field: "",
    value: "",
    message:
      error.code === "MULTIPLE_DOCS"
        ? "begins a second document (---); a file holds one"
        : `is no valid YAML: ${error.message.split("\n")[0] ?? error.code}`,
  }))
  const locate = (node: unknown, above: number): Located => {
    const range = typeof node === "object" && node !== null && "range" in node ? node.range : undefined
    const line = Array.isArray(range) && typeof range[0] === "number" ? lines.linePos(range[0]).line : above
    if (isMap(node)) {
      const entries = node.items.map((pair): readonly [string, Located] => {
        const key = locate(pair.key, line)
        // The line of an entry is its key's: a value that is a block begins on the next.
        return [String(key.value), { ...locate(pair.value, key.line), line: key.line }]
      })
      return { value: Object.fromEntries(entries.map(([k, v]) => [k, v.value])), line, entries, items: undefined }
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => locate(item, line))
      return { value: items.map((item) => item.value), line, entries: undefined, items }
    }
    if (isAlias(node)) {
      problems.push({ where: where(line), field: "", value: node.source, message: "aliases are not read here" })
    }
    return { value: isScalar(node) ? scalarValue(node.value) : null, line, entries: undefined, items: undefined }
  }
  return { file: { root: locate(document.contents, 1), where: (at) => where(at.line) }, problems }
}

/** Collects everything that is wrong, each with its line, what stands there and what could. */
export class Findings {
  readonly #found: Array<{ readonly line: number; readonly problem: MappingProblem }> = []
  readonly #file: SourceFile

  constructor(file: SourceFile) {
    this.#file = file
  }

  /** In the order of their lines. */
  get problems(): ReadonlyArray<MappingProblem> {
    return this.#found.toSorted((a, b) => a.line - b.line).map(({ problem }) => problem)
  }

  /** Of a file that is none at all nothing is shown: a wrong name leads to one of credentials, too. */
  add(at: Located, field: string, message: string): void {
    const value = field === "" ? "" : shown(at.value)
    this.#found.push({ line: at.line, problem: { where: this.#file.where(at), field, value, message } })
  }

  /** What is not there has no value; `at`: what it should be in. */
  missing(at: Located, field: string, message: string): void {
    const problem = { where: this.#file.where(at), field, value: "", message: `is missing: ${message}` }
    this.#found.push({ line: at.line, problem })
  }

  where(at: Located): string {
    return this.#file.where(at)
  }

  /**
   * The entries of a map whose keys are known; others are problems. `inside`: names that belong one level further down,
   * by the member that they belong in. Undefined where it is no map.
   */
  members(
    at: Located,
    field: string,
    allowed: ReadonlyArray<string>,
    inside: Readonly<Record<string, ReadonlyArray<string>>> = {},
  ): ReadonlyMap<string, Located> | undefined {
    if (at.entries === undefined) {
      this.add(at, field, `has to be a map with some of: ${allowed.join(", ")}`)
      return undefined
    }
    const known = new Map<string, Located>()
    for (const [key, value] of at.entries) {
      const member = Object.keys(inside).find((one) => inside[one]?.includes(key) === true)
      const advice = member === undefined ? "" : `; ${key} belongs within \`${member}:\``
      if (allowed.includes(key)) known.set(key, value)
      else
        this.add(
          value,
          field === "" ? key : `${field}.${key}`,
          `is not known here; allowed: ${allowed.join(", ")}${advice}`,
        )
    }
    return known
  }

  oneOf<const A extends string>(at: Located, field: string, allowed: ReadonlyArray<A>): A | undefined {
    const found = allowed.find((one) => one === at.value)
    if (found === undefined) this.add(at, field, `has to be one of: ${allowed.join(", ")}`)
    return found
  }

  text(at: Located, field: string): string | undefined {
    if (typeof at.value === "string" && at.value.trim() !== "") return at.value
    this.add(at, field, "has to be text")
    return undefined
  }

  boolean(at: Located, field: string): boolean | undefined {
    if (typeof at.value === "boolean") return at.value
    this.add(at, field, "has to be true or false")
    return undefined
  }
}
