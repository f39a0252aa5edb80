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

/** How often a worker is asked, and how long regular polls may stand before each other: HubSpot's eight take two seconds. */
const LOOK_MS = 100
const TURN_MS = 10_000

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

const viewOf = async (timeline: Timeline, { ask, handle }: Working): Promise<WorkerView | null> => {
  const outcome = outcomeOf(ask(handle.view))
  for (let waited = 0; outcome.now === null && waited < 60; waited += 1) await timeline.until(timeline.now + LOOK_MS)
  return outcome.now === null || "error" in outcome.now ? null : outcome.now.value
}

/** Regular polls go on at rest, and one of them may just wait until its provider takes another call: its turn comes soon. */
const turnsTaken = async (timeline: Timeline, one: Working): Promise<WorkerView | null> => {
  const until = timeline.now + TURN_MS
  for (;;) {
    const view = await viewOf(timeline, one)
    if (view === null || view.budget.waiting === 0 || !view.idle || timeline.now >= until) return view
    await timeline.until(timeline.now + LOOK_MS)
  }
}

export const atRest = async (
  stores: Stores,
  timeline: Timeline,
  working: ReadonlyArray<Working>,
): Promise<ReadonlyArray<Violation>> => {
  const found = [...ofDocuments(stores, working.length), ...excess("messages on the bus", stores.queue.waiting, 0)]
  for (const one of working) {
    const view = await turnsTaken(timeline, one)
    found.push(
      ...(view === null ? [{ invariant: "at rest", detail: `${one.name} says nothing` }] : ofWorker(one.name, view)),
    )
  }
  return found
}
