/** Ids that follow from what they name, so that deciding again gives the same ones. Pure: hashes only. */
import { hash } from "node:crypto"

/** `hex`: 32 digits or more. */
const format = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`

/** Version and variant of RFC 9562 in their places. */
const stamped = (hex: string, version: number): string => {
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
  return format(`${hex.slice(0, 12)}${version}${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`)
}

/** The namespace of Concordat's own event ids: UUIDv5 of the DNS namespace and `concordat.events`. */
const EVENTS = Buffer.from("6ba7b8109dad11d180b400c04fd430c8", "hex")
/** What is hashed is put behind the namespace here: every event has an id, and a buffer for each took twice as long. */
const scratch = Buffer.alloc(64 * 1024)
EVENTS.copy(scratch)
/** A character of a string is three bytes of UTF-8 at most. */
const SCRATCH_CHARACTERS = (scratch.length - EVENTS.length) / 3

/** 53 bits of a text, as 11 letters: to notice a change of one's own, not to tell apart what others choose (cyrb53). */
export const shortHash = (text: string): string => {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    a = Math.imul(a ^ code, 2_654_435_761)
    b = Math.imul(b ^ code, 1_597_334_677)
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909)
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
  return (4_294_967_296 * (2_097_151 & b) + (a >>> 0)).toString(36).padStart(11, "0")
}

export const sha256 = (text: string): string => hash("sha256", text)

/** `head` and `content` follow each other; joined before, they would be copied once more for every event. */
const inNamespace = (head: string, content: string): Uint8Array => {
  if (head.length + content.length > SCRATCH_CHARACTERS)
    return Buffer.concat([EVENTS, Buffer.from(head), Buffer.from(content)])
  const at = EVENTS.length + scratch.write(head, EVENTS.length)
  return scratch.subarray(0, at + scratch.write(content, at))
}

/** RFC 9562 UUIDv5 in Concordat's namespace, of both together. */
export const uuidV5 = (head: string, content = ""): string => stamped(hash("sha1", inNamespace(head, content)), 5)

/**
 * An event's id: the same event decided again at the same place has the same id; any other has another. A line each of
 * stream, revision and, where the content does not say it, `kind`; then the content.
 */
export const eventId = (stream: string, previousRevision: number, content: string, kind?: string): string =>
  uuidV5(`${stream}\n${previousRevision}\n${kind === undefined ? "" : `${kind}\n`}`, content)

/**
 * An entity's id: UUIDv8, 48 bits of the causing time (ms since 1970), then a hash of what caused it. Time first,
 * because random keys make SQLite four times slower from 100,000 rows on.
 */
export const entityId = (atMs: number, cause: string): string => {
  const high = (Math.floor(atMs / 2 ** 32) & 0xffff).toString(16).padStart(4, "0")
  const low = (atMs >>> 0).toString(16).padStart(8, "0")
  return stamped(`${high}${low}${hash("sha256", cause).slice(12, 32)}`, 8)
}

/** The causing time of an entity id, in ms since 1970. */
export const entityIdTime = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
