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
type Kinds = Map<string, OfKind>
/** A document with the characters of its JSON. */
type Sized = readonly [value: unknown, characters: number]

const ofKind = (kinds: Kinds, kind: string): OfKind => {
  const known = kinds.get(kind)
  if (known !== undefined) return known
  const made: OfKind = new Map()
  kinds.set(kind, made)
  return made
}

const sharedOf = (kind: string, value: unknown): unknown =>
  kind === "binding" && value !== null ? sharedBinding(value as BindingDoc) : value

/** What a row costs beside its text: its key, its objects' headers. */
const ROW_CHARACTERS = 100

export class DocumentCache {
  readonly #limit: number
  #young = new Map<string, Map<string, Sized>>()
  #old = new Map<string, Map<string, Sized>>()
  #characters = 0
  readonly #pinned: Kinds = new Map()
  readonly #whole: Kinds = new Map()
  /** Sparse kinds that are not sparse here: asked for one by one like all others. */
  readonly #common = new Set<string>()
  #decided: Kinds = new Map()
  #flying: Kinds = new Map()
  #batch: Kinds = new Map()

  /** `limit`: characters of JSON in a generation. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** `undefined`: not known here. */
  get(kind: string, key: string): unknown {
    const decided = this.#decided.get(kind)?.get(key)
    if (decided !== undefined) return decided
    const flying = this.#flying.get(kind)?.get(key)
    if (flying !== undefined) return flying
    const whole = this.#whole.get(kind)
    if (whole !== undefined) return whole.get(key) ?? null
    if (PINNED.has(kind)) return this.#pinned.get(kind)?.get(key)
    const batch = this.#batch.get(kind)?.get(key)
    if (batch !== undefined) return batch
    const young = this.#young.get(kind)?.get(key)
    if (young !== undefined) return young[0]
    const old = this.#old.get(kind)?.get(key)
    if (old === undefined) return undefined
    this.#keep(kind, key, old)
    return old[0]
  }

  /** Whether all of a kind should be loaded, and is not yet. */
  wantsWhole(kind: string): boolean {
    return SPARSE.has(kind) && !this.#whole.has(kind) && !this.#common.has(kind)
  }

  /** All documents of a kind; null where there are too many of them to keep. */
  keepWhole(kind: string, documents: OfKind | null): void {
    if (documents === null) this.#common.add(kind)
    else this.#whole.set(kind, documents)
  }

  /** Sorted keys, where all of a kind is here. */
  range(kind: string, prefix: string): ReadonlyArray<string> | undefined {
    const whole = this.#whole.get(kind)
    return whole === undefined ? undefined : this.withDecided(kind, prefix, [...whole.keys()])
  }

  /**
   * What is decided and not stored of a kind at this moment: what is read of the store from now on may be from before it, and
   * it may be gone from here before that is used.
   */
  unstored(kind: string): OfKind {
    return new Map([...(this.#flying.get(kind) ?? []), ...(this.#decided.get(kind) ?? [])])
  }

  /** Stored keys with a prefix, and those of documents that are not stored yet. */
  withDecided(kind: string, prefix: string, stored: Iterable<string>): ReadonlyArray<string> {
    const keys = new Set<string>()
    for (const key of stored) if (key.startsWith(prefix)) keys.add(key)
    for (const layer of [this.#flying, this.#decided]) {
      for (const [key, value] of layer.get(kind) ?? []) {
        if (!key.startsWith(prefix)) continue
        if (value === null) keys.delete(key)
        else keys.add(key)
      }
    }
    return [...keys].toSorted()
  }

  #keep(kind: string, key: string, sized: Sized): void {
    let kept = this.#young.get(kind)
    if (kept === undefined) this.#young.set(kind, (kept = new Map()))
    if (!kept.has(key)) this.#characters += sized[1] + ROW_CHARACTERS
    kept.set(key, sized)
    if (this.#characters < this.#limit) return
    this.#old = this.#young
    this.#young = new Map()
    this.#characters = 0
  }

  /** As it is stored. It stays at least until the batch at hand is committed. */
  keep(kind: string, key: string, value: unknown, characters: number): void {
    if (PINNED.has(kind)) ofKind(this.#pinned, kind).set(key, sharedOf(kind, value))
    else if (!this.#whole.has(kind)) {
      ofKind(this.#batch, kind).set(key, value)
      this.#keep(kind, key, [value, characters])
    }
  }

  write(kind: string, key: string, value: unknown): void {
    ofKind(this.#decided, kind).set(key, sharedOf(kind, value))
  }

  /** Takes what was decided, to be committed; until `committed` it is known here beside what is decided meanwhile. */
  takeOff(): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
    this.#flying = this.#decided
    this.#decided = new Map()
    return this.#flying
  }

  /** `charactersOf`: of what was taken off, in its order. */
  committed(charactersOf: ReadonlyArray<number>): void {
    let at = 0
    for (const [kind, all] of this.#flying) {
      const whole = this.#whole.get(kind)
      for (const [key, value] of all) {
        const characters = charactersOf[at++] ?? 0
        if (PINNED.has(kind)) ofKind(this.#pinned, kind).set(key, value)
        else if (whole === undefined) this.#keep(kind, key, [value, characters])
        else if (value === null) whole.delete(key)
        else whole.set(key, value)
      }
      if (whole === undefined || whole.size <= SPARSE_DOCUMENTS) continue
      this.#whole.delete(kind)
      this.#common.add(kind)
    }
    this.#flying = new Map()
  }

  /** The batch is decided: what it loaded is kept like everything else. */
  endBatch(): void {
    this.#batch = new Map()
  }
}
