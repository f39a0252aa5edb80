/** Which value may be written over which, and which may stand at the end. */
import { type GroupName, kindOf, strictFor } from "../world/things.ts"
import type { Decisions } from "./decisions.ts"
import { carry, type Entered, forbids, GAP_MS, isBefore, show, type Violation } from "./entered.ts"
import type { Mapped } from "./mapped.ts"
import type { Presence } from "./presence.ts"
import type { Read } from "./reads.ts"
import type { Rulings } from "./rulings.ts"

export interface Known {
  readonly rulings: Rulings
  readonly decisions: Decisions
  readonly mapped: Mapped
  readonly presence: Presence
  /** The world's time, ms. */
  readonly now: () => number
  /** How far the clocks of two systems may be apart, ms. */
  readonly skewMs: number
}

/** Why a value may not be written over another, or what else comes of it; null: it may. */
type Verdict = Violation | "gap" | "void" | null

interface Judged {
  readonly before: Entered
  readonly node: Entered
  readonly verdict: Verdict
  /** Whether it can't have been another one of the same value. */
  readonly isSure: boolean
}

export class Verdicts {
  readonly #known: Known

  constructor(known: Known) {
    this.#known = known
  }

  /** Why `node`, of which it did not know, may not be written over `before`, by any rule that may have decided; null: it may. */
  forbidden(thing: string, group: GroupName, node: Entered, before: Entered): string | null {
    const { decisions, rulings, skewMs } = this.#known
    const rules = rulings.since(kindOf(thing), group, Math.max(node.at, before.at))
    // Whoever decides for a value has edited last.
    const chosenMs = decisions.chosenMs(node)
    const at = chosenMs === null ? node : { ...node, ms: Math.max(node.ms, chosenMs) }
    const reasons = rules.map((rule) => forbids(rule, at, before, skewMs))
    return reasons.includes(null) || decisions.allows(node, before) ? null : [...new Set(reasons)].join(", and ")
  }

