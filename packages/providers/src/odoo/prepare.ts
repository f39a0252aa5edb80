/** What is set up in an Odoo database before the first write, where the connection's settings ask for it. */
import * as Effect from "effect/Effect"
import type { Catalog } from "./catalog.ts"
import { asProviderError } from "./errors.ts"
import type { Rpc } from "./rpc.ts"

/**
 * 17 and 18 delete a done activity unless its type keeps it, and nothing then tells which message it became. 19 has no
 * such switch: it always archives. Idempotent.
 */
export const prepare = Effect.fn("odoo.prepare")(
  function* (rpc: Rpc, catalog: Catalog) {
    if (!rpc.settings.keepDone) return
    const types = yield* catalog.all("mail.activity.type", ["keep_done"])
    const deleting = types.filter((row) => row["keep_done"] === false).map((row) => Number(row["id"]))
    if (deleting.length === 0) return
    const args = { vals: { keep_done: true } }
    yield* rpc.call({ model: "mail.activity.type", method: "write", ids: deleting, args, writes: true })
  },
  Effect.mapError(asProviderError("prepare", true)),
)
