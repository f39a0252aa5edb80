/** Faults that a test orders: what the next calls run into, before or after they took effect. */
import type { JsonObject } from "./wire.ts"

export type TroubleKind =
  /** `could not serialize access`, after the server's own five tries. */
  | "serialization"
  /** The connection breaks. */
  | "drop"
  /** A proxy's HTML page with `status`. */
  | "status"
  /** The answer takes `ms`. */
  | "slow"
  /** A body that is no JSON with status 200. */
  | "garbage"
  | "session"
  | "denied"
  /** The call runs to its end and is rolled back, with a ValidationError. */
  | "rollback"

export interface Trouble {
  readonly kind: TroubleKind
  readonly count: number
  /** Taken only by calls of this model or method, where given. */
  readonly model?: string
  readonly method?: string
  /** The call takes effect, and only its answer is lost. */
  readonly afterEffect?: boolean
  readonly status?: number
  readonly ms?: number
  readonly retryAfter?: number
}

export const troubleFrom = (given: JsonObject): Trouble => ({
  count: 1,
  ...(given as unknown as Partial<Trouble> & { readonly kind: TroubleKind }),
})

/** Takes the first order that fits the call, and counts it down. */
export const takeTrouble = (orders: Array<Trouble>, model: string, method: string): Trouble | undefined => {
  const index = orders.findIndex(
    (each) =>
      (each.model === undefined || each.model === model) && (each.method === undefined || each.method === method),
  )
  const found = orders[index]
  if (found === undefined) return undefined
  if (found.count > 1) orders[index] = { ...found, count: found.count - 1 }
  else orders.splice(index, 1)
  return found
}
