/** The journal as a backup has it: everything dies, what came later was never there, and all else follows from it. */
import { Log } from "../simulation/store/log.ts"
import type { Append, RecordedEvent } from "@concordat/engine/ports/Journal"
import type { Scene } from "./scene.ts"

const asAppend = ({ data, id, metadata, revision, stream, type }: RecordedEvent): Append => ({
  stream,
  expected: revision - 1,
  events: [{ data, id, metadata, type }],
})

/** Revisions count on where the beginning of a stream was forgotten. */
const forgotten = ({ data, metadata, revision, stream, type }: RecordedEvent): ReadonlyArray<Append> =>
  Array.from({ length: revision }, (_, at) => ({
    stream,
    expected: at - 1,
    events: [{ data, id: `forgotten ${at}`, metadata, type }],
  }))

/** The first `count` events that were ever appended. */
const earlier = (log: Log, count: number): Log => {
  const kept = new Log()
  const known = new Set<string>()
  for (const event of log.before(count)) {
    if (!known.has(event.stream) && event.revision > 0) {
      for (const append of forgotten(event)) kept.append([append])
      kept.forget(event.stream, event.revision)
    }
    known.add(event.stream)
    if (kept.append([asAppend(event)])._tag !== "Appended") throw new Error(`${event.stream} does not go on`)
  }
  return kept
}

export const restoredTo = (scene: Scene, count: number): void => {
  for (const { process } of scene.deployment.groups) process.crash()
  scene.stores.log = earlier(scene.stores.log, count)
  scene.stores.documents.clear()
  scene.stores.queue.lose()
}
