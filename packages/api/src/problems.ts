/** What is wrong with a request, member by member, as both APIs answer it. */
import type * as HttpApiError from "effect/http-api/HttpApiError"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

/** What is wrong with a value, and what to do about it. `field` is empty where the fault is the request's as a whole. */
export const Problem = Schema.Struct({ field: Schema.String, value: Schema.String, message: Schema.String })
export type Problem = typeof Problem.Type

const SHOWN = 60

const shown = (value: unknown): string => {
  if (value === undefined) return ""
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "")
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 3)}...` : text
}

const TAGS = /"_tag": "([^"]+)"/g

/** The field that is meant and what it has to be; of a union that is told apart by its tag, the tag. */
const inWords = (field: string, message: string): readonly [field: string, message: string] => {
  if (message === "Missing key") return [field, "is missing"]
  if (message === "Expected no excess property") return [field, "is not known here"]
  const tags = [...message.matchAll(TAGS)].map(([, tag = ""]) => tag).toSorted()
  if (tags.length > 0) return [field === "" ? "_tag" : `${field}._tag`, `has to be one of: ${tags.join(", ")}`]
  if (message === "Expected a string representing a finite number") return [field, "has to be a number"]
  return [field, message.startsWith("Expected ") ? `has to be ${message.slice("Expected ".length)}` : message]
}

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const at = (input: unknown, field: string): unknown =>
  field.split(".").reduce<unknown>((found, part) => {
    if (typeof found !== "object" || found === null) return undefined
    return (found as Record<string, unknown>)[part]
  }, input)

/** `input`: what was sent, for the values in the answer; undefined: they are left out of it. */
export const problemsOf = ({ cause }: HttpApiError.HttpApiSchemaError, input?: unknown): ReadonlyArray<Problem> =>
  issuesOf(cause.issue).issues.map(({ message, path }) => {
    const parts = (path ?? []).map((part) => (typeof part === "object" && part !== null ? part.key : part))
    const [field, what] = inWords(parts.map(String).join("."), message)
    return { field, value: shown(at(input, field)), message: what }
  })
