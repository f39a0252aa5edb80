/** The state that stands is the one that follows from the journal: an empty one is decided anew, and compared. */
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import { outcomeOf } from "../outcome.ts"
import { Process } from "../process.ts"
import { makeChance } from "../random.ts"
import { makePorts, type Stores } from "../store/ports.ts"
import { Documents } from "../store/documents.ts"
import { WorkQueue } from "../store/queue.ts"
import type { Timeline } from "../timeline.ts"
import type { Violation } from "./entered.ts"

const DECIDED: ReadonlySet<string> = new Set(["decision", "contact", "company", "deal", "activity"])

/** What a worker keeps for itself: it follows from its connection's facts, and not from decisions. */
const OF_WORKERS = new Set(["cursor", "seen", "create", "intent", "follow", "rebuild"])

/** Events that were decided. The workers go on while it is decided anew, and say now and then where their walks are. */
const decidedIn = (stores: Stores): number =>
  stores.log.all.filter(({ stream }) => DECIDED.has(streams.categoryOf(stream))).length

const difference = (now: ReadonlyArray<string>, then: ReadonlyArray<string>): string => {
  const [held, made] = [new Set(now), new Set(then)]
  const gone = now.filter((one) => !made.has(one))
  const more = then.filter((one) => !held.has(one))
  return `${gone.length} documents differ, ${more.length} of the replay; stands: ${gone[0] ?? "nothing"}; replayed: ${more[0] ?? "nothing"}`
}

export const replay = async (stores: Stores, timeline: Timeline): Promise<ReadonlyArray<Violation>> => {
  const again: Stores = { log: stores.log, documents: new Documents(), queue: new WorkQueue() }
  const events = decidedIn(stores)
  const process = new Process(timeline, "replay", makeChance("replay"))
  const drained = Effect.flatMap(makeReconciler(makeCompilers()), ({ drain }) => drain)
  const outcome = outcomeOf(process.ask(Effect.provideContext(drained, makePorts(again))))
  for (let waited = 0; outcome.now === null && waited < 600; waited += 1) await timeline.until(timeline.now + 100)
  if (outcome.now === null) return [{ invariant: "replay", detail: "did not end" }]
  if ("error" in outcome.now) return [{ invariant: "replay", detail: String(outcome.now.error) }]
  const others = decidedIn(stores) - events
  if (others !== 0) return [{ invariant: "replay", detail: `${others} other events` }]
  const kinds = (kind: string): boolean => !OF_WORKERS.has(kind)
  const [now, then] = [stores.documents.dump(kinds), again.documents.dump(kinds)]
  return now.join("\n") === then.join("\n") ? [] : [{ invariant: "replay", detail: difference(now, then) }]
}
