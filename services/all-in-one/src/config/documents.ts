/** Mappings and rules as they are stored: parsed, merged with their defaults, and plain JSON. */
import type { JsonObject } from "@concordat/model/json"
import { mergeMapping } from "@concordat/rules/mapping/merge"
import type { MappingProblem } from "@concordat/rules/mapping/lens"
import { parseMapping } from "@concordat/rules/mapping/parse"
import { parsePolicyDocument } from "@concordat/rules/policy/parse"
import * as Result from "effect/Result"
import type { ConfigProblem } from "./problems.ts"
import { unknownObjects } from "./objects.ts"
import type { KnownProvider, Read, TextFile } from "./readers.ts"

const located = ({ where, ...rest }: MappingProblem): ConfigProblem => {
  const at = where.lastIndexOf(":")
  return { file: where.slice(0, at), line: Number(where.slice(at + 1)), ...rest }
}

const failed = (problems: ReadonlyArray<MappingProblem>): Read => ({ document: null, problems: problems.map(located) })

/** What is stored is read back as JSON, so members that are `undefined` must not be there. */
const asJson = (document: unknown): JsonObject => JSON.parse(JSON.stringify(document)) as JsonObject

type Parsed = ReturnType<typeof parseMapping>
interface Default {
  readonly parsed: Parsed
  readonly read: Read
}

/** Connections of one provider share its default mapping: parsing it takes some 10 ms, and there may be a thousand of them. */
const defaults = new WeakMap<KnownProvider, Default>()

const defaultOf = (provider: KnownProvider): Default => {
  const known = defaults.get(provider)
  if (known !== undefined) return known
  const parsed = parseMapping(provider.mapping, `${provider.definition.provider}/mapping.yaml`)
  const read: Read = Result.isFailure(parsed)
    ? failed(parsed.failure)
    : { document: asJson(parsed.success), problems: [] }
  const made: Default = { parsed, read }
  defaults.set(provider, made)
  return made
}

export const readMapping = (provider: KnownProvider, override: TextFile | null): Read => {
  const { parsed: base, read } = defaultOf(provider)
  if (override === null || Result.isFailure(base)) return read
  const over = parseMapping(override.text, override.name, base.success)
  if (Result.isFailure(over)) return failed(over.failure)
  const unknown = unknownObjects(over.success, provider.definition)
  if (unknown.length > 0) return failed(unknown)
  return { document: asJson(mergeMapping(base.success, over.success)), problems: [] }
}

export const readRules = ({ name, text }: TextFile): Read => {
  const rules = parsePolicyDocument(text, name)
  return Result.isFailure(rules) ? failed(rules.failure) : { document: asJson(rules.success), problems: [] }
}
