/** Ids that follow from what they name, so that deciding again gives the same ones. Pure: hashes only. */
import { createHash } from "node:crypto"

const format = (bytes: Uint8Array): string => {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const stamped = (bytes: Uint8Array, version: number): string => {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4)
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return format(bytes)
}

/** The namespace of Concordat's own event ids: UUIDv5 of the DNS namespace and `concordat.events`. */
const EVENTS = Buffer.from("6ba7b8109dad11d180b400c04fd430c8", "hex")

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

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/** RFC 9562 UUIDv5 in Concordat's namespace. */
export const uuidV5 = (name: string): string =>
  stamped(new Uint8Array(createHash("sha1").update(EVENTS).update(name).digest()), 5)

/** An event's id: the same event decided again at the same place has the same id; any other has another. */
export const eventId = (stream: string, previousRevision: number, content: string): string =>
  uuidV5(`${stream}\n${previousRevision}\n${content}`)

/**
 * An entity's id: UUIDv8, 48 bits of the causing time (ms since 1970), then a hash of what caused it. Time first,
 * because random keys make SQLite four times slower from 100,000 rows on.
 */
export const entityId = (atMs: number, cause: string): string => {
  const bytes = new Uint8Array(createHash("sha256").update(cause).digest().subarray(0, 16))
  new DataView(bytes.buffer).setUint16(0, Math.floor(atMs / 2 ** 32) & 0xffff)
  new DataView(bytes.buffer).setUint32(2, atMs >>> 0)
  return stamped(bytes, 8)
}

/** The causing time of an entity id, in ms since 1970. */
export const entityIdTime = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
