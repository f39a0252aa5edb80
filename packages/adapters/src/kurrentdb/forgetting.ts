/**
 * Truncates streams through their metadata (`$tb`), beside whatever else stands in it. What is forgotten is no longer read
 * from its stream; on disk, and in reads over all streams, it stays until the server is scavenged.
 */
import { JournalError } from "@concordat/engine/ports/Journal"
import type { Append } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import type { Appending } from "./appending.ts"
import { METADATA_TRIES } from "./limits.ts"
import type { Reading } from "./reading.ts"

const TRUNCATE_BEFORE = "$tb"

export const makeForgetting = (reading: Reading, appending: Appending) => {
  const metadataOf = Effect.fnUntraced(function* (stream: string) {
    const found = yield* reading.stream(`$$${stream}`, { from: "end", backward: true, limit: 1 })
    const event = found[0]?.event
    if (event === undefined) return { revision: -1, values: {} as Record<string, unknown> }
    const values = yield* Effect.try({
      try: () => JSON.parse(event.data) as Record<string, unknown>,
      catch: () => new JournalError({ reason: "corrupt", detail: `metadata of ${stream} is no JSON` }),
    })
    return { revision: event.revision, values }
  })

  /** Forgets revisions below `before`; all of the stream where it ends earlier. */
  const truncate = Effect.fnUntraced(function* (stream: string, before: number): Effect.fn.Return<void, JournalError> {
    const last = yield* reading.head(stream)
    if (last === -1) return
    // `null`: everything is forgotten already, and the server does not say up to where.
    if (last === null) return
    const wanted = Math.min(before, last + 1)
    for (let attempt = 0; attempt < METADATA_TRIES; attempt++) {
      const { revision, values } = yield* metadataOf(stream)
      const known = values[TRUNCATE_BEFORE]
      if (wanted <= 0 || (typeof known === "number" && known >= wanted)) return
      const data = JSON.stringify({ ...values, [TRUNCATE_BEFORE]: wanted })
      const append: Append = {
        stream: `$$${stream}`,
        expected: revision,
        events: [{ id: randomUUID(), type: "$metadata", data, metadata: {} }],
      }
      if ((yield* appending.append([append]))._tag === "Appended") return
    }
    return yield* new JournalError({
      reason: "unavailable",
      detail: `could not truncate ${stream}: its metadata kept changing, or the server did not answer`,
    })
  })

  /** The first revision that is not forgotten, as the stream's metadata say. */
  const forgottenTo = Effect.fnUntraced(function* (stream: string): Effect.fn.Return<number, JournalError> {
    const { values } = yield* metadataOf(stream)
    const known = values[TRUNCATE_BEFORE]
    return typeof known === "number" ? known : 0
  })

  return { truncate, forgottenTo }
}
export type Forgetting = ReturnType<typeof makeForgetting>
