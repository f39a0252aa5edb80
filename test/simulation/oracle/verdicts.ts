/** Which value may be written over which, and which may stand at the end. */
import { kindOf } from "../world/things.ts"
import type { Decisions } from "./decisions.ts"
import { type Entered, forbids, GAP_MS, isBefore, show, type Violation } from "./entered.ts"
import type { Read } from "./reads.ts"
import type { Rulings } from "./rulings.ts"

export class Verdicts {
  readonly #rulings: Rulings
  readonly #decisions: Decisions
  readonly #now: () => number

  constructor(rulings: Rulings, decisions: Decisions, now: () => number) {
    this.#rulings = rulings
    this.#decisions = decisions
    this.#now = now
  }

  /** Why `node` may not be written over `before`, of which it did not know, by any rule that may have decided; null: it may. */
  forbidden(thing: string, node: Entered, before: Entered): string | null {
    const rules = this.#rulings.since(kindOf(thing), Math.max(node.at, before.at))
    const reasons = rules.map((rule) => forbids(rule, node, before))
    return reasons.includes(null) || this.#decisions.allows(node, before) ? null : reasons.join(", and ")
  }

  verdict(where: string, read: Read | null, before: Entered, node: Entered): Violation | "gap" | null {
    if (isBefore(before, node) || before.isAside !== node.isAside) return null
    // The app takes part in its own writes: it has no such gap.
    if (read !== null && !before.isApp && before.at > read.order) {
      const isLongAgo = this.#now() - read.ms > GAP_MS
      return isLongAgo ? { invariant: "gap", detail: ", long after the last read" } : "gap"
    }
    if (isBefore(node, before, true)) return { invariant: "regression", detail: ", which had replaced it" }
    // Neither knew of the other. An empty value of the beginning fills and never wins.
    if (node.at === 0 && node.value === "" && before.value !== "")
      return { invariant: "lost", detail: ": the former was there from the beginning and says nothing" }
    const why = before.value === "" ? null : this.forbidden(where, node, before)
    return why === null ? null : { invariant: "lost", detail: `, which ${why}` }
  }

  /** Why that one of all that was entered can't be what stands at the end; null: it can. */
  outdone(thing: string, node: Entered, nodes: ReadonlyArray<Entered>): string | null {
    const replacing = nodes.find(
      (one) => one !== node && one.value !== node.value && !one.inGap && !one.isAside && isBefore(node, one, true),
    )
    if (replacing !== undefined) return `${show(replacing)} had replaced it`
    const stronger = nodes.find(
      (one) =>
        !one.inGap &&
        !one.isAside &&
        !node.isAside &&
        this.forbidden(thing, node, one) !== null &&
        one.value !== "" &&
        one.at > 0 &&
        !isBefore(one, node) &&
        !isBefore(node, one) &&
        !nodes.some((other) => other !== one && (other.value === one.value || isBefore(one, other))),
    )
    return stronger === undefined ? null : `${show(stronger)} wins by the rule`
  }
}
