/** Asking a store of the state for many documents: at once, and page by page. */
import { StateError } from "@concordat/engine/ports/State"
import type { StoredDocument } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import { pageSize } from "./keys.ts"

/** Documents of one `getMany`: it is answered in one go. */
export const DOCUMENTS_AT_ONCE = 5_000

export const tooMany = (ids: ReadonlyArray<unknown>): StateError | null =>
  ids.length > DOCUMENTS_AT_ONCE
    ? new StateError({ reason: "limit", detail: `at most ${DOCUMENTS_AT_ONCE} documents at once` })
    : null

/** A scan's documents up to its limit, page by page. `page` answers `pageSize(limit)` of them where there are so many. */
export const scanPages = Effect.fnUntraced(function* <E>(
  options: { readonly after: string | null; readonly limit: number },
  page: (after: string | null, limit: number) => Effect.Effect<ReadonlyArray<StoredDocument>, E>,
) {
  const documents: Array<StoredDocument> = []
  let after = options.after
  while (documents.length < options.limit) {
    const limit = options.limit - documents.length
    const found = yield* page(after, limit)
    for (const document of found) documents.push(document)
    if (found.length < pageSize(limit)) break
    after = found[found.length - 1]!.key
  }
  return documents
})