  /** The side that a rule was strict for when it was entered elsewhere, null for others: of each rule that there may have been. */
  #strict(thing: string, group: GroupName, { at, sides }: Entered) {
    return this.#known.rulings.since(kindOf(thing), group, at).map(({ from, rule }) => {
      const side = strictFor(rule)
      return { from, side: side === null || sides.has(side) ? null : side }
    })
  }

  /** Since when there were the rules that may have refused it: it was entered where they take nothing, and may never have been taken. */
  #refusing(thing: string, group: GroupName, node: Entered): ReadonlyArray<number> {
    if (node.at === 0 || node.carried === "surely") return []
    return this.#strict(thing, group, node).flatMap(({ from, side }) => (side === null ? [] : [from]))
  }

  /** Whether `before` may have been refused where `node` had been taken: that is put back, and nothing has replaced it. */
  #isVoid(thing: string, group: GroupName, before: Entered, node: Entered): boolean {
    const refusing = this.#refusing(thing, group, before)
    if (node.carried !== "never" || this.#refusing(thing, group, node).length === 0) return refusing.length > 0
    const taking = this.#strict(thing, group, node).filter(({ side }) => side === null)
    // Under a later rule than that which refused it only what may have been seen after it: whoever entered it had not known of that.
    const isSeenFirst = isBefore(node, before)
    return refusing.some((refused) => taking.some(({ from }) => from <= refused || !isSeenFirst))
  }

  /** Whether it was: the thing was long known in the system that the rule is strict for. */
  #isRefused(thing: string, group: GroupName, node: Entered): boolean {
    const { presence } = this.#known
    return (
      node.at > 0 &&
      !node.isAside &&
      this.#strict(thing, group, node).every(({ side }) => side !== null && presence.isLongThere(side, thing, node.ms))
    )
  }

  /**
   * The engine wrote one of these. What the CRMs held from the beginning is decided before anything is written: where no rule is
   * against it, what is carried on from there has won against what others of them had, which may be written over much later.
   */
  carried(thing: string, group: GroupName, nodes: ReadonlyArray<Entered>, all: ReadonlyArray<Entered>): void {
    const { mapped, rulings, skewMs } = this.#known
    carry(nodes)
    const [node, second] = nodes
    const isFirst = (one: Entered): boolean => one.at === 0 && !one.isApp && !one.isAside && one.value !== ""
    if (node === undefined || second !== undefined || !isFirst(node)) return
    const kind = kindOf(thing)
    const rules = rulings.since(kind, group, 0)
    for (const one of all)
      if (
        isFirst(one) &&
        one.value !== node.value &&
        !isBefore(node, one) &&
        [...one.sides, ...node.sides].every((side) => mapped.isFromBeginning(side, kind, group)) &&
        rules.every((rule) => forbids(rule, node, one, skewMs) === null)
      )
        node.before.add(one)
  }

  /** One value may have been entered twice (there and back): judged as the one that speaks for the engine. */
  judge(
    of: readonly [thing: string, group: GroupName],
    read: Read | null,
    before: ReadonlyArray<Entered>,
    nodes: ReadonlyArray<Entered>,
  ): Judged {
    const pairs = before.flatMap((one) =>
      nodes.map((node) => ({ before: one, node, verdict: this.verdict(...of, read, one, node) })),
    )
    const said = (verdict: Verdict) => pairs.find((one) => one.verdict === verdict)
    const allowed = pairs.filter(({ verdict }) => verdict === null || typeof verdict === "string")
    const isSure = before.length === 1 && allowed.length === 1
    return { ...(said(null) ?? said("void") ?? said("gap") ?? pairs[0]!), isSure }
  }

  verdict(thing: string, group: GroupName, read: Read | null, before: Entered, node: Entered): Verdict {
    // The app takes part in its own writes: it has no such gap.
    const isUnread = read !== null && !before.isApp && before.shownFrom > read.order
    const isLongAgo = isUnread && this.#known.now() - read.ms > GAP_MS
    // Whatever stands over it, nobody had seen it.
    if (before.isAside !== node.isAside && isUnread) return isLongAgo || isBefore(before, node) ? null : "gap"
    if (before.isAside && !node.isAside) return null
    // What may stand or not can't win against what surely counts, unless it knew of it or the rule says so.
    if (node.isAside && !before.isAside) {
      if (isBefore(before, node)) return null
      return this.#isVoid(thing, group, before, node) ? "void" : this.#lost(thing, group, before, node)
    }
    if (this.#isRefused(thing, group, node)) return { invariant: "refused", detail: ", and was to be refused" }
    const isVoid = this.#isVoid(thing, group, before, node)
    if (isBefore(before, node) && !isVoid) return null
    if (isUnread) return isLongAgo ? { invariant: "gap", detail: ", long after the last read" } : "gap"
    // What stands by the rule is put back over what the rule takes from nobody else.
    if (isVoid) return "void"
    if (isBefore(node, before, true)) return { invariant: "regression", detail: ", which had replaced it" }
    // Neither knew of the other. An empty value of the beginning fills and never wins.
    if (node.at === 0 && node.value === "" && before.value !== "")
      return { invariant: "lost", detail: ": the former was there from the beginning and says nothing" }
    // Of what was in two that a provider made one any may win.
    return before.isMerged || node.isMerged ? null : this.#lost(thing, group, before, node)
  }

  #lost(thing: string, group: GroupName, before: Entered, node: Entered): Violation | null {
    const why = before.value === "" ? null : this.forbidden(thing, group, node, before)
    return why === null ? null : { invariant: "lost", detail: `, which ${why}` }
  }

  /**
   * A write stood over it before it was read, and it was never written back: what had stood over it may have won, where the rule lets
   * it, and whoever has edited that since knew of it.
   */
  #mayHaveLost(thing: string, group: GroupName, one: Entered, node: Entered): boolean {
    return (
      one.carried === "never" &&
      [...one.covering].some(
        (by) => isBefore(by, node, true) && !isBefore(by, one, true) && this.forbidden(thing, group, by, one) === null,
      )
    )
  }

  /** Why that one of all that was entered can't be what stands at the end; null: it can. */
  outdone(thing: string, group: GroupName, node: Entered, nodes: ReadonlyArray<Entered>): string | null {
    if (this.#isRefused(thing, group, node)) return "it was to be refused"
    // What was refused is nobody's any more, whatever the rule is by now; what a deletion left, where the engine carried it nowhere.
    const counting = nodes.filter(
      (one) =>
        one !== node &&
        !one.inGap &&
        !one.isAside &&
        !(one.isLeftEmpty && one.carried === "never") &&
        this.#refusing(thing, group, one).length === 0,
    )
    const replacing = counting.find((one) => one.value !== node.value && isBefore(node, one, true))
    if (replacing !== undefined) return `${show(replacing)} had replaced it`
    const stronger = counting.find(
      (one) =>
        !node.isAside &&
        this.forbidden(thing, group, node, one) !== null &&
        one.value !== "" &&
        one.at > 0 &&
        !isBefore(one, node) &&
        !isBefore(node, one) &&
        !this.#mayHaveLost(thing, group, one, node) &&
        !nodes.some((other) => other !== one && (other.value === one.value || isBefore(one, other))),
    )
    return stronger === undefined ? null : `${show(stronger)} wins by the rule`
  }
}
