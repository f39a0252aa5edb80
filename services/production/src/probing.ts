/** Which stores answer, for `/readyz`. */
import { Bus } from "@concordat/engine/ports/Bus"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Whoever asks gives up after some seconds too. */
const ANSWER_MS = 2_000

const isAway = (probe: Effect.Effect<unknown, unknown>): Effect.Effect<boolean> =>
  probe.pipe(
    Effect.timeoutOption(ANSWER_MS),
    Effect.map(Option.isNone),
    Effect.orElseSucceed(() => true),
  )

/** Without the bus everything goes on, only later: no service needs it. */
export type StoreName = "journal" | "state" | "bus"

/** Names of the stores that do not answer. */
export const storesAway: Effect.Effect<ReadonlyArray<StoreName>, never, Journal | State | Bus> = Effect.gen(
  function* () {
    const [bus, journal, state] = [yield* Bus, yield* Journal, yield* State]
    const probes: Record<StoreName, Effect.Effect<boolean>> = {
      journal: isAway(journal.end),
      state: isAway(state.checkpoint("readyz")),
      bus: isAway(bus.answers),
    }
    const away = yield* Effect.all(probes, { concurrency: "unbounded" })
    return (["journal", "state", "bus"] as const).filter((name) => away[name])
  },
)
