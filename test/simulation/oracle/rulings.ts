/**
 * Which rule decides of each kind and field, and since when. A rule that people chose counts from some moment on between their
 * choice and the journal's having it: in between it may be the one before or the new one.
 */
import { type FieldRule, type GroupName, type Kind, type Rule, RULES } from "../world/things.ts"

export interface Rules {
  readonly kinds: Readonly<Record<Kind, Rule>>
  /** Of what has a rule of its own. */
  readonly fields: ReadonlyArray<FieldRule>
  /** Between CRMs, the strongest first; `[]`: nobody has said. */
  readonly authority: ReadonlyArray<string>
}

/** As long as nobody chooses others. */
export const BY_DEFAULT: Rules = { kinds: RULES, fields: [], authority: [] }

/** What may decide between two. */
export interface Ruling {
  readonly rule: Rule
  readonly authority: ReadonlyArray<string>
  /** Since when, in the order of the world's events. */
  readonly from: number
}

interface Period {
  readonly rules: Rules
  /** In the order of the world's events. */
  readonly from: number
  until: number
}

const ruleOf = ({ fields, kinds }: Rules, kind: Kind, group: GroupName): Rule =>
  fields.find((one) => one.of === kind && one.group === group)?.rule ?? kinds[kind]

const isAsking = (rule: Rule): boolean => rule === "asked" || rule === "newest"

export class Rulings {
  readonly #periods: Array<Period> = [{ rules: BY_DEFAULT, from: 0, until: Number.POSITIVE_INFINITY }]

  /** Those of the beginning, before anything has happened. */
  begin(rules: Rules): void {
    this.#periods.splice(0, 1, { rules, from: 0, until: Number.POSITIVE_INFINITY })
  }

  chosen(rules: Rules, at: number): void {
    this.#periods.push({ rules, from: at, until: Number.POSITIVE_INFINITY })
  }

  /** The journal has those that were chosen last: what is seen from now on is decided by them. */
  recorded(at: number): void {
    for (const period of this.#periods.slice(0, -1)) period.until = Math.min(period.until, at)
  }

  /** Those by which it may have been decided who wins of two that were both there at that time. */
  since(kind: Kind, group: GroupName, at: number): ReadonlyArray<Ruling> {
    return this.#periods
      .filter(({ until }) => until >= at)
      .map(({ from, rules }) => ({ rule: ruleOf(rules, kind, group), authority: rules.authority, from }))
  }

  /** Whether people may be asked about it: by the rule, or because nobody can tell which of two is the newest. */
  asks(kind: Kind, group: GroupName): boolean {
    return isAsking(ruleOf(this.#periods.at(-1)!.rules, kind, group))
  }
}
