/** The journal as a verification reads it: nothing can be appended, and facts end where the engine has decided. */
import { tenantOf } from "@concordat/model/streams"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Boundary } from "../flows/reached.ts"
import { COPIED_STREAMS, COPY_READS } from "../limits.ts"
import type { Journal, JournalError, RecordedEvent } from "../ports/Journal.ts"
import type { Checkpoint } from "../ports/State.ts"
import type { Findings } from "./findings.ts"

type JournalShape = Context.Service.Shape<typeof Journal>

export interface FactsOptions {
  readonly journal: JournalShape
  /** How far the engine has decided; null: all is read. */
  readonly until: Checkpoint | null
  /** Null: all of them. */
  readonly tenant: string | null
  readonly findings: Findings
  /** Told after each page. */
  readonly onPage: Effect.Effect<void>
}

const refused = Effect.die(new Error("a verification changes nothing in the journal"))

export const factsOf = ({ findings, journal, onPage, tenant, until }: FactsOptions): JournalShape => {
  let isEnded = false
  const boundary = until === null ? null : new Boundary(until)
  /** Streams whose beginning was looked at. */
  const begun = new Set<string>()

  /** Of streams that are met in their middle: whether they still have their beginning. */
  const lookAtBeginnings = Effect.fnUntraced(function* (events: ReadonlyArray<RecordedEvent>) {
    const unknown = new Set<string>()
    for (const { revision, stream } of events) {
      if (revision > 0 && !begun.has(stream)) unknown.add(stream)
      begun.add(stream)
    }
    const look = (stream: string): Effect.Effect<void, JournalError> =>
      Effect.map(journal.read(stream, { from: 0, direction: "forward", limit: 1 }), ([first]) => {
        if (first?.revision !== 0) findings.forgotten(tenantOf(stream), `${stream}, before ${first?.revision ?? "now"}`)
      })
    yield* Effect.forEach(unknown, look, { concurrency: COPY_READS, discard: true })
    for (const oldest of begun) {
      if (begun.size <= COPIED_STREAMS) break
      begun.delete(oldest)
    }
  })

  const readAll: JournalShape["readAll"] = Effect.fnUntraced(function* (options) {
    let { after } = options
    while (!isEnded) {
      const page: { readonly events: ReadonlyArray<RecordedEvent>; readonly position: string | null } =
        yield* journal.readAll({ ...options, after })
      const decided = boundary === null ? page.events : page.events.filter((event) => boundary.isDecided(event))
      isEnded = page.events.length === 0 || boundary?.isPassed === true
      after = page.position
      const events = tenant === null ? decided : decided.filter(({ stream }) => tenantOf(stream) === tenant)
      if (events.length === 0) continue
      yield* lookAtBeginnings(events)
      for (const { stream } of events) findings.fact(stream)
      yield* onPage
      return { events, position: after }
    }
    return { events: [], position: after }
  })

  return {
    ...journal,
    readAll,
    append: () => refused,
    appendMany: () => refused,
    truncate: () => refused,
    delete: () => refused,
    skip: () => refused,
  }
}
