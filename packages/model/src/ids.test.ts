/** Ids are part of what is stored: the same event has the same id for ever. */
import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import { eventId } from "./ids.ts"

/** The namespace, and UUIDv5 of it and a name as RFC 9562 has them. */
const NAMESPACE = Buffer.from("6ba7b8109dad11d180b400c04fd430c8", "hex")
const byTheBook = (name: string): string => {
  const bytes = createHash("sha1").update(NAMESPACE).update(name).digest()
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-")
}

describe("the id of an event", () => {
  it("is the UUIDv5 of its stream, the revision before it, its kind where there is one, and its content", () => {
    for (const content of ["{}", `{"name":"Zoë 🙂"}`, `"${"ä".repeat(40_000)}"`]) {
      assert.strictEqual(eventId("contact-1", -1, content), byTheBook(`contact-1\n-1\n${content}`))
      assert.strictEqual(eventId("contact-1", 7, content, "Kind"), byTheBook(`contact-1\n7\nKind\n${content}`))
      assert.strictEqual(eventId("contact-1", 7, content, ""), byTheBook(`contact-1\n7\n\n${content}`))
    }
  })
})
