/** Stores that lines begin with, made once in a run: the same people at three connections, linked and in agreement. */
import * as Effect from "effect/Effect"
import { copyFileSync, existsSync, renameSync } from "node:fs"
import { join } from "node:path"
import { State } from "@concordat/engine/ports/State"
import type { ConnectionDoc } from "@concordat/rules/state/documents"
import { decodeDocument } from "@concordat/rules/state/stored"
import { engine, TENANT, until, withStore } from "./engine.ts"
import type { Context } from "./harness/line.ts"
import { idOf, Population } from "./population.ts"
import { sourceOf } from "./source.ts"

export const linkedSize = ({ people }: Context): number => people(2_000, 20_000)

/** The first is the one that lines change; the others are those that are to be written. */
export const CONNECTIONS = ["crm", "erp", "app"] as const

const isRead = Effect.fnUntraced(function* (connection: string) {
  const state = yield* State
  const [text] = yield* state.getMany([{ tenant: TENANT, kind: "connection", key: connection }])
  if (text === null || text === undefined) return false
  return (decodeDocument("connection", text) as ConnectionDoc).backfill.state === "done"
})

/** One after the other: a worker's turn ends when what it brought is decided. */
const link = (size: number, say: (text: string) => void) =>
  Effect.gen(function* () {
    for (const name of CONNECTIONS)
      yield* engine.openConnection(name, sourceOf(new Population(0), { isApp: name === "app" }))
    const { reconciler, work } = yield* engine.started
    for (const name of CONNECTIONS) {
      say(`preparing ${size} people at ${name}`)
      const { handle, stop } = yield* work(name, sourceOf(new Population(size), { isApp: name === "app" }))
      yield* until(engine.isDecided(name, idOf(size - 1)), `reading ${name}`)
      yield* until(isRead(name), `the end of reading ${name}`)
      yield* until(handle.idle, `the rest of ${name}`)
      yield* stop
    }
    const [entities, due] = [yield* engine.count("entity"), yield* engine.count("due")]
    if (entities !== size || due !== 0) throw new Error(`${entities} entities and ${due} due, not ${size} and none`)
    return yield* reconciler.progress
  })

/** A copy of the prepared store, in the line's own folder. */
export const linkedStore = async (context: Context): Promise<string> => {
  const { dir, say, shared } = context
  const size = linkedSize(context)
  const made = join(shared, `linked-${size}.sqlite`)
  if (!existsSync(made)) {
    const half = join(shared, `linked-${size}.half`)
    await withStore(half, link(size, say))
    renameSync(half, made)
  }
  const own = join(dir, "store.sqlite")
  copyFileSync(made, own)
  return own
}
