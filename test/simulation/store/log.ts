/** The journal in memory: one list of events. Positions are not dense, so that nobody comes to count on it. */
import type { Append, AppendResult, RecordedEvent } from "@concordat/engine/ports/Journal"

export const showPosition = (position: number): string => position.toString().padStart(16, "0")
export const parsePosition = (text: string): number | null => (/^\d{16}$/.test(text) ? Number(text) : null)

interface Stream {
  last: number
  /** Revisions before it are forgotten. */
  from: number
  /** Places in the list, by revision. */
  readonly places: Array<number>
}

export interface Page {
  readonly events: ReadonlyArray<RecordedEvent>
  /** Everything up to here was looked at. */
  readonly reached: number
  readonly isEnd: boolean
}

export class Log {
  readonly #events: Array<RecordedEvent> = []
  readonly #positions: Array<number> = []
  readonly #streams = new Map<string, Stream>()
  readonly #listeners = new Set<(streams: ReadonlyArray<string>) => void>()
  /** How much further than the last one the next position is. */
  readonly #gap: () => number

  constructor(gap: () => number = () => 1) {
    this.#gap = gap
  }

  get end(): number {
    return this.#positions.at(-1) ?? 0
  }

  get all(): ReadonlyArray<RecordedEvent> {
    return this.#events.filter((event) => event.revision >= this.#streams.get(event.stream)!.from)
  }

  /** Of the first `count` events ever appended those that are not forgotten. */
  before(count: number): ReadonlyArray<RecordedEvent> {
    return this.#events.slice(0, count).filter((event) => event.revision >= this.#streams.get(event.stream)!.from)
  }

  get count(): number {
    return this.#events.length
  }

  conflicts(appends: ReadonlyArray<Append>): ReadonlyArray<string> {
    return appends
      .filter(({ expected, stream }) => (this.#streams.get(stream)?.last ?? -1) !== expected)
      .map(({ stream }) => stream)
  }

  /** All or none. */
  append(appends: ReadonlyArray<Append>): AppendResult {
    const conflicts = this.conflicts(appends)
    if (conflicts.length > 0) return { _tag: "Conflict", streams: conflicts }
    for (const { events, stream: name } of appends) {
      const stream = this.#streams.get(name) ?? { last: -1, from: 0, places: [] }
      this.#streams.set(name, stream)
      for (const { data, id, metadata, type } of events) {
        const position = this.end + this.#gap()
        stream.last += 1
        stream.places[stream.last] = this.#events.length
        this.#events.push({
          id,
          type,
          data,
          metadata,
          stream: name,
          revision: stream.last,
          position: showPosition(position),
        })
        this.#positions.push(position)
      }
    }
    const touched = appends.flatMap(({ events, stream }) => (events.length > 0 ? [stream] : []))
    if (touched.length > 0) for (const listener of this.#listeners) listener(touched)
    return { _tag: "Appended", position: showPosition(this.end) }
  }

  read(
    name: string,
    from: number | "end",
    direction: "forward" | "backward",
    limit: number,
  ): ReadonlyArray<RecordedEvent> {
    const stream = this.#streams.get(name)
    if (stream === undefined) return []
    const found: Array<RecordedEvent> = []
    const isForward = direction === "forward"
    if (isForward && from === "end") return found
    let at = from === "end" ? stream.last : isForward ? Math.max(from, stream.from) : Math.min(from, stream.last)
    for (; found.length < limit && at >= stream.from && at <= stream.last; at += isForward ? 1 : -1)
      found.push(this.#events[stream.places[at]!]!)
    return found
  }

  readAll(after: number, prefixes: ReadonlyArray<string>, limit: number): Page {
    const events: Array<RecordedEvent> = []
    let at = this.#placeAfter(after)
    for (; at < this.#events.length; at += 1) {
      const event = this.#events[at]!
      if (prefixes.length > 0 && !prefixes.some((prefix) => event.stream.startsWith(prefix))) continue
      if (event.revision < this.#streams.get(event.stream)!.from) continue
      events.push(event)
      if (events.length === limit)
        return { events, reached: this.#positions[at]!, isEnd: at + 1 === this.#events.length }
    }
    return { events, reached: Math.max(after, this.end), isEnd: true }
  }

  at(position: number | null): RecordedEvent | null {
    const event = position === null ? undefined : this.#events[this.#placeAfter(position - 1)]
    if (event === undefined || parsePosition(event.position) !== position) return null
    return event.revision < this.#streams.get(event.stream)!.from ? null : event
  }

  /** The first place whose position is greater. */
  #placeAfter(position: number): number {
    let [low, high] = [0, this.#positions.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#positions[middle]! <= position) low = middle + 1
      else high = middle
    }
    return low
  }

  forget(name: string, before: number): void {
    const stream = this.#streams.get(name)
    if (stream !== undefined) stream.from = Math.max(stream.from, Math.min(before, stream.last + 1))
  }

  skip(name: string, revision: number): void {
    const stream = this.#streams.get(name) ?? { last: -1, from: 0, places: [] }
    this.#streams.set(name, stream)
    stream.last = Math.max(stream.last, revision - 1)
    stream.from = Math.max(stream.from, revision)
  }

  onAppend(listener: (streams: ReadonlyArray<string>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
