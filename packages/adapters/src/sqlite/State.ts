/** The `State` port over the embedded store. */
import { StateError } from "@concordat/engine/ports/State"
import type { State, StoredDocument } from "@concordat/engine/ports/State"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Client } from "./client.ts"
import { DOCUMENTS_AT_ONCE } from "./limits.ts"
import { idColumns } from "./protocol.ts"
import type { Failure } from "./protocol.ts"

export const toStateError = ({ reason, detail }: Failure): StateError =>
  new StateError({
    reason: reason === "corrupt" || reason === "closed" || reason === "limit" ? reason : "unavailable",
    detail,
  })

export const makeState = (client: Client): Context.Service.Shape<typeof State> => {
  const scan: Context.Service.Shape<typeof State>["scan"] = Effect.fnUntraced(function* (options) {
    const documents: Array<StoredDocument> = []
    let after = options.after
    while (documents.length < options.limit) {
      const limit = options.limit - documents.length
      const columns = yield* client.request({ op: "scan", ...options, after, limit })
      if (columns.length === 0) break
      for (let i = 0; i < columns.length; i += 2) documents.push({ key: columns[i]!, value: columns[i + 1]! })
      after = columns[columns.length - 2]!
    }
    return documents
  }, Effect.mapError(toStateError))

  return {
    getMany: (ids) =>
      ids.length > DOCUMENTS_AT_ONCE
        ? Effect.fail(new StateError({ reason: "limit", detail: `at most ${DOCUMENTS_AT_ONCE} documents at once` }))
        : Effect.mapError(client.request({ op: "get", ids: idColumns(ids) }), toStateError),
    scan,
    count: (options) => Effect.mapError(client.request({ op: "count", ...options }), toStateError),
    tenants: Effect.mapError(client.request({ op: "tenants" }), toStateError),
    checkpoint: (name) =>
      Effect.map(Effect.mapError(client.request({ op: "checkpoint", name }), toStateError), (columns) =>
        columns === null ? null : { name: columns[0], position: columns[1], eventId: columns[2] },
      ),
    clear: Effect.mapError(Effect.asVoid(client.request({ op: "clear" })), toStateError),
  }
}
