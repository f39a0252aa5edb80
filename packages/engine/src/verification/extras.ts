/** What stands in the journal beyond what is decided: one pass over entities' and decisions' streams, without their data. */
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import { tenantOf } from "@concordat/model/streams"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Boundary } from "../flows/reached.ts"
import { SCAN_DOCUMENTS, UNEXPLAINED_EVENTS } from "../limits.ts"
import { inputOf } from "../ownership/shares.ts"
import type { Journal, RecordedEvent } from "../ports/Journal.ts"
import type { Checkpoint, State } from "../ports/State.ts"
import { VERIFIED } from "./comparing.ts"
import { extra } from "./difference.ts"
import type { Findings } from "./findings.ts"

interface Extras {
  readonly journal: Context.Service.Shape<typeof Journal>
  readonly scratch: Context.Service.Shape<typeof State>
  readonly share: string
  /** How far the engine has decided, and all was decided again; null: all there is. */
  readonly until: Checkpoint | null
  readonly tenant: string | null
  readonly findings: Findings
}

interface Page {
  readonly events: ReadonlyArray<RecordedEvent>
  readonly position: string | null
}

const DECIDED = [...ENTITY_TYPES, "decision"]

/** Which of these facts are there, and whether they came after the last that was decided again. */
const findFacts = Effect.fnUntraced(function* ({ journal, share, until }: Extras, ids: ReadonlySet<string>) {
  const found = new Map<string, "compared" | "later">()
  const boundary = until === null ? null : new Boundary(until)
  for (let after: string | null = null; found.size < ids.size;) {
    const page: Page = yield* journal.readAll({
      after,
      prefixes: inputOf(share),
      limit: SCAN_DOCUMENTS,
      without: "data",
    })
    for (const event of page.events) {
      const isCompared = boundary === null || boundary.isDecided(event)
      if (ids.has(event.id)) found.set(event.id, isCompared ? "compared" : "later")
    }
    if (page.events.length === 0) break
    after = page.position
  }
  return found
})

export const findExtras = Effect.fn("Verification.extras")(function* (options: Extras) {
  const { findings, journal, scratch, share, tenant } = options
  let unexplained: Array<RecordedEvent> = []

  const explain = Effect.fnUntraced(function* () {
    const causeOf = ({ metadata }: RecordedEvent) => metadata["$causationId"] ?? ""
    const { suspects } = findings
    const facts = yield* findFacts(options, new Set([...unexplained.map(causeOf), ...suspects.keys()]))
    for (const event of unexplained) {
      const when = facts.get(causeOf(event))
      if (when === "later") findings.later(event.stream)
      else findings.differs(extra(event))
      if (when === undefined) findings.forgotten(tenantOf(event.stream), `fact ${causeOf(event)}`)
    }
    for (const [cause, of] of suspects) if (!facts.has(cause)) findings.forgotten(of, `fact ${cause}`)
    suspects.clear()
    unexplained = []
  })

  for (let after: string | null = null; ;) {
    const prefixes = DECIDED.map((category) => `${category}-${share}`)
    const page: Page = yield* journal.readAll({ after, prefixes, limit: SCAN_DOCUMENTS, without: "data" })
    if (page.events.length === 0) break
    after = page.position
    const ours = page.events.filter(({ stream }) => tenant === null || tenantOf(stream) === tenant)
    const names = [...new Set(ours.map(({ stream }) => stream))]
    const ends = yield* scratch.getMany(names.map((key) => ({ tenant: tenantOf(key), kind: VERIFIED, key })))
    const decided = new Map(names.map((name, index) => [name, Number(ends[index] ?? -1)]))
    for (const event of ours) if (event.revision > decided.get(event.stream)!) unexplained.push(event)
    if (unexplained.length >= UNEXPLAINED_EVENTS) yield* explain()
  }
  if (unexplained.length > 0 || findings.suspects.size > 0) yield* explain()
})
