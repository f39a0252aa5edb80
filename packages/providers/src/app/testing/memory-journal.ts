/** A journal in memory, for the tests of this folder: one list, positions as decimals. */
import { Journal, JournalError, type NewEvent, type RecordedEvent } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

export interface MemoryJournal {
  readonly journal: Journal["Service"]
  readonly all: ReadonlyArray<RecordedEvent>
  readonly of: (stream: string) => ReadonlyArray<RecordedEvent>
  /** The next so many appends answer `Conflict`, whatever they expect. */
  readonly conflictNext: (count: number) => void
  readonly close: (closed: boolean) => void
  /** As a backup has it: the first so many events of all. */
  readonly restore: (count: number) => void
}

export const makeMemoryJournal = (): MemoryJournal => {
  const all: Array<RecordedEvent> = []
  let conflicts = 0
  let closed = false
  const of = (stream: string) => all.filter((event) => event.stream === stream)
  const gate = Effect.suspend(() =>
    closed ? Effect.fail(new JournalError({ reason: "unavailable", detail: "closed by the test" })) : Effect.yieldNow,
  )
  const put = (stream: string, events: ReadonlyArray<NewEvent>) => {
    for (const event of events) {
      all.push({ ...event, stream, revision: of(stream).length, position: String(all.length + 1) })
    }
    return { _tag: "Appended", position: String(all.length) } as const
  }
  const after = (position: string | null, prefixes: ReadonlyArray<string>) => {
    const from = position === null ? 0 : Number(position)
    if (!Number.isInteger(from) || from > all.length) {
      return Effect.fail(new JournalError({ reason: "foreign", detail: "not a position of this journal" }))
    }
    const found = all.slice(from).filter((event) => prefixes.some((prefix) => event.stream.startsWith(prefix)))
    return Effect.succeed(found)
  }
  const journal = Journal.of({
    append: ({ stream, expected, events }) =>
      Effect.andThen(
        gate,
        Effect.sync(() => {
          if (conflicts > 0 || of(stream).length - 1 !== expected) {
            conflicts = Math.max(0, conflicts - 1)
            return { _tag: "Conflict", streams: [stream] } as const
          }
          return put(stream, events)
        }),
      ),
    appendMany: (appends) =>
      Effect.sync(() => {
        for (const { stream, events } of appends) put(stream, events)
        return { _tag: "Appended", position: String(all.length) } as const
      }),
    read: (stream, { from, direction, limit }) =>
      Effect.andThen(
        gate,
        Effect.sync(() => {
          const events = of(stream)
          if (direction === "forward") return events.slice(from === "end" ? events.length : from).slice(0, limit)
          return events
            .slice(0, from === "end" ? events.length : from + 1)
            .reverse()
            .slice(0, limit)
        }),
      ),
    readAll: ({ after: position, prefixes, limit }) =>
      Effect.andThen(gate, after(position, prefixes)).pipe(
        Effect.map((found) => {
          const events = found.slice(0, limit)
          const end = all.length === 0 ? null : String(all.length)
          return { events, position: events.length === limit ? (events.at(-1)?.position ?? end) : end }
        }),
      ),
    subscribe: ({ after: position, prefixes }) =>
      Stream.unfold(position, (at) =>
        Effect.gen(function* () {
          for (;;) {
            const [next] = yield* after(at, prefixes)
            if (next !== undefined) return [{ _tag: "Event", event: next } as const, next.position] as const
            yield* Effect.sleep(10)
          }
        }),
      ),
    truncate: () => Effect.void,
    delete: () => Effect.void,
    skip: () => Effect.void,
    at: (position) => Effect.sync(() => all.find((event) => event.position === position) ?? null),
    end: Effect.sync(() => (all.length === 0 ? null : String(all.length))),
  })
  return {
    journal,
    all,
    of,
    conflictNext: (count) => {
      conflicts = count
    },
    close: (now) => {
      closed = now
    },
    restore: (count) => void all.splice(count),
  }
}
