/** What people typed as part of the key of a document. */
import { sha256 } from "@concordat/model/ids"

/** No store of the state takes a longer key, nor one that is no text: the adapters hold themselves to the same. */
const KEY_CHARACTERS = 512

export const isStorable = (key: string): boolean =>
  key.length <= KEY_CHARACTERS && key.isWellFormed() && !key.includes("\0")

/**
 * The rest of a key after what stands before it: what was typed, or where no store would take that, its hash, which is as equal
 * and as different. Escaped first, since one lone surrogate is hashed like any other.
 */
export const restOfKey = (before: string, typed: string): string =>
  isStorable(`${before}${typed}`) ? typed : `#${sha256(JSON.stringify(typed))}`
