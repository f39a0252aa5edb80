/** A system's own automation: whatever comes over its interface, it gives people another title soon after. */
import type { History } from "../oracle/history.ts"
import type { Chance } from "../random.ts"
import type { Owner, Timeline } from "../timeline.ts"
import type { Entering } from "./entering.ts"
import type { Side } from "./side.ts"

/** Well within two polls: what comes later is taken for a person's. */
const AFTER_MS = [100, 15_000] as const

export interface Automated {
  readonly timeline: Timeline
  readonly owner: Owner
  readonly chance: Chance
  readonly history: History
  readonly entering: Entering
  readonly onStep: (what: string) => void
}

export class Automation {
  readonly #automated: Automated
  /** The title that it left, by side and record. */
  readonly #left = new Map<string, string>()

  constructor(automated: Automated) {
    this.#automated = automated
  }

  /** Somebody wrote a person over the interface. */
  noticed(side: Side, id: string, thing: string): void {
    const { chance, owner, timeline } = this.#automated
    timeline.after(owner, chance.between(...AFTER_MS), () => {
      timeline.promised()
      void this.#rewrite(side, id, thing).catch(timeline.fail)
    })
  }

  async #rewrite(side: Side, id: string, noticed: string): Promise<void> {
    const { entering, history, onStep } = this.#automated
    // It may have become part of another since.
    const thing = history.canonical(noticed)
    const record = `${side.name}|${id}`
    const title = side.get("person", id)?.values.title ?? ""
    if (title === "" || title === this.#left.get(record)) return
    const next = entering.fresh("title", thing)
    if (side.refuses?.("person", id, { title: next }) === true) return
    this.#left.set(record, next)
    onStep(`${side.name} makes "${next}" of "${title}" of ${thing}`)
    const by = { side: side.name, isApp: side.isApp, id: `person:${id}` }
    const edits = history.enter(by, thing, { title: next }, false)
    await (side.automate ?? side.edit)("person", id, { title: next })
    history.saved(edits)
  }
}
