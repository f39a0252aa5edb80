/** Everything that is wrong with a configuration, each fault with its line, what stands there and what could. */
import * as Schema from "effect/Schema"
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml"

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
    const { length } = this.problems
    return `the configuration has ${length} ${length === 1 ? "fault" : "faults"}:\n${this.problems.map((one) => `  ${sentence(one)}`).join("\n")}`
  }
}

export type Path = ReadonlyArray<PropertyKey>

export const fieldName = (path: Path): string =>
  path.reduce<string>(
    (name, part) =>
      typeof part === "number" ? `${name}[${part}]` : name === "" ? String(part) : `${name}.${String(part)}`,
    "",
  )

/** These hold, or may by mistake hold, what nobody should see on a screen: also where they stand in the wrong place. */
const isSecret = (path: Path): boolean =>
  path.includes("credentials") || /token|key|secret|passw|credential/i.test(String(path.at(-1) ?? ""))

const short = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "")
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** A map is not shown, nor a list of more than words: what is in them may be a credential. */
const plain = (found: unknown): string => {
  if (!isSeq(found)) return typeof found === "object" ? "" : short(found)
  return found.items.length > 0 && found.items.every(isScalar) ? short(found.toJSON()) : ""
}

/** `token: ${TOKEN}` within braces: YAML takes the brace for another map. */
const UNQUOTED_VARIABLE = /\{[^}"']*:\s*\$\{/

/** What the parser says without what stands in the file, which may be a credential. */
const syntaxFault = (code: string, message: string, line: string): string => {
  if (code === "MULTIPLE_DOCS") return "begins a second document, by a line of ---: only one is read"
  const said = (message.split("\n")[0] ?? code).replaceAll(/:? "(?:[^"\\]|\\.)*"?/g, "").replaceAll(/: [^ ]*$/g, "")
  const advice = UNQUOTED_VARIABLE.test(line) ? '. Within { } a variable has to stand in quotes: "${NAME}"' : ""
  return `is no valid YAML: ${said}${advice}`
}

/** The file as it was parsed, and what is found wrong with it so far. */
export class Findings {
  readonly problems: Array<ConfigProblem> = []
  readonly document: Document.Parsed
  readonly #file: string
  readonly #text: string
  readonly #lines = new LineCounter()

  constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
    this.document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: true })
    for (const error of [...this.document.errors, ...this.document.warnings]) {
      const { line } = this.#lines.linePos(error.pos[0])
      const message = syntaxFault(error.code, error.message, text.split("\n")[line - 1] ?? "")
      this.problems.push({ file, line, field: "", value: "", message })
      // What follows the first is mostly its consequence, but for keys that stand there twice.
      if (error.code !== "DUPLICATE_KEY") break
    }
    if (this.problems.length === 0) this.#unresolved()
  }

  /** `*name` without its anchor: the parser takes it, and trips over it when values are read. */
  #unresolved(): void {
    visit(this.document, {
      Alias: (_, node) => {
        if (node.resolve(this.document) !== undefined) return
        const { line } = this.#lines.linePos(node.range?.[0] ?? 0)
        const message = "refers by * to what has no name above: text that begins with * has to stand in quotes"
        this.problems.push({ file: this.#file, line, field: "", value: "", message })
      },
    })
  }

  /** What the file says; undefined, with a finding, where it says more than can be laid out. */
  toJS(): unknown {
    try {
      return this.document.toJS()
    } catch {
      this.add([], "repeats by * what repeats by * so often that it can't be laid out: write it out")
      return undefined
    }
  }

  /** What stands at the path, on the lines where it stands; null where it is not there. */
  textAt(path: Path): string | null {
    const node = this.document.getIn(path, true)
    const range = isNode(node) ? node.range : undefined
    if (range === undefined || range === null) return null
    const { col, line } = this.#lines.linePos(range[0])
    return "\n".repeat(line - 1) + " ".repeat(col - 1) + this.#text.slice(range[0], range[1])
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

  /** `isStrange`: nobody knows what it is; a misspelt `token` holds a token. */
  add(path: Path, message: string, isStrange = false): void {
    const found: unknown = path.length === 0 ? undefined : this.document.getIn(path)
    const shown = isStrange || isSecret(path) ? (found === undefined ? "" : "not shown") : plain(found)
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
