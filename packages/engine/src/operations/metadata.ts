/** What a connection said of itself when it was last asked, without its people: fields, pipelines, stages, lists. */
import type { Metadata } from "@concordat/model/metadata"
import * as Effect from "effect/Effect"
import { connectionOf } from "./documents.ts"

/** null: it was not read yet. */
export const metadata = Effect.fn("Operations.metadata")(function* (tenant: string, connection: string) {
  const { metadata } = yield* connectionOf(tenant, connection)
  return metadata === null ? null : ({ ...metadata, owners: [] } satisfies Metadata)
})
