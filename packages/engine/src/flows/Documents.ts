/**
 * Runs decisions over stored documents: what a decision misses is loaded and the decision made again. A document that is
 * written here is the one that is read here next.
 */
import { decodeDocument, encodeDocument } from "@concordat/rules/state/stored"
import {
  type DecidedEvent,
  type Decision,
  type Loaded,
  Missing,
  numbered,
  type Wanted,
} from "@concordat/rules/state/transaction"
import * as Effect from "effect/Effect"
import {
  AHEAD_LOOKS,
  DECISION_ROUNDS,
  DECISIONS_AT_A_STRETCH,
  DOCUMENTS_AT_A_STRETCH,
  DOCUMENTS_PAGE,
  SPARSE_DOCUMENTS,
} from "../limits.ts"
import type { DocumentId, DocumentWrite, State, StateError } from "../ports/State.ts"
import { giveWay, isBreak } from "../right-of-way.ts"
import { DocumentCache } from "./DocumentCache.ts"
import { Reads } from "./Reads.ts"

type Decide<A> = (loaded: Loaded) => A

interface Name {
  readonly kind: string
  readonly key: string
}

/** A decision that was made before its turn. It holds if nothing that it read was written since. */
interface Ahead<A> {
  readonly value: A
  readonly reads: Reads
}

export class Documents {
  readonly #state: State["Service"]
  readonly #tenant: string
  readonly #cache: DocumentCache
  /** Keys of the documents written since the batch began, by kind. */
  #written = new Map<string, Set<string>>()

  /** `limit`: characters of JSON kept, twice over. */
  constructor(state: State["Service"], tenant: string, limit: number) {
    this.#state = state
    this.#tenant = tenant
    this.#cache = new DocumentCache(limit)
  }

