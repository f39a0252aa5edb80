/**
 * Runs decisions over stored documents: what a decision misses is loaded and the decision made again. Keeps parsed
 * documents up to a limit; a document that is written here is the one that is read here next.
 */
import type { Loaded, Wanted } from "@concordat/rules/state/transaction"
import { Missing } from "@concordat/rules/state/transaction"
import * as Effect from "effect/Effect"
import { State, type StateError } from "../ports/State.ts"

/** Kept for ever: few, asked for by every decision, and compiled from (the compilers remember them by identity). */
const PINNED = new Set(["connection", "binding", "tenant", "count"])
/** Rounds of loading for one decision. A merge of two well-known companies takes some dozens; a loop would take for ever. */
const ROUNDS = 10_000
const SCAN_PAGE = 5_000

export class Documents {
  readonly #state: State["Service"]
  readonly #tenant: string
  readonly #limit: number
  /** In the order of use, oldest first. */
  readonly #kept = new Map<string, unknown>()
  readonly #pinned = new Map<string, unknown>()
  /** Decided and not committed yet: never dropped. */
  readonly #pending = new Map<string, unknown>()

  constructor(state: State["Service"], tenant: string, limit: number) {
    this.#state = state
    this.#tenant = tenant
    this.#limit = limit
  }

  #get(id: string, kind: string): unknown {
    const pending = this.#pending.get(id)
    if (pending !== undefined) return pending
    if (PINNED.has(kind)) return this.#pinned.get(id)
    const value = this.#kept.get(id)
    if (value === undefined) return undefined
    this.#kept.delete(id)
    this.#kept.set(id, value)
    return value
  }

  #keep(id: string, kind: string, value: unknown): void {
    if (PINNED.has(kind)) {
      this.#pinned.set(id, value)
      return
    }
    this.#kept.delete(id)
    this.#kept.set(id, value)
    if (this.#kept.size <= this.#limit) return
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest)
      if (this.#kept.size <= this.#limit) return
    }
  }

  /** Runs a decision until nothing is missing. */
  run<A>(decide: (loaded: Loaded) => A): Effect.Effect<A, StateError> {
    const ranges = new Map<string, ReadonlyArray<string>>()
    const held = new Map<string, unknown>()
    const loaded: Loaded = {
      get: (kind, key) => {
        const id = `${kind}\n${key}`
        const value = this.#get(id, kind)
        // What a long decision has loaded stays for its length, whatever the limit.
        return value === undefined ? held.get(id) : value
      },
      range: (kind, prefix) => {
        const stored = ranges.get(`${kind}\n${prefix}`)
        if (stored === undefined) return undefined
        const keys = new Set(stored)
        for (const [id, value] of this.#pending) {
          if (!id.startsWith(`${kind}\n${prefix}`)) continue
          const key = id.slice(kind.length + 1)
          if (value === null) keys.delete(key)
          else keys.add(key)
        }
        return [...keys].toSorted()
      },
    }
    return Effect.gen({ self: this }, function* () {
      for (let round = 0; round < ROUNDS; round++) {
        const outcome = attempt(decide, loaded)
        if (outcome._tag === "Decided") return outcome.value
        yield* this.#load(outcome.wanted, held, ranges)
      }
      return yield* Effect.die(new Error(`a decision of ${this.#tenant} did not end after ${ROUNDS} rounds of loading`))
    })
  }

  #load(wanted: ReadonlyArray<Wanted>, held: Map<string, unknown>, ranges: Map<string, ReadonlyArray<string>>) {
    return Effect.gen({ self: this }, function* () {
      const documents = wanted.filter((one) => one._tag === "Document")
      const values = yield* this.#state.getMany(documents.map(({ key, kind }) => ({ tenant: this.#tenant, kind, key })))
      for (const [index, { key, kind }] of documents.entries()) {
        const text = values[index] ?? null
        const value: unknown = text === null ? null : JSON.parse(text)
        held.set(`${kind}\n${key}`, value)
        this.#keep(`${kind}\n${key}`, kind, value)
      }
      for (const range of wanted) {
        if (range._tag !== "Range") continue
        const keys: Array<string> = []
        let after: string | null = null
        for (;;) {
          const page: ReadonlyArray<{ readonly key: string }> = yield* this.#state.scan({
            tenant: this.#tenant,
            kind: range.kind,
            prefix: range.prefix,
            after,
            limit: SCAN_PAGE,
          })
          for (const { key } of page) keys.push(key)
          if (page.length < SCAN_PAGE) break
          after = page.at(-1)!.key
        }
        ranges.set(`${range.kind}\n${range.prefix}`, keys)
      }
    })
  }

  /**
   * Tries decisions only to see what they miss, and loads that for all of them in one question, a few times over: a round
   * trip for each document of each decision would cost more than deciding does.
   */
  warm(decisions: ReadonlyArray<(loaded: Loaded) => unknown>, rounds: number): Effect.Effect<void, StateError> {
    const loaded: Loaded = {
      get: (kind, key) => this.#get(`${kind}\n${key}`, kind),
      range: () => undefined,
    }
    return Effect.gen({ self: this }, function* () {
      let open = decisions
      for (let round = 0; round < rounds && open.length > 0; round++) {
        const wanted = new Map<string, Wanted>()
        const still: Array<(loaded: Loaded) => unknown> = []
        for (const decide of open) {
          const outcome = attempt(decide, loaded)
          if (outcome._tag === "Decided") continue
          const documents = outcome.wanted.filter((one) => one._tag === "Document")
          for (const one of documents) wanted.set(`${one.kind}\n${one.key}`, one)
          if (documents.length > 0) still.push(decide)
        }
        if (wanted.size > 0) yield* this.#load([...wanted.values()], new Map(), new Map())
        open = still
      }
    })
  }

  /** Loads documents that will be asked for, in one question. */
  prefetch(ids: ReadonlyArray<{ readonly kind: string; readonly key: string }>): Effect.Effect<void, StateError> {
    const missing = ids.filter(({ key, kind }) => this.#get(`${kind}\n${key}`, kind) === undefined)
    if (missing.length === 0) return Effect.void
    return this.#load(
      missing.map(({ key, kind }) => ({ _tag: "Document", kind, key })),
      new Map(),
      new Map(),
    )
  }

  /** What a decision wrote, to be read by the next ones before it is committed. */
  write(documents: ReadonlyArray<{ readonly kind: string; readonly key: string; readonly value: unknown }>): void {
    for (const { key, kind, value } of documents) this.#pending.set(`${kind}\n${key}`, value)
  }

  /** What is to be committed. */
  pending(): ReadonlyArray<{
    readonly tenant: string
    readonly kind: string
    readonly key: string
    readonly value: string | null
  }> {
    return [...this.#pending].map(([id, value]) => {
      const cut = id.indexOf("\n")
      return {
        tenant: this.#tenant,
        kind: id.slice(0, cut),
        key: id.slice(cut + 1),
        value: value === null ? null : JSON.stringify(value),
      }
    })
  }

  committed(): void {
    for (const [id, value] of this.#pending) this.#keep(id, id.slice(0, id.indexOf("\n")), value)
    this.#pending.clear()
  }
}

const attempt = <A>(decide: (loaded: Loaded) => A, loaded: Loaded) => {
  try {
    return { _tag: "Decided" as const, value: decide(loaded) }
  } catch (thrown) {
    // Missing documents are a question; anything else thrown by a decision is a defect.
    if (thrown instanceof Missing) return { _tag: "Missing" as const, wanted: thrown.wanted }
    throw thrown
  }
}
