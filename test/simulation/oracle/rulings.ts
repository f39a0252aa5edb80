/**
 * Which rule decides of each kind, and since when. A rule that people chose counts from some moment on between their choice and
 * the journal's having it: in between it may be the one before or the new one.
 */
import { type Kind, KINDS, type Rule, RULES } from "../world/things.ts"

export type Rules = Readonly<Record<Kind, Rule>>

interface Period {
  readonly rules: Rules
  /** In the order of the world's events. */
  readonly from: number
  until: number
}

export class Rulings {
  readonly #periods: Array<Period> = [{ rules: RULES, from: 0, until: Number.POSITIVE_INFINITY }]

  chosen(rules: Rules, at: number): void {
    this.#periods.push({ rules, from: at, until: Number.POSITIVE_INFINITY })
  }

  /** The journal has those that were chosen last: what is seen from now on is decided by them. */
  recorded(at: number): void {
    for (const period of this.#periods.slice(0, -1)) period.until = Math.min(period.until, at)
  }

  /** Those by which it may have been decided who wins of two that were both there at that time. */
  since(kind: Kind, at: number): ReadonlyArray<Rule> {
    return [...new Set(this.#periods.filter(({ until }) => until >= at).map(({ rules }) => rules[kind]))]
  }

  now(kind: Kind): Rule {
    return this.#periods.at(-1)!.rules[kind]
  }

  /** Whether people are asked of some kind. */
  get asks(): ReadonlyArray<Kind> {
    return KINDS.filter((kind) => this.now(kind) === "asked")
  }
}
