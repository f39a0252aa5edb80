/** Faults that a test orders: what the next calls run into, before or after they took effect. */
import type { JsonObject } from "./wire.ts"

/**
 * `serialization`: `could not serialize access`, after the server's own five tries. `drop`: the connection breaks.
 * `status`: a proxy's HTML page with that status. `slow`: the answer takes `ms`. `garbage`: a body that is no JSON, with
 * status 200. `session`, `denied`: the login is refused. `rollback`: the call runs to its end and is rolled back.
 */
const kinds = ["serialization", "drop", "status", "slow", "garbage", "session", "denied", "rollback"] as const
export type TroubleKind = (typeof kinds)[number]

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

export const troubleFrom = (given: JsonObject): Trouble => {
  const kind = kinds.find((each) => each === given["kind"])
  if (kind === undefined) throw new Error(`no such trouble: ${String(given["kind"])}; there are ${kinds.join(", ")}`)
  const number = (name: "status" | "ms" | "retryAfter") =>
    typeof given[name] === "number" ? { [name]: given[name] } : {}
  const text = (name: "model" | "method") => (typeof given[name] === "string" ? { [name]: given[name] } : {})
  return {
    kind,
    count: typeof given["count"] === "number" ? given["count"] : 1,
    afterEffect: given["afterEffect"] === true,
    ...text("model"),
    ...text("method"),
    ...number("status"),
    ...number("ms"),
    ...number("retryAfter"),
  }
}

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
