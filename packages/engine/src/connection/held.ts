/**
 * Cursors of changes that have moved over pages with nothing on them. Nothing was found, so nothing is lost with them: a crash
 * reads the same changes again, and those since. They are kept now and then, all of a connection in one commit. So is the place
 * of a walk made again, which has passed pages with nothing new on them.
 */
import type { CursorDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { CURSOR_HELD_MS, CURSOR_HELD_PAGES, PASSED_MS } from "../limits.ts"
import { fenceAt, type Parts, put, walkKey } from "./parts.ts"

export class Held {
  readonly #objects = new Set<string>()
  /** When the place of a walk made again was kept last, ms since 1970, by object. */
  readonly #passed = new Map<string, number>()
  #pages = 0
  /** When the first of them moved, ms since 1970. */
  #since = 0

  /** Of the objects whose cursor is in memory alone. */
  get objects(): ReadonlyArray<string> {
    return [...this.#objects]
  }

  /** False: it is time to keep them. `now`: ms since 1970. `nextInMs`: when the next page is to be expected. */
  hold(object: string, now: number, nextInMs: number): boolean {
    if (this.#objects.size === 0) this.#since = now
    this.#objects.add(object)
    this.#pages += 1
    return now + nextInMs - this.#since < CURSOR_HELD_MS && this.#pages < CURSOR_HELD_PAGES
  }

  /** False: it is time to keep the place of the walk over an object that is made again. `now`: ms since 1970. */
  pass(object: string, now: number): boolean {
    if (now - (this.#passed.get(object) ?? 0) < PASSED_MS) return true
    this.#passed.set(object, now)
    return false
  }

  /** Its cursor is on the disk, or is worth nothing any more. */
  kept(object: string): void {
    this.#objects.delete(object)
    if (this.#objects.size === 0) this.#pages = 0
  }
}

/** What the cursor passes is on the disk: the cursor itself may follow. */
export const holdOrKeep = Effect.fnUntraced(function* (parts: Parts, object: string, to: CursorDoc) {
  const { cursors, held, ledger, toldAt } = parts
  cursors.set(walkKey("changes", object), to)
  const now = yield* parts.tick
  if (held.hold(object, now, parts.pollEveryMs)) return
  yield* ledger.exclusively(
    Effect.suspend(() => {
      const moved = held.objects.flatMap((one) => {
        const at = cursors.get(walkKey("changes", one))
        return at === undefined ? [] : [{ object: one, at }]
      })
      const documents = moved.map(({ at, object: one }) => put(parts, "cursor", walkKey("changes", one), at))
      const [fence, ...beside] = moved.map(({ at, object: one }) => fenceAt(parts, "changes", one, at))
      if (fence === undefined) return Effect.void
      return Effect.map(ledger.commit({ entries: [], documents, fence, beside, sayFence: true }), () => {
        for (const { at, object: one } of moved) {
          toldAt.set(one, now)
          // It may have moved on meanwhile.
          if (cursors.get(walkKey("changes", one)) === at) held.kept(one)
        }
      })
    }),
  )
})
