import { clear } from "@concordat/model/events/envelope"
import type { OpenIntentDoc } from "@concordat/rules/state/documents"
import { assert, describe, it } from "vitest"
import { LOCK_KEPT_MS } from "../limits.ts"
import { dropLocks } from "./locks.ts"

const NOW = 1_800_000_000_000
const LONG_AGO = NOW - LOCK_KEPT_MS - 1

const intentOf = (externalId: string | null, ownId: string): OpenIntentDoc => ({
  stream: "s",
  streamRevision: 0,
  data: { object: "contact", externalId, sent: clear({ ownId }) },
  attempts: 1,
  nextAt: 0,
  job: null,
  until: LONG_AGO,
})

describe("locks", () => {
  it("of writes that were given up are dropped when no read of before can come in; what may still be written is kept", () => {
    const busy = new Map([
      ["contact:given-up", LONG_AGO],
      ["own given-up", LONG_AGO],
      ["contact:just-given-up", NOW - 1],
      ["contact:on-its-way", Number.POSITIVE_INFINITY],
      ["contact:unanswered", LONG_AGO],
      ["own unanswered", LONG_AGO],
    ])
    const created = new Map([
      ["contact:a", "own given-up"],
      ["contact:b", "own unanswered"],
    ])
    const intents = new Map([
      ["1", intentOf("unanswered", "")],
      ["2", intentOf(null, "unanswered")],
    ])
    dropLocks({ busy, created, intents }, NOW)
    assert.deepStrictEqual(
      [...busy.keys()],
      ["contact:just-given-up", "contact:on-its-way", "contact:unanswered", "own unanswered"],
    )
    assert.deepStrictEqual([...created.keys()], ["contact:b"])
  })
})
