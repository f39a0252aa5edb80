/** When a record was last read by the engine, and what people entered in it that the engine has not written over since. */
import type { GroupName } from "../world/things.ts"
import { type Entered, type Part, partOf } from "./entered.ts"

export interface Read {
  /** In the order of the world's events. */
  readonly order: number
  /** The world's time. */
  readonly ms: number
}

const NEVER: Read = { order: 0, ms: 0 }
const PARTS = ["fields", "references"] as const

export class Reads {
  readonly #last = new Map<string, Read>()
  readonly #entered = new Map<string, Array<Entered>>()

  read(side: string, id: string, part: Part, at: Read): void {
    this.#last.set(`${side}|${id}|${part}`, at)
  }

  last(side: string, id: string, group: GroupName): Read {
    return this.#last.get(`${side}|${id}|${partOf(group)}`) ?? NEVER
  }

  /** What is known of a record goes on under another id. */
  moved(side: string, from: string, to: string): void {
    for (const part of PARTS) {
      const read = this.#last.get(`${side}|${from}|${part}`)
      if (read !== undefined) this.#last.set(`${side}|${to}|${part}`, read)
    }
  }

  /** Since the engine last wrote it: some of it may still be on its way. To be added to. */
  entered(side: string, id: string, group: GroupName): Array<Entered> {
    const key = `${side}|${id}|${group}`
    const some = this.#entered.get(key) ?? []
    this.#entered.set(key, some)
    return some
  }

  unread(side: string, id: string, group: GroupName): ReadonlyArray<Entered> {
    const { order } = this.last(side, id, group)
    return this.entered(side, id, group).filter(({ at }) => at > order)
  }

  written(side: string, id: string, group: GroupName): void {
    this.#entered.delete(`${side}|${id}|${group}`)
  }
}
