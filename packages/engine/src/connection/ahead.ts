/**
 * The page after the one at hand, read meanwhile: a walk takes as long as its provider's answers or as what is done with
 * them, and not as both. Only a walk that knows that another page is there reads ahead, and one page at most.
 */
import type { Mapping } from "@concordat/rules/mapping/lens"
import type { CursorDoc } from "@concordat/rules/state/documents"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { AHEAD_KEPT_MS } from "../limits.ts"
import type { Page } from "../ports/Provider.ts"
import type { ProviderError } from "../ports/ProviderError.ts"
import type { Tick } from "./tick.ts"
import type { WorkerError } from "./WorkerError.ts"

export interface ReadPage {
  /** null: the cursor was too old. */
  readonly page: Page | null
  /** By the worker's clock, taken before the call. */
  readonly startedAt: number
}
export type Reads = Effect.Effect<ReadPage, ProviderError | WorkerError>

/** What is asked for with a page: under another mapping, or from elsewhere, it is another page. */
export interface Place {
  readonly from: CursorDoc
  readonly mapping: Mapping
}

interface Begun extends Place {
  readonly fiber: Fiber.Fiber<ReadPage, ProviderError | WorkerError>
}

export class Ahead {
  readonly tick: Tick
  #begun: Begun | null = null

  constructor(tick: Tick) {
    this.tick = tick
  }

  /** Reads a page while its caller goes on; it ends with the fiber that began it. */
  begin(place: Place, read: Reads): Effect.Effect<void> {
    return Effect.andThen(
      this.drop,
      Effect.map(Effect.forkChild(read), (fiber) => {
        this.#begun = { ...place, fiber }
      }),
    )
  }

  /** The page that was read ahead, or else one that is read now. Fails as its read did. */
  take(place: Place, read: Reads): Reads {
    return Effect.suspend(() => {
      const begun = this.#begun
      if (begun === null || begun.from !== place.from || begun.mapping !== place.mapping)
        return Effect.andThen(this.drop, read)
      this.#begun = null
      return Effect.flatMap(
        Effect.onInterrupt(Fiber.await(begun.fiber), () => Fiber.interrupt(begun.fiber)),
        (exit) => this.#isOfUse(exit, read),
      )
    })
  }

  /** What was read ahead is not wanted any more. */
  get drop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const begun = this.#begun
      this.#begun = null
      return begun === null ? Effect.void : Fiber.interrupt(begun.fiber)
    })
  }

  #isOfUse(exit: Exit.Exit<ReadPage, ProviderError | WorkerError>, read: Reads): Reads {
    // Whoever began it has ended: the walk has gone on since in another fiber.
    if (Exit.isFailure(exit)) return Cause.hasInterruptsOnly(exit.cause) ? read : Effect.failCause(exit.cause)
    return Effect.flatMap(this.tick, (now) =>
      now - exit.value.startedAt > AHEAD_KEPT_MS ? read : Effect.succeed(exit.value),
    )
  }
}
