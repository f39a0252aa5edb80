/**
 * Runs decisions over stored documents: what a decision misses is loaded and the decision made again. A document that is
 * written here is the one that is read here next.
 */
import type { Decision, Loaded, Wanted } from "@concordat/rules/state/transaction"
import { Missing } from "@concordat/rules/state/transaction"
import * as Effect from "effect/Effect"
import type { State, StateError } from "../ports/State.ts"
import { DocumentCache } from "./DocumentCache.ts"

/** Rounds of loading for one decision. A merge of two well-known companies takes some dozens; a loop would take for ever. */
const ROUNDS = 10_000
const SCAN_PAGE = 5_000

type Decide<A> = (loaded: Loaded) => A

/** A decision that was made before its turn. It holds if nothing that it read was written since. */
export interface Ahead<A> {
  readonly value: A
  readonly reads: ReadonlySet<string>
}

const nameOf = (kind: string, key: string): string => `${kind}\n${key}`

export class Documents {
  readonly #state: State["Service"]
  readonly #tenant: string
  readonly #cache: DocumentCache
  /** Names of the documents written since the last commit. */
  #written = new Set<string>()

  constructor(state: State["Service"], tenant: string, limit: number) {
    this.#state = state
    this.#tenant = tenant
    this.#cache = new DocumentCache(limit)
  }

  /** Runs a decision until nothing is missing. */
  run<A>(decide: Decide<A>): Effect.Effect<A, StateError> {
    const ranges = new Map<string, ReadonlyArray<string>>()
    const held = new Map<string, unknown>()
    const loaded: Loaded = {
      // What a long decision has loaded stays for its length, whatever the limit.
      get: (kind, key) => {
        const value = this.#cache.get(kind, key)
        return value === undefined ? held.get(nameOf(kind, key)) : value
      },
      range: (kind, prefix) => {
        const stored = ranges.get(nameOf(kind, prefix))
        return stored === undefined ? undefined : this.#withPending(kind, prefix, stored)
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

  #withPending(kind: string, prefix: string, stored: ReadonlyArray<string>): ReadonlyArray<string> {
    const keys = new Set(stored)
    for (const [ofKind, key, value] of this.#cache.pending()) {
      if (ofKind !== kind || !key.startsWith(prefix)) continue
      if (value === null) keys.delete(key)
      else keys.add(key)
    }
    return [...keys].toSorted()
  }

  #load(wanted: ReadonlyArray<Wanted>, held: Map<string, unknown>, ranges: Map<string, ReadonlyArray<string>>) {
    return Effect.gen({ self: this }, function* () {
      const documents = wanted.filter((one) => one._tag === "Document")
      for (let at = 0; at < documents.length; at += SCAN_PAGE) {
        const page = documents.slice(at, at + SCAN_PAGE)
        const values = yield* this.#state.getMany(page.map(({ key, kind }) => ({ tenant: this.#tenant, kind, key })))
        for (const [index, { key, kind }] of page.entries()) {
          const text = values[index] ?? null
          const value: unknown = text === null ? null : JSON.parse(text)
          held.set(nameOf(kind, key), value)
          this.#cache.keep(kind, key, value)
        }
      }
      for (const range of wanted) {
        if (range._tag !== "Range") continue
        const keys: Array<string> = []
        for (let after: string | null = null; ;) {
          const { kind, prefix } = range
          const options = { tenant: this.#tenant, kind, prefix, after, limit: SCAN_PAGE }
          const page: ReadonlyArray<{ readonly key: string }> = yield* this.#state.scan(options)
          for (const { key } of page) keys.push(key)
          if (page.length < SCAN_PAGE) break
          after = page.at(-1)!.key
        }
        ranges.set(nameOf(range.kind, range.prefix), keys)
      }
    })
  }

  /**
   * Makes decisions before their turn, loading what they miss for all of them in one question, a few times over: a round
   * trip for each document of each decision would cost more than deciding does. Those that could be made are returned.
   */
  ahead<A>(
    decisions: ReadonlyArray<Decide<A>>,
    rounds: number,
  ): Effect.Effect<ReadonlyArray<Ahead<A> | undefined>, StateError> {
    return Effect.gen({ self: this }, function* () {
      const made: Array<Ahead<A> | undefined> = decisions.map(() => undefined)
      let open = decisions.map((decide, index) => ({ decide, index }))
      for (let round = 0; round <= rounds && open.length > 0; round++) {
        const wanted = new Map<string, Wanted>()
        const still: typeof open = []
        for (const one of open) {
          const reads = new Set<string>()
          const outcome = attempt(one.decide, {
            get: (kind, key) => {
              reads.add(nameOf(kind, key))
              return this.#cache.get(kind, key)
            },
            range: () => undefined,
          })
          if (outcome._tag === "Decided") made[one.index] = { value: outcome.value, reads }
          else {
            const documents = outcome.wanted.filter((want) => want._tag === "Document")
            for (const want of documents) wanted.set(nameOf(want.kind, want.key), want)
            if (documents.length > 0) still.push(one)
          }
        }
        if (round < rounds && wanted.size > 0) yield* this.#load([...wanted.values()], new Map(), new Map())
        open = still
      }
      return made
    })
  }

  /** The decision that was made ahead, where it still holds; else it is made now. */
  decide<A>(decide: Decide<A>, ahead: Ahead<A> | undefined): Effect.Effect<A, StateError> {
    if (ahead === undefined || !ahead.reads.isDisjointFrom(this.#written)) return this.run(decide)
    return Effect.succeed(ahead.value)
  }

  /** Loads documents that will be asked for, in one question. */
  prefetch(ids: ReadonlyArray<{ readonly kind: string; readonly key: string }>): Effect.Effect<void, StateError> {
    const missing = ids.filter(({ key, kind }) => this.#cache.get(kind, key) === undefined)
    if (missing.length === 0) return Effect.void
    return this.#load(
      missing.map(({ key, kind }) => ({ _tag: "Document", kind, key })),
      new Map(),
      new Map(),
    )
  }

  /** What a decision wrote, to be read by the next ones before it is committed. */
  write({ counts, documents }: Pick<Decision, "counts" | "documents">): Effect.Effect<void, StateError> {
    for (const { key, kind, value } of documents) {
      this.#cache.write(kind, key, value)
      this.#written.add(nameOf(kind, key))
    }
    if (counts.size === 0) return Effect.void
    return Effect.map(this.prefetch([...counts.keys()].map((key) => ({ kind: "count", key }))), () => {
      for (const [key, by] of counts) {
        this.#cache.write("count", key, ((this.#cache.get("count", key) as number | null) ?? 0) + by)
        this.#written.add(nameOf("count", key))
      }
    })
  }

  /** What is to be committed. */
  pending(): ReadonlyArray<{
    readonly tenant: string
    readonly kind: string
    readonly key: string
    readonly value: string | null
  }> {
    return [...this.#cache.pending()].map(([kind, key, value]) => ({
      tenant: this.#tenant,
      kind,
      key,
      value: value === null ? null : JSON.stringify(value),
    }))
  }

  committed(): void {
    this.#cache.committed()
    this.#written = new Set()
  }
}

const attempt = <A>(decide: Decide<A>, loaded: Loaded) => {
  try {
    return { _tag: "Decided" as const, value: decide(loaded) }
  } catch (thrown) {
    // Missing documents are a question; anything else thrown by a decision is a defect.
    if (thrown instanceof Missing) return { _tag: "Missing" as const, wanted: thrown.wanted }
    throw thrown
  }
}
