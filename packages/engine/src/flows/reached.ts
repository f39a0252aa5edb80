/** What a checkpoint says is decided: all up to its position, of some tenants more, and of some less. */
import { tenantOf } from "@concordat/model/streams"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Journal, RecordedEvent } from "../ports/Journal.ts"
import type { Checkpoint } from "../ports/State.ts"

/** The position after which facts of this tenant may be undecided; null: from the first one. */
export const reachedOf = (checkpoint: Checkpoint | null, tenant: string): string | null =>
  [...(checkpoint?.behind ?? []), ...(checkpoint?.ahead ?? [])].find((one) => one.tenant === tenant)?.position ??
  checkpoint?.position ??
  null

/** The first place of a checkpoint where this journal has another event, or none any more, and what it has; null: it has all. */
export const foreignPlace = Effect.fnUntraced(function* (
  journal: Context.Service.Shape<typeof Journal>,
  checkpoint: Checkpoint,
) {
  for (const { eventId, position } of [checkpoint, ...(checkpoint.ahead ?? []), ...(checkpoint.behind ?? [])]) {
    const found = yield* journal.at(position)
    if (found?.id !== eventId) return { position, found }
  }
  return null
})

type BoundaryOptions = Pick<Checkpoint, "ahead" | "behind"> & { readonly position: string | null }

/** Says of facts, told one after the other in the order of the journal, whether a checkpoint counts them as decided. */
export class Boundary {
  #position: string | null
  /** Of tenants that are decided further than has been told. */
  readonly #ahead: Map<string, string>
  /** Of tenants that are not decided up to `#position`; null: the place was told. */
  readonly #behind: Map<string, string | null>

  /** `position`: of the last fact up to which all are decided; null: what is told begins behind it, and nobody is behind. */
  constructor({ position, ahead = [], behind = [] }: BoundaryOptions) {
    this.#position = position
    this.#ahead = new Map(ahead.map((one) => [one.tenant, one.position]))
    this.#behind = new Map(behind.map((one) => [one.tenant, one.position]))
  }

  /** Whether nothing that comes is decided. */
  get isPassed(): boolean {
    return this.#position === null && this.#ahead.size === 0
  }

  /** Tenants whose last decided fact has not come yet. */
  get unmet(): ReadonlyArray<string> {
    return [...this.#ahead.keys()]
  }

  isDecided({ position, stream }: RecordedEvent): boolean {
    const tenant = tenantOf(stream)
    const isBehind = this.#behind.get(tenant) === null
    // A place may be another tenant's fact.
    for (const [of, place] of this.#behind) if (place === position) this.#behind.set(of, null)
    if (isBehind) {
      if (position === this.#position) this.#position = null
      return false
    }
    if (this.#position !== null) {
      if (position === this.#position) this.#position = null
      return true
    }
    const last = this.#ahead.get(tenant)
    if (last === position) this.#ahead.delete(tenant)
    return last !== undefined
  }
}
