/** Locks of records that writes are made to, and when nobody needs them any more. */
import type { OpenIntentDoc } from "@concordat/rules/state/documents"
import { LOCK_KEPT_MS } from "../limits.ts"
import { lockOf, type Parts } from "./parts.ts"
import { intended, sentOf } from "./settle.ts"

/** What an open intent locks. */
export const lockOfIntent = (intent: OpenIntentDoc): string | null => {
  const { externalId, object } = intended(intent)
  return lockOf(externalId === null ? null : { object, id: externalId }, sentOf(intent).ownId)
}

/**
 * Drops the locks of writes that were given up, once no read that began before the last attempt ended can still come in.
 * What is on its way, and what an open intent may still have written, stays locked. `now`: by the worker's clock.
 */
export const dropLocks = (
  { busy, created, intents }: Pick<Parts, "busy" | "created" | "intents">,
  now: number,
): void => {
  const open = new Set([...intents.values()].map(lockOfIntent))
  for (const [lock, until] of busy) if (until < now - LOCK_KEPT_MS && !open.has(lock)) busy.delete(lock)
  for (const [record, lock] of created) if (!busy.has(lock)) created.delete(record)
}
