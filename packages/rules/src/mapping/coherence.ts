/** What the fields of a group owe each other: an amount its currency, a closed status its stage. */
import type { Value } from "@concordat/model/canonical/fields"
import { isEmpty } from "@concordat/model/canonical/types"
import * as Result from "effect/Result"
import { ASIDE, type Problem, type View } from "./lens.ts"

export interface Coherence {
  /** A view as its slots were read, or a value before it is held, made coherent. */
  readonly settle: (view: View) => Result.Result<View, Problem>
  /** Slots in the order in which they depend on each other. */
  readonly order: (slot: string) => number
  /** True where nothing of the view says anything, constants aside. */
  readonly empty: (view: View, given: ReadonlySet<string>) => boolean
  /** Values of a slot that the provider need not have, since another slot says the same. */
  readonly excused: (slot: string, value: Value) => boolean
  /** Slots that are not sent with this view. */
  readonly unsent: (view: View) => ReadonlyArray<string>
}

const says = (view: View, given: ReadonlySet<string>): boolean => {
  for (const slot in view) if (!isEmpty(view[slot]) && !slot.startsWith(ASIDE) && !given.has(slot)) return true
  return false
}

export const plain: Coherence = {
  settle: Result.succeed,
  order: () => 0,
  empty: (view, given) => !says(view, given),
  excused: () => false,
  unsent: () => [],
}

/** Without an amount there is no money, whatever currency a form was left at; with one, its currency has to be known. */
export const money: Coherence = {
  settle: (view) => {
    const amount = view["amount"] ?? null
    if (amount === null) return Result.succeed("currency" in view ? { ...view, currency: null } : view)
    if (!isEmpty(view["currency"])) return Result.succeed(view)
    return Result.fail({ code: "currency", field: "currency", value: "", message: "an amount without a currency" })
  },
  order: (slot) => (slot === "currency" ? 0 : 1),
  empty: (view) => isEmpty(view["amount"]),
  excused: () => false,
  // An amount is cleared; the form's currency is nobody's to clear.
  unsent: (view) => (isEmpty(view["amount"]) ? ["currency"] : []),
}

const closed = (value: Value | undefined): "won" | "lost" | null => (value === "won" || value === "lost" ? value : null)

/**
 * Stages `won` and `lost` and the statuses of the same name are one fact, since some providers have only the stage
 * (HubSpot) and some keep a lost deal in the stage where it was lost (Odoo). A closed status decides; an open status on
 * a closed stage is a contradiction that a person has to clear.
 */
export const stage = (statusStands: boolean): Coherence => ({
  settle: (view) => {
    const ended = closed(view["status"]) ?? closed(view["stage"])
    const open = view["status"] === "open"
    if (ended !== null && open) {
      return Result.fail({ code: "stage", field: "status", value: "open", message: `contradicts the stage ${ended}` })
    }
    if (ended !== null) return Result.succeed({ ...view, stage: ended, status: ended })
    return Result.succeed(isEmpty(view["stage"]) || !isEmpty(view["status"]) ? view : { ...view, status: "open" })
  },
  order: (slot) => (slot === "pipeline" ? 0 : slot === "stage" ? 1 : 2),
  // A deal that is open and in no stage says nothing of either.
  empty: (view, given) => !says(view, new Set([...given, ...(closed(view["status"]) === null ? ["status"] : [])])),
  excused: (slot, value) => statusStands && slot === "stage" && closed(value) !== null,
  unsent: () => [],
})
