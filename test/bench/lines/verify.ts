/** `verify` over a store at rest: its facts decided again into a scratch state, each decision compared with the journal's. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import { verify as verifying } from "@concordat/engine/verification/verify"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { join } from "node:path"
import { timedIn, withStore } from "../engine.ts"
import { cost, type Context, type Line, type Row } from "../harness/line.ts"
import { CONNECTIONS, linkedSize, linkedStore } from "../prepared.ts"

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const path = await linkedStore(context)
  const taken = await withStore(
    path,
    Effect.gen(function* () {
      const [journal, state] = [yield* Journal, yield* State]
      const scratch = yield* Layer.build(Layer.fresh(sqlite({ path: join(context.dir, "scratch.sqlite") })))
      const onProgress = () => Effect.void
      return yield* timedIn(context, verifying({ journal, state, scratch, shares: [""], tenant: null, onProgress }))
    }).pipe(Effect.scoped),
  )
  const [found] = taken.result
  const observations = linkedSize(context) * CONNECTIONS.length
  if (found === undefined || found.facts < observations) throw new Error(`${found?.facts ?? 0} facts were verified`)
  if (found.drift > 0) throw new Error(`${found.drift} events are decided differently`)
  return [
    {
      name: "verify",
      what: "all facts decided again and compared with the journal, beside nothing else",
      value: observations / taken.seconds,
      unit: "observations/s",
      better: "more",
      target: 15_000,
      beside: null,
      durable: false,
      about: {
        journal: "SQLite, only read; the scratch state in a second file",
        ran: "one process: deciding and comparing on its main thread, both stores on a thread of their own",
        detail: {
          people: linkedSize(context),
          facts: found.facts,
          events: found.events,
          drift: found.drift,
          ...cost(taken, observations),
        },
      },
    },
  ]
}

export const verify: Line = {
  name: "verify",
  what: "canonical streams decided again and compared",
  quick: true,
  measure,
}
