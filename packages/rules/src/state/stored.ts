/** Documents as text. */
import type { EntityDoc } from "./documents.ts"
import { packEntity, type Packed, unpackEntity } from "./packed.ts"
import { type PackedBefore, unpackEntityOfBefore } from "./packed-before.ts"

/** A packed entity is a list; before it was, it was an object. */
const readEntity = (text: string): EntityDoc => {
  const packed = JSON.parse(text) as Packed | PackedBefore
  return "entity" in packed ? unpackEntityOfBefore(packed) : unpackEntity(packed)
}

export const encodeDocument = (kind: string, value: unknown): string =>
  kind === "entity" ? JSON.stringify(packEntity(value as EntityDoc)) : JSON.stringify(value)

export const decodeDocument = (kind: string, text: string): unknown =>
  kind === "entity" ? readEntity(text) : (JSON.parse(text) as unknown)
