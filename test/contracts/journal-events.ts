/** What the contract of the journal appends, and how it reads. */
import { Journal } from "@concordat/engine/ports/Journal"
import type { AppendResult, NewEvent, RecordedEvent } from "@concordat/engine/ports/Journal"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"

export const made = (n: number): NewEvent => ({
  id: randomUUID(),
  type: "ContactChanged",
  data: JSON.stringify({ n, text: "naïve 😀 \u0000 end" }),
  metadata: { at: "2026-01-01T00:00:00Z", n: String(n) },
})
export const some = (count: number): ReadonlyArray<NewEvent> => Array.from({ length: count }, (_, n) => made(n))
export const unique = (category: string): string => `${category}-3f.t${randomUUID().replaceAll("-", "")}.x`

export const appended = (result: AppendResult): string => {
  assert.strictEqual(result._tag, "Appended")
  return result._tag === "Appended" ? result.position : ""
}
export const ids = (events: ReadonlyArray<{ readonly id: string }>): ReadonlyArray<string> =>
  events.map((event) => event.id)
export const forward = { from: 0, direction: "forward", limit: 1_000 } as const

/** All events after a position, page by page. */
export const everything = Effect.fnUntraced(function* (
  after: string | null,
  prefixes: ReadonlyArray<string>,
  limit: number,
) {
  const journal = yield* Journal
  const events: Array<RecordedEvent> = []
  for (let from = after; ;) {
    const page = yield* journal.readAll({ after: from, prefixes, limit })
    assert.isAtMost(page.events.length, limit)
    events.push(...page.events)
    if (page.position === from || page.events.length === 0) return events
    from = page.position
  }
})
