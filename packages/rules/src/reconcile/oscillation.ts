/** Reactive hops: a provider that answers each of our writes with another value is stopped after the third in a row. */
import { editionOf } from "../edition.ts"
import type { View } from "../mapping/lens.ts"
import { connectionDoc } from "../state/access.ts"
import type { HeldState } from "../state/documents.ts"
import { holds } from "./context.ts"
import type { EntityEdit } from "./edit.ts"
import type { Observed } from "./group.ts"

/** Two polls: an answer of an automation shows up in one of them; what comes later is somebody's edit. */
const POLLS = 2

/** What was held there before an observation, and what was last seen there. */
interface Before {
  readonly held: HeldState
  readonly shadow: View | null
}

/** The held state with the hop counted, or as it was. Counting flips of the value would miss counters and slow loops. */
export const reactiveHops = (edit: EntityEdit, seen: Observed, held: HeldState, before: Before): HeldState => {
  const { tx } = edit.context
  const { wrote } = held
  if (wrote === undefined || seen.lens.same(wrote.view, seen.view)) return held
  const period = connectionDoc(tx, seen.connection)?.opened.pollEveryMs ?? 60_000
  const isReactive = seen.by !== "person" && tx.cause.at - wrote.at <= POLLS * period
  if (!isReactive) return held.hops === undefined ? held : { ...held, hops: 0 }
  // Once it was moved off what we wrote, whatever comes before our next write answers nobody.
  if (editionOf(tx) >= 2 && !holds(seen.lens, before.held, wrote.view, before.shadow)) return held
  const hops = (held.hops ?? 0) + 1
  if (hops <= edit.context.policy.quarantineAfter || held.quarantined === true) return { ...held, hops }
  tx.decide("OscillationDetected", {
    connection: seen.connection,
    type: edit.type,
    entity: edit.doc.id,
    group: seen.lens.group,
    hops,
  })
  tx.count(seen.connection, "quarantined")
  return { ...held, hops, quarantined: true }
}
