/** The `Commit` port over the embedded store: one transaction. */
import type { Commit } from "@concordat/engine/ports/Commit"
import type * as Context from "effect/Context"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Client } from "./client.ts"
import { checkedColumns, orIndeterminate, toJournalError } from "./Journal.ts"
import { checkpointColumns, messageColumns } from "./protocol.ts"

export const makeCommit = (client: Client): Context.Service.Shape<typeof Commit> => ({
  commit: Effect.fnUntraced(function* (unit) {
    const columns = yield* checkedColumns(unit.appends, unit.documents)
    const request = client.request({
      op: "commit",
      ...columns,
      commands: messageColumns(unit.commands),
      checkpoint: checkpointColumns(unit.checkpoint),
      now: yield* Clock.currentTimeMillis,
    })
    return yield* Effect.mapError(orIndeterminate(request), toJournalError)
  }),
})
