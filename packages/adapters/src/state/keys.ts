/**
 * What the stores of the state agree about: which keys there are, their ranges, and how many documents a page has.
 * The thread that holds a file needs them too, so nothing of Effect is here.
 */
/** Keys are part of an index; long ones slow every lookup. In characters: UTF-16 units, so at most 1,536 bytes of UTF-8. */
export const KEY_CHARACTERS = 512
/** Documents of one page of a scan: about 1 MB of JSON, after which others get their turn. */
export const PAGE_DOCUMENTS = 1_000

/** What is wrong with a key; null: nothing. PostgreSQL has no NUL in texts, and a lone surrogate is no text in UTF-8. */
export const keyFault = (key: string): string | null =>
  key.length > KEY_CHARACTERS
    ? `a document's key has at most ${KEY_CHARACTERS} characters`
    : key.isWellFormed() && !key.includes("\0")
      ? null
      : "a document's key has no lone surrogate and no NUL character"

/** The least text that is greater than every text with this prefix, by code points; null: there is none. */
export const afterPrefix = (prefix: string): string | null => {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue
    // The code points of surrogates are no characters.
    const next = last === 0xd7ff ? 0xe000 : last + 1
    return String.fromCodePoint(...points, next)
  }
  return null
}

export interface KeyRange {
  readonly from: string
  /** Without `from` itself. */
  readonly exclusive: boolean
  /** Keys are less than this; null: to the end. */
  readonly until: string | null
}

/** Keys with a prefix, after a key; null: there can be none. */
export const keyRange = (prefix: string, after: string | null): KeyRange | null => {
  const until = afterPrefix(prefix)
  if (after === null) return { from: prefix, exclusive: false, until }
  if (after.startsWith(prefix)) return { from: after, exclusive: true, until }
  // Before the prefix `after` changes nothing. Stores compare by code point, JavaScript does not.
  return Buffer.compare(Buffer.from(after), Buffer.from(prefix)) < 0 ? { from: prefix, exclusive: false, until } : null
}

/** How many of a scan's documents to ask for. */
export const pageSize = (limit: number): number => Math.min(limit, PAGE_DOCUMENTS)
