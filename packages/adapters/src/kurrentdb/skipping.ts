/**
 * Streams that go on at a revision which nobody wrote up to. The server counts what it holds, so places are appended for the
 * missing revisions and then truncated. Reads over all streams leave them out for as long as they lie in the log.
 */
import { JournalError } from "@concordat/engine/ports/Journal"
import type { NewEvent } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import type { Appending } from "./appending.ts"
import type { Forgetting } from "./forgetting.ts"
import { PLACES_AT_ONCE } from "./limits.ts"
import type { Reading } from "./reading.ts"
import { PLACE } from "./unit-names.ts"

const place = (): NewEvent => ({ id: randomUUID(), type: PLACE, data: "{}", metadata: {} })

export const makeSkipping = (reading: Reading, appending: Appending, forgetting: Forgetting) =>
  Effect.fnUntraced(function* (stream: string, revision: number): Effect.fn.Return<void, JournalError> {
    // `null`: everything is forgotten, and the server does not say up to where; truncating has written it down.
    let last = (yield* reading.head(stream)) ?? (yield* forgetting.forgottenTo(stream)) - 1
    while (last + 1 < revision) {
      const count = Math.min(revision - last - 1, PLACES_AT_ONCE)
      const outcome = yield* appending.append([
        { stream, expected: last, events: Array.from({ length: count }, place) },
      ])
      if (outcome._tag !== "Appended") {
        const detail = `${stream} could not be made to go on at ${revision}: ${outcome._tag} after ${last}`
        return yield* new JournalError({ reason: "unavailable", detail })
      }
      last += count
    }
    yield* forgetting.truncate(stream, revision)
  })
