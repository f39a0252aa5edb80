/**
 * What the engine holds of work when there is none: nothing that is on its way, and of its own bookkeeping at most so much for
 * each connection, however much is stored.
 */
import type { ConnectionHandle } from "@concordat/engine/connection/ConnectionWorker"
import type { WorkerView } from "@concordat/engine/connection/view"
import { outcomeOf } from "../outcome.ts"
import type { Stores } from "../store/ports.ts"
import type { Timeline } from "../timeline.ts"
import type { Violation } from "./entered.ts"

/** Kinds of documents about work that is begun. */
const BEGUN: ReadonlySet<string> = new Set(["due", "intent", "follow", "gap", "rebuild", "waiting"])
/** And of bookkeeping: at most so many for each connection. */
const KEPT: Readonly<Record<string, number>> = {
  binding: 1,
  connection: 1,
  cursor: 40,
  count: 30,
  tenant: 1,
  decision: 1,
}

/** A worker that can be asked. */
export interface Working {
  readonly name: string
  readonly handle: Pick<ConnectionHandle, "view">
  readonly ask: (question: ConnectionHandle["view"]) => Promise<WorkerView>
}

const excess = (what: string, count: number, most: number): ReadonlyArray<Violation> =>
  count > most ? [{ invariant: "at rest", detail: `${what}: ${count}, and ${most} at most` }] : []

const ofDocuments = (stores: Stores, connections: number): ReadonlyArray<Violation> => {
  const counts = new Map<string, number>()
  for (const document of stores.documents.dump(() => true)) {
    const kind = document.split(" ", 2)[1] ?? ""
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return [...counts].flatMap(([kind, count]) => {
    if (BEGUN.has(kind)) return excess(`documents of kind ${kind}`, count, 0)
    const each = KEPT[kind]
    return each === undefined ? [] : excess(`documents of kind ${kind}`, count, each * connections)
  })
}

const ofWorker = (name: string, { budget, hints, writes }: WorkerView): ReadonlyArray<Violation> => [
  ...excess(`writes of ${name} that are open`, writes.open, 0),
  ...excess(`calls of ${name} that wait for their turn`, budget.waiting, 0),
  ...excess(`records that ${name} wants looked at`, hints, 0),
]

export const atRest = async (
  stores: Stores,
  timeline: Timeline,
  working: ReadonlyArray<Working>,
): Promise<ReadonlyArray<Violation>> => {
  const found = [...ofDocuments(stores, working.length), ...excess("messages on the bus", stores.queue.waiting, 0)]
  for (const { ask, handle, name } of working) {
    const outcome = outcomeOf(ask(handle.view))
    for (let waited = 0; outcome.now === null && waited < 60; waited += 1) await timeline.until(timeline.now + 100)
    if (outcome.now === null || "error" in outcome.now)
      found.push({ invariant: "at rest", detail: `${name} says nothing` })
    else found.push(...ofWorker(name, outcome.now.value))
  }
  return found
}
