/** At most two writes per change and connection, and none that changes nothing. */
import type { Action, Script } from "../script.ts"
import { kindOf } from "../world/things.ts"
import type { Violation } from "./entered.ts"
import type { History } from "./history.ts"

/** Writes of one that a change may cost in one system. */
const EACH = 2

/** What ends processes, or has something written that nobody entered. */
const OTHERS: ReadonlySet<Action["kind"]> = new Set([
  "crash",
  "dropState",
  "rules",
  "fields",
  "mapping",
  "decide",
  "join",
  "part",
])

/** Whether every write arrives and is answered: what is sent again for lack of an answer is not counted. */
const isCalm = ({ actions, network }: Script): boolean =>
  network.lost + network.unanswered + network.broken === 0 && !actions.some(({ kind }) => OTHERS.has(kind))

/** And whether people only edit and create, so that each write has its one reason. */
const isPlain = (script: Script): boolean =>
  isCalm(script) &&
  script.rewriting.length === 0 &&
  script.actions.every(({ kind }) => kind === "edit" || kind === "create")

export class Thrift {
  /** By side and record: the thing, and how often it was written. */
  readonly #writes = new Map<string, { readonly thing: string; count: number }>()
  readonly #isCalm: boolean
  readonly #isPlain: boolean
  readonly #idle: Array<{ readonly record: string; readonly thing: string }> = []

  constructor(script: Script) {
    this.#isCalm = isCalm(script)
    this.#isPlain = isPlain(script)
  }

  wrote(record: string, thing: string): void {
    const known = this.#writes.get(record) ?? { thing, count: 0 }
    this.#writes.set(record, { thing, count: known.count + 1 })
  }

  /** Whether a write left the record as another one, or an edit there was on its way: else nobody asked for it. */
  left(isNews: boolean, record: string, thing: string): void {
    if (this.#isPlain && !isNews) this.#idle.push({ record, thing })
  }

  /** `isWith`: whether somebody has said of an activity whom it is with, which is entered as much as what has a group. */
  excess(history: History, isWith: (thing: string) => boolean): ReadonlyArray<Violation> {
    if (!this.#isCalm) return []
    // Deals and activities refer to what the world does not look at.
    const idle = this.#idle
      .filter(({ thing }) => kindOf(thing) === "person" || kindOf(thing) === "company")
      .map(({ record, thing }): Violation => {
        return { invariant: "silence", detail: `${record}: written, and nothing of ${thing} is another there now` }
      })
    const excess = [...this.#writes].flatMap(([record, { count, thing }]): ReadonlyArray<Violation> => {
      const now = history.canonical(thing)
      const entered = history.of(now).length + (isWith(now) ? 1 : 0)
      if (count <= EACH * entered) return []
      return [
        {
          invariant: "thrift",
          detail: `${record}: ${count} writes for ${entered} values that were entered of ${thing}`,
        },
      ]
    })
    return [...idle, ...excess]
  }
}
