/**
 * The `Commit` port of a verification: what is decided is compared with what stands in the journal at its place, and the
 * decisions go on from the state that follows from them. Nothing is appended, nobody is woken.
 */
import { tenantOf } from "@concordat/model/streams"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { ADOPTED_AT_ONCE } from "../limits.ts"
import type { Commit } from "../ports/Commit.ts"
import type { Append, Journal } from "../ports/Journal.ts"
import type { DocumentWrite } from "../ports/State.ts"
import { missing, other, otherwise } from "./difference.ts"
import type { Findings } from "./findings.ts"

/** Documents of the scratch state: the last revision that is decided, by stream. */
export const VERIFIED = "verified"

interface Stores {
  readonly journal: Context.Service.Shape<typeof Journal>
  readonly scratch: Context.Service.Shape<typeof Commit>
  readonly findings: Findings
}

export const makeComparing = ({ findings, journal, scratch }: Stores): Context.Service.Shape<typeof Commit> => {
  const compare = Effect.fnUntraced(function* ({ events, expected, stream }: Append) {
    const from = expected + 1
    const standing = yield* journal.read(stream, { from, direction: "forward", limit: events.length })
    const at = new Map(standing.map((event) => [event.revision, event]))
    for (const [index, decided] of events.entries()) {
      const found = at.get(from + index)
      if (found === undefined) {
        findings.differs(missing(stream, from + index, decided))
        continue
      }
      const names = otherwise(found, decided)
      if (names.length === 0) continue
      const difference = other(found, decided, names)
      findings.differs(difference)
      if (difference.cause !== null && difference.cause !== decided.metadata["$causationId"])
        findings.suspect(stream, difference.cause)
    }
    findings.compared(stream, events.length)
    const last = String(expected + events.length)
    return { tenant: tenantOf(stream), kind: VERIFIED, key: stream, value: last } satisfies DocumentWrite
  })
  return {
    commit: Effect.fnUntraced(function* (unit) {
      const ends = yield* Effect.forEach(unit.appends, compare, { concurrency: ADOPTED_AT_ONCE })
      const documents = [...unit.documents, ...ends]
      return yield* scratch.commit({ appends: [], commands: [], documents, checkpoint: unit.checkpoint })
    }),
  }
}
