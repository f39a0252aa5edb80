/** Everything that is wrong with a configuration, each fault with its line, what stands there and what could. */
import * as Schema from "effect/Schema"
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml"

export const ConfigProblem = Schema.Struct({
  file: Schema.String,
  /** From 1. */
  line: Schema.Finite,
  /** `tenants[0].connections[1].provider`; empty where it is the file's as a whole. */
  field: Schema.String,
  /** What stands there, shortened; never a credential. */
  value: Schema.String,
  /** What is wrong and what is allowed, to be read after the field's name. */
  message: Schema.String,
})
export type ConfigProblem = typeof ConfigProblem.Type

const sentence = ({ file, line, field, value, message }: ConfigProblem): string => {
  const what = [field, value === "" ? "" : `(${value})`].filter((part) => part !== "").join(" ")
  return `${file}:${line}  ${what === "" ? message : `${what} ${message}`}`
}

export class ConfigInvalid extends Schema.TaggedError<ConfigInvalid>()("ConfigInvalid", {
  problems: Schema.Array(ConfigProblem),
}) {
  override get message(): string {
    return `the configuration has ${this.problems.length} faults:\n${this.problems.map((one) => `  ${sentence(one)}`).join("\n")}`
  }
}

export type Path = ReadonlyArray<PropertyKey>

export const fieldName = (path: Path): string =>
  path.reduce<string>(
    (name, part) =>
      typeof part === "number" ? `${name}[${part}]` : name === "" ? String(part) : `${name}.${String(part)}`,
    "",
  )

/** These hold, or may by mistake hold, what nobody should see on a screen. */
const isSecret = (path: Path): boolean =>
  path.includes("credentials") || path.at(-1) === "token" || path.at(-1) === "key"

const short = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "")
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** The file as it was parsed, and what is found wrong with it so far. */
export class Findings {
  readonly problems: Array<ConfigProblem> = []
  readonly document: Document.Parsed
  readonly #file: string
  readonly #lines = new LineCounter()

  constructor(file: string, text: string) {
    this.#file = file
    this.document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: true })
    for (const error of [...this.document.errors, ...this.document.warnings]) {
      const { line } = this.#lines.linePos(error.pos[0])
      const message = `is no valid YAML: ${error.message.split("\n")[0] ?? error.code}`
      this.problems.push({ file, line, field: "", value: "", message })
    }
  }

  /** The line of the deepest part of the path that is there; of a member, that of its name. */
  lineOf(path: Path): number {
    let node: Node | null = this.document.contents
    let offset = node?.range?.[0] ?? 0
    for (const part of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
        if (pair === undefined) break
        if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
        node = pair.value as Node | null
      } else if (isSeq(node) && typeof part === "number") {
        node = (node.items[part] as Node | undefined) ?? null
        offset = node?.range?.[0] ?? offset
      } else break
    }
    return this.#lines.linePos(offset).line
  }

  add(path: Path, message: string): void {
    const found: unknown = path.length === 0 ? undefined : this.document.getIn(path)
    const shown = isSecret(path)
      ? found === undefined
        ? ""
        : "not shown"
      : typeof found === "object"
        ? ""
        : short(found)
    this.problems.push({ file: this.#file, line: this.lineOf(path), field: fieldName(path), value: shown, message })
  }

  /** Faults of another file, or of a part of this one that somebody else reads. */
  addAll(problems: ReadonlyArray<ConfigProblem>): void {
    this.problems.push(...problems)
  }

  /** In the order of the lines. */
  get sorted(): ReadonlyArray<ConfigProblem> {
    return this.problems.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
  }
}
