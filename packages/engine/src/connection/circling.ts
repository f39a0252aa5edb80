/**
 * Lists that go in circles: a cursor that leads back to a page that was read before, a fault of some provider's, would be
 * followed for ever, at the full speed that its limits allow. Found by Brent's way, with one cursor remembered however long
 * the circle is: within three times its length.
 */
import { type Json, sameJson } from "@concordat/model/json"
import type { Cursor } from "../ports/Provider.ts"
import { ProviderError, Unreadable } from "../ports/ProviderError.ts"
import type { Parts } from "./parts.ts"

export class Circle {
  #remembered: Json
  #steps = 0
  #most = 1

  /** `from`: where the walk begins. */
  constructor(from: Cursor) {
    this.#remembered = from
  }

  /** To be told of each cursor in its turn. True: the walk has been here. */
  leadsBack(cursor: Cursor): boolean {
    if (sameJson(cursor, this.#remembered)) return true
    this.#steps += 1
    if (this.#steps < this.#most) return false
    this.#remembered = cursor
    this.#steps = 0
    this.#most *= 2
    return false
  }
}

/** Tried again like whatever does not pass by itself, with a rest in between, and shown as the connection's fault. */
export const goesInCircles = ({ definition: { provider } }: Parts, object: string): ProviderError =>
  new ProviderError({
    provider,
    operation: `list of ${object}`,
    reason: new Unreadable({ detail: "its cursor leads back to a page that was read before" }),
  })
