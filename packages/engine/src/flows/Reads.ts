/** What a decision has read: enough to tell whether something written since would have changed it. */
import type { Loaded } from "@concordat/rules/state/transaction"

export class Reads {
  readonly #keys: Array<string> = []
  readonly #kinds: Array<string> = []
  readonly #ranges: Array<readonly [kind: string, prefix: string]> = []

  /** The same documents, with a note of each that is asked for. */
  noting(loaded: Loaded): Loaded {
    return {
      get: (kind, key) => {
        this.#kinds.push(kind)
        this.#keys.push(key)
        return loaded.get(kind, key)
      },
      range: (kind, prefix) => {
        this.#ranges.push([kind, prefix])
        return loaded.range(kind, prefix)
      },
    }
  }

  /** Whether one of these, keys by kind, was read. */
  meets(written: ReadonlyMap<string, ReadonlySet<string>>): boolean {
    if (written.size === 0) return false
    for (const [index, kind] of this.#kinds.entries())
      if (written.get(kind)?.has(this.#keys[index]!) === true) return true
    return this.#ranges.some(
      ([kind, prefix]) =>
        written
          .get(kind)
          ?.values()
          .some((key) => key.startsWith(prefix)) === true,
    )
  }
}
