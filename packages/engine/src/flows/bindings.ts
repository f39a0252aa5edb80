/**
 * What mappings are compiled from, kept once however many connections have it: most have their provider's own document, and
 * compilers know it by identity. Kept for as long as somebody else holds it.
 */
import { sha256 } from "@concordat/model/ids"
import type { BindingDoc } from "@concordat/rules/state/documents"

const parts = new Map<string, WeakRef<object>>()
const forgotten = new FinalizationRegistry<string>((hash) => {
  // Somebody may have brought the same again since.
  if (parts.get(hash)?.deref() === undefined) parts.delete(hash)
})

const shared = <A extends object>(part: A): A => {
  const hash = sha256(JSON.stringify(part))
  const known = parts.get(hash)?.deref()
  if (known !== undefined) return known as A
  parts.set(hash, new WeakRef(part))
  forgotten.register(part, hash)
  return part
}

/** The binding of equal parts that were seen before. Nobody changes a document in place. */
export const sharedBinding = ({ mapping, metadata }: BindingDoc): BindingDoc => ({
  mapping: mapping === null ? null : shared(mapping),
  metadata: metadata === null ? null : shared(metadata),
})
