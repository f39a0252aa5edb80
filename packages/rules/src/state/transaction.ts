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

interface Change {
  readonly kind: string
  readonly key: string
  value: unknown
}

/** Above so many a map finds one sooner; below it making the maps costs more than all that is asked of them. */
const LISTED = 16

/** What a decision writes, each document once. */
class Changes {
  readonly list: Array<Change> = []
  #byName: Map<string, Map<string, Change>> | null = null

  get(kind: string, key: string): Change | undefined {
    if (this.#byName !== null) return this.#byName.get(kind)?.get(key)
    for (const change of this.list) if (change.kind === kind && change.key === key) return change
    return undefined
  }

  put(kind: string, key: string, value: unknown): void {
    const known = this.get(kind, key)
    if (known !== undefined) {
      known.value = value
      return
    }
    const change: Change = { kind, key, value }
    this.list.push(change)
    if (this.#byName !== null) this.#index(change)
    else if (this.list.length > LISTED) {
      this.#byName = new Map()
      for (const one of this.list) this.#index(one)
    }
  }

  #index(change: Change): void {
    const ofKind = this.#byName!.get(change.kind)
    if (ofKind === undefined) this.#byName!.set(change.kind, new Map([[change.key, change]]))
    else ofKind.set(change.key, change)
  }
}

export class Transaction {
  readonly cause: Cause
  readonly #loaded: Loaded
  readonly #changes = new Changes()
  readonly #events: Array<DecidedEvent> = []
  readonly #wakes: Array<Wake> = []
  readonly #counts = new Map<string, number>()

  constructor(loaded: Loaded, cause: Cause) {
    this.#loaded = loaded
    this.cause = cause
  }

  get<A>(kind: string, key: string): A | null {
    const change = this.#changes.get(kind, key)
    if (change !== undefined) return change.value as A | null
    const value = this.#loaded.get(kind, key)
    if (value === undefined) throw new Missing([{ _tag: "Document", kind, key }])
    return value as A | null
  }

  /** Asks for several documents in one question. */
  prefetch(wanted: ReadonlyArray<{ readonly kind: string; readonly key: string }>): void {
    let missing: Array<Wanted> | undefined
    for (const { key, kind } of wanted)
      if (this.#loaded.get(kind, key) === undefined) (missing ??= []).push({ _tag: "Document", kind, key })
    if (missing !== undefined) throw new Missing(missing)
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
    let keys: Set<string> | undefined
    for (const change of this.#changes.list) {
      if (change.kind !== kind || !change.key.startsWith(prefix)) continue
      keys ??= new Set(loaded)
      if (change.value === null) keys.delete(change.key)
      else keys.add(change.key)
    }
    return keys === undefined ? loaded : [...keys].toSorted()
  }

  put(kind: string, key: string, value: unknown): void {
    this.#changes.put(kind, key, value)
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
    return { events: this.#events, documents: this.#changes.list, wakes: this.#wakes, counts: this.#counts }
  }
}
