/** Everything that waits, for whom or what, as one list: nothing waits for ever unseen. No values, paged. */
import type { ConnectionDoc, RecordDoc } from "@concordat/rules/state/documents"
import { decodeDocument } from "@concordat/rules/state/stored"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { State } from "../ports/State.ts"
import { connectionOf, connectionsOf, getMany } from "./documents.ts"
import { Invalid } from "./failures.ts"
import type { ListOptions } from "./lists.ts"
import type { Listed, WaitingItem, WaitingKind } from "./views.ts"
import { type Known, type Source, SOURCES } from "./waiting-sources.ts"

export interface WaitingOptions extends ListOptions {
  /** null: every kind. */
  readonly kind: WaitingKind | null
}

/** Documents looked at for one page: entities are many, and few of them wait for anything. */
const LOOKED_AT = 5_000
const SCAN = 1_000

interface Place {
  readonly source: number
  readonly key: string | null
}

/** Where a page ended: the source's name and the last key that was looked at. null: where none can have ended. */
const placeOf = (after: string | null): Place | null => {
  if (after === null) return { source: 0, key: null }
  const at = after.indexOf("|")
  const source = SOURCES.findIndex(({ name }) => name === (at === -1 ? after : after.slice(0, at)))
  return source === -1 ? null : { source, key: at === -1 ? null : after.slice(at + 1) }
}

/** What the items of a page refer to, read in one go. */
const knownOf = Effect.fnUntraced(function* (
  tenant: string,
  source: Source,
  page: ReadonlyArray<{ readonly key: string; readonly value: string }>,
) {
  const keys = [...new Set(page.flatMap(({ key }) => source.records?.(key) ?? []))]
  const found = yield* getMany<RecordDoc>(tenant, "record", keys)
  return new Map(keys.map((key, i) => [key, found[i] ?? null]))
})

/** A page can be shorter than its limit, even empty, and still have a next one. */
export const waiting = Effect.fn("Operations.waiting")(function* (tenant: string, options: WaitingOptions) {
  const state = yield* State
  const limit = Math.min(Math.max(options.limit, 1), 1000)
  const connections = new Map<string, ConnectionDoc>()
  for (const { doc, name } of yield* connectionsOf(tenant)) connections.set(name, doc)
  if (options.connection !== null) yield* connectionOf(tenant, options.connection)
  const place = placeOf(options.after)
  if (place === null) {
    const detail = "is no place in this list: give the one that the page before ended with (next)"
    return yield* new Invalid({ field: "after", value: options.after ?? "", detail })
  }
  const now = yield* Clock.currentTimeMillis
  const items: Array<WaitingItem> = []
  let looked = 0
  let { key, source: at } = place
  const answer = (next: string | null): Listed<WaitingItem> => ({ items, next })

  for (; at < SOURCES.length; at += 1, key = null) {
    const source = SOURCES[at]!
    if (options.kind !== null && !source.kinds.includes(options.kind)) continue
    const prefix = options.connection === null || !source.byConnection ? "" : `${options.connection}|`
    for (;;) {
      const page = yield* state.scan({ tenant, kind: source.document, prefix, after: key, limit: SCAN })
      const known: Known = { now, connections, records: yield* knownOf(tenant, source, page) }
      for (const document of page) {
        const found = source
          .items(document.key, decodeDocument(source.document, document.value), known)
          .filter(
            (item) =>
              (options.kind === null || item.kind === options.kind) &&
              (options.connection === null || item.connection === options.connection),
          )
        // What one document says is not taken apart: a page ends before it, unless it is the page.
        if (items.length > 0 && items.length + found.length > limit) return answer(`${source.name}|${key ?? ""}`)
        items.push(...found)
        key = document.key
      }
      looked += page.length
      if (page.length < SCAN) break
      if (looked >= LOOKED_AT || items.length >= limit) return answer(`${source.name}|${key ?? ""}`)
    }
    const following = SOURCES[at + 1]
    if (items.length >= limit && following !== undefined) return answer(following.name)
  }
  return answer(null)
})