  /**
   * Decides in order, each decision from what those before it have written. Where one misses something, those behind it are
   * looked at too, so that a batch asks the state a few times and not once for each: a round trip costs more than deciding.
   */
  decideAll<I, E>(
    inputs: ReadonlyArray<I>,
    decide: (loaded: Loaded, input: I) => Decision,
    /** Whether an input is worth a look before its turn: it names not all that it asks for. */
    isWorthLook: (input: I) => boolean,
    keep: (events: ReadonlyArray<DecidedEvent>, decision: Decision) => void,
    /** Between two stretches of many. It decides nothing of this tenant. */
    pause: Effect.Effect<void, E>,
  ): Effect.Effect<void, StateError | E> {
    return Effect.gen({ self: this }, function* () {
      this.#written = new Map()
      const ahead: Array<Ahead<Decision> | undefined> = []
      const looks = new Uint8Array(inputs.length)
      for (const [index, input] of inputs.entries()) {
        // Whoever waits for an answer from outside is not to wait for a whole batch.
        if (isBreak(index, inputs.length, DECISIONS_AT_A_STRETCH)) yield* pause
        const made = ahead[index]
        ahead[index] = undefined
        if (made !== undefined && !made.reads.meets(this.#written)) {
          if (this.#misses(made.value)) yield* this.#loadCounts(made.value)
          this.#write(made.value, keep)
          continue
        }
        let ranges: Map<string, ReadonlyArray<string>> | null = null
        for (let round = 0; ; round++) {
          const outcome = attempt((loaded) => decide(loaded, input), this.#loaded(ranges))
          if (outcome._tag === "Decided") {
            if (this.#misses(outcome.value)) yield* this.#loadCounts(outcome.value)
            this.#write(outcome.value, keep)
            break
          }
          if (round > DECISION_ROUNDS) {
            const detail = `a decision of ${this.#tenant} did not end after ${DECISION_ROUNDS} rounds of loading`
            return yield* Effect.die(new Error(detail))
          }
          const wanted = [...outcome.wanted]
          let made = 0
          for (let next = index + 1; next < inputs.length; next++) {
            if (ahead[next] !== undefined || looks[next]! >= AHEAD_LOOKS || !isWorthLook(inputs[next]!)) continue
            looks[next]! += 1
            if (++made % DECISIONS_AT_A_STRETCH === 0) yield* pause
            const reads = new Reads()
            const seen = attempt((loaded) => decide(loaded, inputs[next]!), reads.noting(this.#loaded(null)))
            if (seen._tag === "Decided") ahead[next] = { value: seen.value, reads }
            else for (const one of seen.wanted) if (one._tag === "Document") wanted.push(one)
          }
          yield* this.#load(wanted, (ranges ??= new Map()), pause)
        }
      }
      this.#cache.endBatch()
    })
  }

  /** What most decisions are made from: ranges of kinds that are not here as a whole are asked for by few. */
  readonly #here: Loaded = {
    get: (kind, key) => this.#cache.get(kind, key),
    range: (kind, prefix) => this.#cache.range(kind, prefix),
  }

  #loaded(ranges: ReadonlyMap<string, ReadonlyArray<string>> | null): Loaded {
    if (ranges === null) return this.#here
    return {
      get: this.#here.get,
      range: (kind, prefix) => {
        const whole = this.#cache.range(kind, prefix)
        if (whole !== undefined) return whole
        const stored = ranges.get(`${kind}\n${prefix}`)
        return stored === undefined ? undefined : this.#cache.withDecided(kind, prefix, stored)
      },
    }
  }

  /** A document that is here; undefined: it was not loaded. */
  known(kind: string, key: string): unknown {
    return this.#cache.get(kind, key)
  }

  /** Loads documents that will be asked for, in one question. */
  prefetch<E = never>(
    names: ReadonlyArray<Name>,
    pause: Effect.Effect<void, E> = giveWay(this.#tenant),
  ): Effect.Effect<void, StateError | E> {
    return Effect.gen({ self: this }, function* () {
      for (const { kind } of names) if (this.#cache.wantsWhole(kind)) yield* this.#loadWhole(kind)
      const missing = this.#missing(names)
      for (let at = 0; at < missing.length; at += DOCUMENTS_PAGE) {
        const page = missing.length <= DOCUMENTS_PAGE ? missing : missing.slice(at, at + DOCUMENTS_PAGE)
        const texts = yield* this.#state.getMany(page)
        for (const [index, { key, kind }] of page.entries()) {
          if (index > 0 && index % DOCUMENTS_AT_A_STRETCH === 0) yield* pause
          const text = texts[index] ?? null
          this.#cache.keep(kind, key, text === null ? null : decodeDocument(kind, text), text?.length ?? 0)
        }
      }
    })
  }

  /** Those that are not here, each once. */
  #missing(names: ReadonlyArray<Name>): ReadonlyArray<DocumentId> {
    const asked = new Map<string, Set<string>>()
    const missing: Array<DocumentId> = []
    for (const { key, kind } of names) {
      if (this.#cache.get(kind, key) !== undefined) continue
      const keys = asked.get(kind)
      if (keys?.has(key) === true) continue
      if (keys === undefined) asked.set(kind, new Set([key]))
      else keys.add(key)
      missing.push({ tenant: this.#tenant, kind, key })
    }
    return missing
  }

  #load<E>(
    wanted: ReadonlyArray<Wanted>,
    ranges: Map<string, ReadonlyArray<string>>,
    pause: Effect.Effect<void, E>,
  ): Effect.Effect<void, StateError | E> {
    return Effect.gen({ self: this }, function* () {
      const documents = wanted.filter((one) => one._tag === "Document")
      yield* this.prefetch(documents, pause)
      for (const one of wanted) {
        if (one._tag === "Range" && this.#cache.wantsWhole(one.kind)) yield* this.#loadWhole(one.kind)
        if (one._tag !== "Range" || this.#cache.range(one.kind, one.prefix) !== undefined) continue
        const unstored = this.#cache.unstored(one.kind)
        const keys = new Set<string>()
        yield* this.#scan(one.kind, one.prefix, (key) => keys.add(key).size > 0)
        for (const [key, value] of unstored) {
          if (value === null) keys.delete(key)
          else if (key.startsWith(one.prefix)) keys.add(key)
        }
        ranges.set(`${one.kind}\n${one.prefix}`, [...keys])
      }
    })
  }

  /** Hands over documents in the order of their keys, until `each` says that it is enough. */
  #scan(kind: string, prefix: string, each: (key: string, value: string) => boolean) {
    return Effect.gen({ self: this }, function* () {
      for (let after: string | null = null; ;) {
        const options = { tenant: this.#tenant, kind, prefix, after, limit: DOCUMENTS_PAGE }
        const page: ReadonlyArray<{ readonly key: string; readonly value: string }> = yield* this.#state.scan(options)
        for (const { key, value } of page) if (!each(key, value)) return false
        if (page.length < DOCUMENTS_PAGE) return true
        after = page.at(-1)!.key
      }
    })
  }

  #loadWhole(kind: string) {
    return Effect.gen({ self: this }, function* () {
      const unstored = this.#cache.unstored(kind)
      const documents = new Map<string, unknown>()
      const isAll = yield* this.#scan(kind, "", (key, value) => {
        documents.set(key, decodeDocument(kind, value))
        return documents.size <= SPARSE_DOCUMENTS
      })
      for (const [key, value] of unstored) {
        if (value === null) documents.delete(key)
        else documents.set(key, value)
      }
      this.#cache.keepWhole(kind, isAll ? documents : null)
    })
  }

  #note(kind: string, key: string, value: unknown): void {
    this.#cache.write(kind, key, value)
    const keys = this.#written.get(kind)
    if (keys === undefined) this.#written.set(kind, new Set([key]))
    else keys.add(key)
  }

  /** What a decision wrote, to be read by the next ones before it is committed. */
  #write(decision: Decision, keep: (events: ReadonlyArray<DecidedEvent>, decision: Decision) => void): void {
    for (const { key, kind, value } of decision.documents) this.#note(kind, key, value)
    for (const [key, by] of decision.counts)
      this.#note("count", key, ((this.#cache.get("count", key) as number | null) ?? 0) + by)
    const last = (this.#cache.get("decision", "") as number | null) ?? -1
    const said = numbered(decision.events, last)
    if (said.last !== last) this.#note("decision", "", said.last)
    keep(said.events, decision)
  }

  /** Whether what a decision adds to is not here: the first time only, since counts are kept for good. */
  #misses({ counts }: Decision): boolean {
    if (this.#cache.get("decision", "") === undefined) return true
    for (const key of counts.keys()) if (this.#cache.get("count", key) === undefined) return true
    return false
  }

  #loadCounts({ counts }: Decision): Effect.Effect<void, StateError> {
    const names = Array.from(counts.keys(), (key) => ({ kind: "count", key }))
    return this.prefetch([...names, { kind: "decision", key: "" }])
  }

  /**
   * Takes off what is to be committed, at once; until `done` is called nothing else may be taken off. `writes`: its text,
   * which takes a while.
   */
  takeOff(): { readonly writes: Effect.Effect<ReadonlyArray<DocumentWrite>>; readonly done: () => void } {
    const taken = this.#cache.takeOff()
    const tenant = this.#tenant
    const characters: Array<number> = []
    const writes = Effect.gen(function* () {
      const made: Array<DocumentWrite> = []
      for (const [kind, all] of taken) {
        for (const [key, value] of all) {
          if (made.length > 0 && made.length % DOCUMENTS_AT_A_STRETCH === 0) yield* Effect.yieldNow
          const text = value === null ? null : encodeDocument(kind, value)
          characters.push(text?.length ?? 0)
          made.push({ tenant, kind, key, value: text })
        }
      }
      return made
    })
    return { writes, done: () => this.#cache.committed(characters) }
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
