/**
 * Positions of the journal as text: 20 digits, with a second number where prepare and commit differ. They sort as text
 * in the journal's order.
 */

export interface Position {
  readonly commit: bigint
  readonly prepare: bigint
}

/** The server says -1 for a position that it no longer knows; on the wire that is the largest number there is. */
const UNKNOWN = 1n << 63n

const digits = (value: bigint): string => value.toString().padStart(20, "0")

export const showPosition = ({ commit, prepare }: Position): string =>
  commit === prepare ? digits(commit) : `${digits(commit)}-${digits(prepare)}`

/** `null` where the server did not know. */
export const knownPosition = (commit: bigint, prepare: bigint): string | null =>
  commit < 0n || commit >= UNKNOWN ? null : showPosition({ commit, prepare: prepare >= UNKNOWN ? commit : prepare })

/** `null` where the text is no position of such a journal. */
export const parsePosition = (text: string): Position | null => {
  const match = /^(\d{20})(?:-(\d{20}))?$/.exec(text)
  if (match === null) return null
  const commit = BigInt(match[1]!)
  return { commit, prepare: match[2] === undefined ? commit : BigInt(match[2]) }
}

export const laterOf = (a: string | null, b: string | null): string | null =>
  a === null || (b !== null && b > a) ? b : a
