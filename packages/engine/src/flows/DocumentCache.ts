/**
 * Parsed documents of a tenant, by kind and key, in layers: what is decided, what is being committed, what the batch at
 * hand has loaded, and what is kept of the stored ones. Those are kept within a bound, in two generations: what is used
 * moves to the young one, and when that is full the old one goes.
 */
import type { BindingDoc } from "@concordat/rules/state/documents"
import { SPARSE_DOCUMENTS } from "../limits.ts"
import { sharedBinding } from "./bindings.ts"

/** Kept for ever: few, asked for by every decision, and compiled from (the compilers remember them by identity). */
const PINNED: ReadonlySet<string> = new Set(["connection", "binding", "tenant", "decision", "count"])
/** Most keys that are asked for have none. All that there are stay here, so that such a key costs no question. */
const SPARSE: ReadonlySet<string> = new Set(["matchwait", "wait", "waiting", "creating", "question"])

type OfKind = Map<string, unknown>
/** A document with the characters of its JSON. */
type Sized = readonly [value: unknown, characters: number]

/** The layers of a kind, in the order in which they are asked. An empty one is not: most keys that are asked for have no document. */
class Layers {
  decided: OfKind = new Map()
  flying: OfKind = new Map()
  /** All there are; null: they are not kept whole. */
  whole: OfKind | null = null
  /** Pinned ones stay here for good, all others for the batch at hand. */
  batch: OfKind = new Map()
  young = new Map<string, Sized>()
  old = new Map<string, Sized>()
}

const sharedOf = (kind: string, value: unknown): unknown =>
  kind === "binding" && value !== null ? sharedBinding(value as BindingDoc) : value

/** What a row costs beside its text: its key, its objects' headers. */
const ROW_CHARACTERS = 100

export class DocumentCache {
  readonly #limit: number
  readonly #kinds = new Map<string, Layers>()
  #characters = 0
  /** Sparse kinds that are not sparse here: asked for one by one like all others. */
  readonly #common = new Set<string>()

  /** `limit`: characters of JSON in a generation. */
  constructor(limit: number) {
    this.#limit = limit
  }

  #of(kind: string): Layers {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const made = new Layers()
    this.#kinds.set(kind, made)
    return made
  }

  /** `undefined`: not known here. */
  get(kind: string, key: string): unknown {
    const layers = this.#kinds.get(kind)
    if (layers === undefined) return undefined
    const { batch, decided, flying, old, whole, young } = layers
    if (decided.size > 0) {
      const found = decided.get(key)
      if (found !== undefined) return found
    }
    if (flying.size > 0) {
      const found = flying.get(key)
      if (found !== undefined) return found
    }
    if (whole !== null) return whole.size === 0 ? null : (whole.get(key) ?? null)
    if (batch.size > 0) {
      const found = batch.get(key)
      if (found !== undefined) return found
    }
    if (young.size > 0) {
      const found = young.get(key)
      if (found !== undefined) return found[0]
    }
    if (old.size === 0) return undefined
    const found = old.get(key)
    if (found === undefined) return undefined
    this.#keep(layers, key, found)
    return found[0]
  }

  /** Whether all of a kind should be loaded, and is not yet. */
  wantsWhole(kind: string): boolean {
    return SPARSE.has(kind) && !this.#common.has(kind) && this.#of(kind).whole === null
  }

  /** All documents of a kind; null where there are too many of them to keep. */
  keepWhole(kind: string, documents: OfKind | null): void {
    if (documents === null) this.#common.add(kind)
    else this.#of(kind).whole = documents
  }

  /** Sorted keys, where all of a kind is here. */
  range(kind: string, prefix: string): ReadonlyArray<string> | undefined {
    const { whole } = this.#of(kind)
    return whole === null ? undefined : this.withDecided(kind, prefix, whole.keys())
  }

  /**
   * What is decided and not stored of a kind at this moment: what is read of the store from now on may be from before it, and
   * it may be gone from here before that is used.
   */
  unstored(kind: string): OfKind {
    const { decided, flying } = this.#of(kind)
    return new Map([...flying, ...decided])
  }

  /** Stored keys with a prefix, and those of documents that are not stored yet. */
  withDecided(kind: string, prefix: string, stored: Iterable<string>): ReadonlyArray<string> {
    const keys = new Set<string>()
    for (const key of stored) if (key.startsWith(prefix)) keys.add(key)
    const { decided, flying } = this.#of(kind)
    for (const layer of [flying, decided]) {
      for (const [key, value] of layer) {
        if (!key.startsWith(prefix)) continue
        if (value === null) keys.delete(key)
        else keys.add(key)
      }
    }
    return [...keys].toSorted()
  }

  #keep(layers: Layers, key: string, sized: Sized): void {
    if (!layers.young.has(key)) this.#characters += sized[1] + ROW_CHARACTERS
    layers.young.set(key, sized)
    if (this.#characters < this.#limit) return
    for (const one of this.#kinds.values()) {
      one.old = one.young
      one.young = new Map()
    }
    this.#characters = 0
  }

  /** As it is stored. It stays at least until the batch at hand is committed. */
  keep(kind: string, key: string, value: unknown, characters: number): void {
    const layers = this.#of(kind)
    if (layers.whole !== null) return
    layers.batch.set(key, sharedOf(kind, value))
    if (!PINNED.has(kind)) this.#keep(layers, key, [value, characters])
  }

  write(kind: string, key: string, value: unknown): void {
    this.#of(kind).decided.set(key, sharedOf(kind, value))
  }

  /** Takes what was decided, to be committed; until `committed` it is known here beside what is decided meanwhile. */
  takeOff(): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
    const taken = new Map<string, OfKind>()
    for (const [kind, layers] of this.#kinds) {
      if (layers.decided.size === 0) continue
      layers.flying = layers.decided
      layers.decided = new Map()
      taken.set(kind, layers.flying)
    }
    return taken
  }

  /** `charactersOf`: of what was taken off, in its order. */
  committed(charactersOf: ReadonlyArray<number>): void {
    let at = 0
    for (const [kind, layers] of this.#kinds) {
      const { flying, whole } = layers
      if (flying.size === 0) continue
      const isPinned = PINNED.has(kind)
      for (const [key, value] of flying) {
        const characters = charactersOf[at++] ?? 0
        if (isPinned) layers.batch.set(key, value)
        else if (whole === null) this.#keep(layers, key, [value, characters])
        else if (value === null) whole.delete(key)
        else whole.set(key, value)
      }
      layers.flying = new Map()
      if (whole === null || whole.size <= SPARSE_DOCUMENTS) continue
      layers.whole = null
      this.#common.add(kind)
    }
  }

  /** The batch is decided: what it loaded is kept like everything else. */
  endBatch(): void {
    for (const [kind, layers] of this.#kinds) if (layers.batch.size > 0 && !PINNED.has(kind)) layers.batch = new Map()
  }
}
