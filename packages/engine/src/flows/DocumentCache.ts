/**
 * Parsed documents of a tenant, by kind and key. Of two generations: what is used moves to the young one, and when that is
 * full the old one goes. What is decided and not committed is kept apart and never dropped.
 */

/** Kept for ever: few, asked for by every decision, and compiled from (the compilers remember them by identity). */
const PINNED = new Set(["connection", "binding", "tenant", "count"])

type Kinds = Map<string, Map<string, unknown>>

const lookUp = (kinds: Kinds, kind: string, key: string): unknown => kinds.get(kind)?.get(key)
const keep = (kinds: Kinds, kind: string, key: string, value: unknown): void => {
  const ofKind = kinds.get(kind)
  if (ofKind === undefined) kinds.set(kind, new Map([[key, value]]))
  else ofKind.set(key, value)
}

export class DocumentCache {
  readonly #limit: number
  #young: Kinds = new Map()
  #old: Kinds = new Map()
  #size = 0
  readonly #pinned: Kinds = new Map()
  #pending: Kinds = new Map()

  /** `limit`: documents of a generation. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** `undefined`: not known here. */
  get(kind: string, key: string): unknown {
    const pending = lookUp(this.#pending, kind, key)
    if (pending !== undefined) return pending
    if (PINNED.has(kind)) return lookUp(this.#pinned, kind, key)
    const young = lookUp(this.#young, kind, key)
    if (young !== undefined) return young
    const old = lookUp(this.#old, kind, key)
    if (old !== undefined) this.keep(kind, key, old)
    return old
  }

  keep(kind: string, key: string, value: unknown): void {
    if (PINNED.has(kind)) return keep(this.#pinned, kind, key, value)
    keep(this.#young, kind, key, value)
    if (++this.#size < this.#limit) return
    this.#old = this.#young
    this.#young = new Map()
    this.#size = 0
  }

  write(kind: string, key: string, value: unknown): void {
    keep(this.#pending, kind, key, value)
  }

  *pending(): Generator<readonly [kind: string, key: string, value: unknown]> {
    for (const [kind, ofKind] of this.#pending) for (const [key, value] of ofKind) yield [kind, key, value]
  }

  committed(): void {
    for (const [kind, key, value] of this.pending()) this.keep(kind, key, value)
    this.#pending = new Map()
  }
}
