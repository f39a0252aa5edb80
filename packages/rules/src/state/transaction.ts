/**
 * One event's decision while it is being made: documents read so far, documents changed, events and wake-ups decided.
 * What is not loaded yet is thrown as `Missing`; the runner loads it and decides again from the start, so that deciding
 * stays a plain function of what is known.
 */
import { eventId } from "@concordat/model/ids"
import { versionOf } from "@concordat/model/events/stored"
import * as streams from "@concordat/model/streams"

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
  /** `LATER` with an empty id on the tenant's decision stream: `numbered` gives both. */
  readonly expected: number
  readonly id: string
  readonly type: string
  readonly data: unknown
  /** The same as JSON. */
  readonly text: string
  readonly metadata: Readonly<Record<string, string>>
}

/** Of an event on the decision stream, whose revision is given when the decision is kept: no decision depends on another's. */
const LATER = -2

/** The events of a decision with those for the decision stream put after `last`, its last revision so far. */
export const numbered = (
  events: ReadonlyArray<DecidedEvent>,
  last: number,
): { readonly events: ReadonlyArray<DecidedEvent>; readonly last: number } => {
  if (!events.some((event) => event.expected === LATER)) return { events, last }
  let revision = last
  const after = events.map((event) => {
    if (event.expected !== LATER) return event
    const expected = revision++
    return { ...event, expected, id: eventId(event.stream, expected, event.text, event.type) }
  })
  return { events: after, last: revision }
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
  readonly #changed = new Map<string, Map<string, unknown>>()
  readonly #events: Array<DecidedEvent> = []
  readonly #wakes: Array<Wake> = []
  readonly #counts = new Map<string, number>()

  constructor(loaded: Loaded, cause: Cause) {
    this.#loaded = loaded
    this.cause = cause
  }

  get<A>(kind: string, key: string): A | null {
    const changed = this.#changed.get(kind)?.get(key)
    if (changed !== undefined) return changed as A | null
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
    const changed = this.#changed.get(kind)
    if (changed === undefined) return loaded
    const keys = new Set(loaded)
    for (const [key, value] of changed) {
      if (!key.startsWith(prefix)) continue
      if (value === null) keys.delete(key)
      else keys.add(key)
    }
    return [...keys].toSorted()
  }

  put(kind: string, key: string, value: unknown): void {
    const ofKind = this.#changed.get(kind)
    if (ofKind === undefined) this.#changed.set(kind, new Map([[key, value]]))
    else ofKind.set(key, value)
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
    // Said again from the same facts it has the same members in the same order, so its text is its content.
    const text = JSON.stringify(data)
    this.#say(stream, revision, eventId(stream, revision, text, type), type, data, text)
    return revision + 1
  }

  /** Decides an event that is no entity's alone. */
  decide(type: string, data: unknown): void {
    this.#say(streams.decision(this.cause.tenant), LATER, "", type, data, JSON.stringify(data))
  }

  #say(stream: string, expected: number, id: string, type: string, data: unknown, text: string): void {
    const { at, correlation, event } = this.cause
    this.#events.push({
      stream,
      expected,
      id,
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
  }

  wake(wake: Wake): void {
    this.#wakes.push(wake)
  }

  decision(): Decision {
    const documents: Array<Decision["documents"][number]> = []
    for (const [kind, ofKind] of this.#changed) for (const [key, value] of ofKind) documents.push({ kind, key, value })
    return { events: this.#events, documents, wakes: this.#wakes, counts: this.#counts }
  }
}
