/** Documents and checkpoints in memory: what can be dropped and rebuilt from the journal. */
import type { Checkpoint, DocumentId, DocumentWrite, StoredDocument } from "@concordat/engine/ports/State"
import { placeOf } from "./order.ts"

interface Space {
  readonly values: Map<string, string>
  /** Sorted; null: to be sorted again. */
  keys: Array<string>
}

export class Documents {
  readonly #spaces = new Map<string, Space>()
  readonly #checkpoints = new Map<string, Checkpoint>()

  get(id: DocumentId): string | null {
    return this.#spaces.get(`${id.tenant}\n${id.kind}`)?.values.get(id.key) ?? null
  }

  write(documents: ReadonlyArray<DocumentWrite>, checkpoint: Checkpoint | null): void {
    for (const { key, kind, tenant, value } of documents) {
      const name = `${tenant}\n${kind}`
      const space = this.#spaces.get(name) ?? { values: new Map(), keys: [] }
      this.#spaces.set(name, space)
      const isKnown = space.values.has(key)
      if (value === null) {
        if (!isKnown) continue
        space.values.delete(key)
        space.keys.splice(placeOf(space.keys, key), 1)
        continue
      }
      space.values.set(key, value)
      if (!isKnown) space.keys.splice(placeOf(space.keys, key), 0, key)
    }
    if (checkpoint === null) return
    const { ahead = [], behind = [], ...place } = checkpoint
    this.#checkpoints.set(checkpoint.name, {
      ...place,
      ...(ahead.length === 0 ? {} : { ahead }),
      ...(behind.length === 0 ? {} : { behind }),
    })
  }

  scan(options: {
    readonly tenant: string
    readonly kind: string
    readonly prefix: string
    readonly after: string | null
    readonly limit: number
  }): ReadonlyArray<StoredDocument> {
    const space = this.#spaces.get(`${options.tenant}\n${options.kind}`)
    if (space === undefined) return []
    const found: Array<StoredDocument> = []
    let at = placeOf(space.keys, options.prefix)
    if (options.after !== null) {
      const next = placeOf(space.keys, options.after)
      at = Math.max(at, space.keys[next] === options.after ? next + 1 : next)
    }
    for (; at < space.keys.length && found.length < options.limit; at += 1) {
      const key = space.keys[at]!
      if (!key.startsWith(options.prefix)) break
      found.push({ key, value: space.values.get(key)! })
    }
    return found
  }

  count(tenant: string, kind: string, prefix: string): number {
    return this.scan({ tenant, kind, prefix, after: null, limit: Number.POSITIVE_INFINITY }).length
  }

  get tenants(): ReadonlyArray<string> {
    const held = [...this.#spaces].flatMap(([name, { values }]) => (values.size === 0 ? [] : [name.split("\n", 1)[0]!]))
    return [...new Set(held)].toSorted()
  }

  checkpoint(name: string): Checkpoint | null {
    return this.#checkpoints.get(name) ?? null
  }

  clear(): void {
    this.#spaces.clear()
    this.#checkpoints.clear()
  }

  /** Every document as text, sorted: what two states are compared by. */
  dump(kinds: (kind: string) => boolean): ReadonlyArray<string> {
    return [...this.#spaces]
      .flatMap(([name, { values }]) => {
        const [tenant = "", kind = ""] = name.split("\n")
        return kinds(kind) ? [...values].map(([key, value]) => `${tenant} ${kind} ${key} ${value}`) : []
      })
      .toSorted()
  }
}
