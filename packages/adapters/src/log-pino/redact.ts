/** Takes credentials and personal values out of what is logged: by the name they stand under, and by their look. */
import * as Redacted from "effect/Redacted"

const REDACTED = "[redacted]"
/** Deeper than any of our own values; what lies below is not worth a log line. */
const MAX_DEPTH = 8
/** Characters of one text: a provider's error page is not to fill the log. */
const MAX_TEXT = 8_192

/** A key is redacted when one of its words is one of these: `accessToken`, `refresh_token`, `X-Auth-Token`, `firstName`. */
const WORDS: ReadonlySet<string> = new Set(
  [
    "token tokens secret secrets password passwords passphrase credential credentials authorization cookie apikey signature",
    "email emails mail phone phones mobile fax",
    "name names firstname lastname surname fullname displayname familyname givenname",
  ].flatMap((words) => words.split(" ")),
)

const wordsOf = (key: string): ReadonlyArray<string> =>
  key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)

const isPrivate = (key: string): boolean => {
  const words = wordsOf(key)
  return words.some((word) => WORDS.has(word)) || WORDS.has(words.join(""))
}

/** Texts carry values too: a provider's message, a URL, a stack. */
export const redactText = (text: string): string =>
  text
    .slice(0, MAX_TEXT)
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g, `$1 ${REDACTED}`)
    .replace(
      /\b([\w-]*(?:token|secret|password|api_?key|authorization))(["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi,
      `$1$2${REDACTED}`,
    )
    // Of an address with a password in it: also where its host has no dot.
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@/]+@/gi, `$1:${REDACTED}@`)
    // A host has no slash: a package's folder (`effect@4.1.0/src`) is no address, and a stack without its files says nothing.
    .replace(/[^\s@<>"'(),:;=]+@[^\s@<>"'(),:;/]+\.[A-Za-z]{2,}/g, REDACTED)
    .replace(/\+\d[\d ()/.-]{6,}\d/g, REDACTED)

const redactAt = (value: unknown, depth: number, above: ReadonlyArray<object>): unknown => {
  if (typeof value === "string") return redactText(value)
  if (typeof value === "bigint" || typeof value === "symbol") return value.toString()
  if (typeof value === "function") return "[function]"
  if (typeof value !== "object" || value === null) return value
  if (Redacted.isRedacted(value)) return REDACTED
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (depth >= MAX_DEPTH || above.includes(value)) return "[…]"
  const path = [...above, value]
  const inner = (item: unknown): unknown => redactAt(item, depth + 1, path)
  if (value instanceof Map)
    return redactEntries(
      [...value].map(([key, item]) => [String(key), item]),
      inner,
    )
  if (Array.isArray(value) || value instanceof Set) return [...value].map(inner)
  const entries = redactEntries(Object.entries(value), inner)
  // An error's own texts are not among its entries, and its `name` is its class.
  if (!(value instanceof Error)) return entries
  return { ...entries, type: value.name, message: redactText(value.message), stack: redactText(value.stack ?? "") }
}

const redactEntries = (entries: ReadonlyArray<readonly [string, unknown]>, inner: (item: unknown) => unknown) =>
  Object.fromEntries(entries.map(([key, item]) => [key, isPrivate(key) ? REDACTED : inner(item)]))

/** A copy that can be logged, as plain JSON values. Cycles and what lies too deep are cut. */
export const redact = (value: unknown): unknown => redactAt(value, 0, [])
