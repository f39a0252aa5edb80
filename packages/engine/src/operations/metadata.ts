/** What a connection said of itself when it was last asked, without its people: fields, pipelines, stages, lists. */
import type { Metadata } from "@concordat/model/metadata"
import type { BindingDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { connectionOf, get } from "./documents.ts"

/** null: it was not read yet. */
export const metadata = Effect.fn("Operations.metadata")(function* (tenant: string, connection: string) {
  yield* connectionOf(tenant, connection)
  const metadata = (yield* get<BindingDoc>(tenant, "binding", connection))?.metadata ?? null
  return metadata === null ? null : ({ ...metadata, owners: [] } satisfies Metadata)
})
