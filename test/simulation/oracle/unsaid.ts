/**
 * Writes of the engine of which nobody has told it that they were taken: their answers were lost, or it died before them. Where no
 * history tells either, whoever writes over one may have known of it or not. It is as with an edit that is on its way: it stands
 * above what came meanwhile, and counts as later if it is taken so.
 */
import { type Entered, type Part, partOf } from "./entered.ts"
import type { GroupName } from "../world/things.ts"
import type { Read } from "./reads.ts"

export interface Wrote {
  /** What stood there before. */
  readonly under: ReadonlyArray<Entered>
  readonly nodes: ReadonlyArray<Entered>
  /** In the order of the world's events. */
  readonly at: number
}

interface Write extends Wrote {
  /** Nothing was written to the record since. */
  isLast: boolean
  /** Who wrote over it. */
  over: Entered | null
}

export class Unsaid {
  /** By side and record, and by group. */
  readonly #writes = new Map<string, Map<GroupName, Write>>()

  #of(side: string, id: string): Map<GroupName, Write> {
    const key = `${side}|${id}`
    const writes = this.#writes.get(key) ?? new Map<GroupName, Write>()
    this.#writes.set(key, writes)
    return writes
  }

  /** The engine writes there once more. */
  next(side: string, id: string): void {
    for (const write of this.#of(side, id).values()) write.isLast = false
  }

  wrote(side: string, id: string, group: GroupName, write: Wrote): void {
    this.#of(side, id).set(group, { ...write, isLast: true, over: null })
  }

  /** Somebody enters another value in the place of that one. */
  entered(side: string, id: string, group: GroupName, node: Entered): void {
    const write = this.#of(side, id).get(group)
    if (write === undefined) return
    // There and over again: what came of the write shows in neither.
    if (write.over !== null || !write.nodes.every((one) => node.before.has(one))) {
      this.#of(side, id).delete(group)
      return
    }
    write.over = node
    for (const one of write.nodes) {
      node.before.delete(one)
      node.over.add(one)
    }
    for (const one of write.under) node.before.add(one)
  }

  /** The journal has it that the last write there was taken. */
  told(side: string, id: string): void {
    const writes = this.#of(side, id)
    for (const [group, write] of writes) if (write.isLast) this.#settle(writes, group, write)
  }

  /** The engine was shown the record as it was then. */
  read(side: string, id: string, part: Part, at: Read): void {
    const writes = this.#of(side, id)
    for (const [group, write] of writes) {
      if (partOf(group) !== part || at.order < write.at) continue
      if (write.over === null || at.order < write.over.shownFrom) this.#settle(writes, group, write)
      else writes.delete(group)
    }
  }

  /** It is known to be taken: who wrote over it has replaced it. */
  #settle(writes: Map<GroupName, Write>, group: GroupName, { nodes, over }: Write): void {
    writes.delete(group)
    for (const one of nodes) if (over?.over.delete(one) === true) over.before.add(one)
  }
}
