/**
 * One event's decision while it is being made: documents read so far, documents changed, events and wake-ups decided.
 * What is not loaded yet is thrown as `Missing`; the runner loads it and decides again from the start, so that deciding
 * stays a plain function of what is known.
 */
import { eventId } from "@concordat/model/ids"
import { versionOf } from "@concordat/model/events/stored"

export type Wanted =
  | { readonly _tag: "Document"; readonly kind: string; readonly key: string }
  | { readonly _tag: "Range"; readonly kind: string; readonly prefix: string }

/** Not an error: a question to the runner. */
export class Missing {
  readonly wanted: ReadonlyArray<Wanted>
  constructor(wanted: ReadonlyArray<Wanted>) {
    this.wanted = wanted
  }
}

/** The tenant's documents as far as they are loaded. Parsed values, never changed in place. */
export interface Loaded {
  /** `undefined`: not loaded. `null`: there is none. */
  readonly get: (kind: string, key: string) => unknown
  /** Keys of a kind that begin with the prefix, sorted; `undefined`: not loaded. */
  readonly range: (kind: string, prefix: string) => ReadonlyArray<string> | undefined
}

export interface DecidedEvent {
  readonly stream: string
  readonly expected: number
  readonly id: string
  readonly type: string
  readonly data: unknown
  /** The same as JSON. */
  readonly text: string
  readonly metadata: Readonly<Record<string, string>>
}

export interface Wake {
  readonly connection: string
  readonly entity: string
  readonly seq: number
}

export interface Decision {
  readonly events: ReadonlyArray<DecidedEvent>
  readonly documents: ReadonlyArray<{ readonly kind: string; readonly key: string; readonly value: unknown }>
  readonly wakes: ReadonlyArray<Wake>
  /** What is to be added to documents of kind `count`, by key. */
  readonly counts: ReadonlyMap<string, number>
}

/** What a decision is made at: the event's id and the time in its metadata. The reconciler has no other clock. */
export interface Cause {
  readonly tenant: string
  readonly event: string
  readonly correlation: string
  /** ms since 1970. */
  readonly at: number
}

export class Transaction {
  readonly cause: Cause
  readonly #loaded: Loaded
  readonly #changed = new Map<string, { kind: string; key: string; value: unknown }>()
  readonly #events: Array<DecidedEvent> = []
  readonly #wakes: Array<Wake> = []
  readonly #counts = new Map<string, number>()

  constructor(loaded: Loaded, cause: Cause) {
    this.#loaded = loaded
    this.cause = cause
  }

  get<A>(kind: string, key: string): A | null {
    const changed = this.#changed.get(`${kind}\n${key}`)
    if (changed !== undefined) return changed.value as A | null
    const value = this.#loaded.get(kind, key)
    if (value === undefined) throw new Missing([{ _tag: "Document", kind, key }])
    return value as A | null
  }

  /** Asks for several documents in one question. */
  prefetch(wanted: ReadonlyArray<{ readonly kind: string; readonly key: string }>): void {
    const missing = wanted.filter(({ kind, key }) => this.#loaded.get(kind, key) === undefined)
    if (missing.length > 0) throw new Missing(missing.map(({ kind, key }) => ({ _tag: "Document", kind, key })))
  }

  /** Goes through a list, and asks at the end for all that was missing on the way: in one question, not one for each. */
  each<A>(items: Iterable<A>, go: (item: A) => void): void {
    const wanted: Array<Wanted> = []
    for (const item of items) {
      try {
        go(item)
      } catch (thrown) {
        if (!(thrown instanceof Missing)) throw thrown
        for (const one of thrown.wanted) wanted.push(one)
      }
    }
    if (wanted.length > 0) throw new Missing(wanted)
  }

  range(kind: string, prefix: string): ReadonlyArray<string> {
    const loaded = this.#loaded.range(kind, prefix)
    if (loaded === undefined) throw new Missing([{ _tag: "Range", kind, prefix }])
    const keys = new Set(loaded)
    for (const change of this.#changed.values()) {
      if (change.kind !== kind || !change.key.startsWith(prefix)) continue
      if (change.value === null) keys.delete(change.key)
      else keys.add(change.key)
    }
    return [...keys].toSorted()
  }

  put(kind: string, key: string, value: unknown): void {
    this.#changed.set(`${kind}\n${key}`, { kind, key, value })
  }

  /** Adds to a count. Apart from the documents: nearly every decision counts, and none but the guard asks. */
  count(connection: string, name: string, by = 1): void {
    const key = `${connection}|${name}`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by)
  }

  counted(connection: string, name: string): number {
    const key = `${connection}|${name}`
    return (this.get<number>("count", key) ?? 0) + (this.#counts.get(key) ?? 0)
  }

  /** Decides an event on a stream whose last revision is known. Returns the new revision. */
  emit(stream: string, revision: number, type: string, data: unknown): number {
    const { at, correlation, event } = this.cause
    // Said again from the same facts it has the same members in the same order, so its text is its content.
    const text = JSON.stringify(data)
    this.#events.push({
      stream,
      expected: revision,
      id: eventId(stream, revision, `${type}\n${text}`),
      type,
      data,
      text,
      metadata: {
        $correlationId: correlation,
        $causationId: event,
        at: new Date(at).toISOString(),
        schemaVersion: String(versionOf(type)),
      },
    })
    return revision + 1
  }

  wake(wake: Wake): void {
    this.#wakes.push(wake)
  }

  decision(): Decision {
    return { events: this.#events, documents: [...this.#changed.values()], wakes: this.#wakes, counts: this.#counts }
  }
}
