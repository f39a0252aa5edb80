/** At most two writes per change and connection: of what was entered of a thing, and where each record of it is written. */
import type { Script } from "../script.ts"
import type { History, Violation } from "./history.ts"

/** Writes of one that a change may cost in one system. */
const EACH = 2

/** Whether every write arrives and is answered: what is sent again for lack of an answer is not counted. */
const isCalm = ({ actions, network }: Script): boolean =>
  network.lost + network.unanswered + network.broken === 0 &&
  !actions.some(({ kind }) => kind === "crash" || kind === "dropState")

export class Thrift {
  /** By side and record: the thing, and how often it was written. */
  readonly #writes = new Map<string, { readonly thing: string; count: number }>()
  readonly #isCalm: boolean

  constructor(script: Script) {
    this.#isCalm = isCalm(script)
  }

  wrote(record: string, thing: string): void {
    const known = this.#writes.get(record) ?? { thing, count: 0 }
    this.#writes.set(record, { thing, count: known.count + 1 })
  }

  excess(history: History): ReadonlyArray<Violation> {
    if (!this.#isCalm) return []
    return [...this.#writes].flatMap(([record, { count, thing }]): ReadonlyArray<Violation> => {
      const entered = history.countOf(history.canonical(thing))
      if (count <= EACH * entered) return []
      return [
        {
          invariant: "thrift",
          detail: `${record}: ${count} writes for ${entered} values that were entered of ${thing}`,
        },
      ]
    })
  }
}
