/** The `State` port over the embedded store. */
import { StateError } from "@concordat/engine/ports/State"
import type { State, StoredDocument } from "@concordat/engine/ports/State"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { checkpointOfRow } from "../state/places.ts"
import { scanPages, tooMany } from "../state/documents.ts"
import type { Client } from "./client.ts"
import { idColumns } from "./protocol.ts"
import type { Failure } from "./protocol.ts"

export const toStateError = ({ reason, detail }: Failure): StateError =>
  new StateError({
    reason: reason === "corrupt" || reason === "closed" || reason === "limit" ? reason : "unavailable",
    detail,
  })

type Shape = Context.Service.Shape<typeof State>

/** From key and value in turn. */
const documentsOf = (columns: ReadonlyArray<string>): ReadonlyArray<StoredDocument> => {
  const documents: Array<StoredDocument> = []
  for (let i = 0; i < columns.length; i += 2) documents.push({ key: columns[i]!, value: columns[i + 1]! })
  return documents
}

export const makeState = (client: Client): Shape => {
  const getMany: Shape["getMany"] = (ids) => {
    const refused = tooMany(ids)
    return refused === null
      ? Effect.mapError(client.request({ op: "get", ids: idColumns(ids) }), toStateError)
      : Effect.fail(refused)
  }

  const scan: Shape["scan"] = (options) =>
    scanPages(options, (after, limit) =>
      Effect.map(client.request({ op: "scan", ...options, after, limit }), documentsOf),
    ).pipe(Effect.mapError(toStateError))

  return {
    getMany,
    scan,
    count: (options) => Effect.mapError(client.request({ op: "count", ...options }), toStateError),
    tenants: Effect.mapError(client.request({ op: "tenants" }), toStateError),
    checkpoint: (name) =>
      Effect.map(Effect.mapError(client.request({ op: "checkpoint", name }), toStateError), (columns) =>
        columns === null ? null : checkpointOfRow(...columns),
      ),
    clear: Effect.mapError(Effect.asVoid(client.request({ op: "clear" })), toStateError),
  }
}
