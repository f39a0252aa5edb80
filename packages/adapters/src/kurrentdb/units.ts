/**
 * Units of several streams on servers that append to one stream at a time (before 25.1), and units that are larger than
 * one append. The whole unit is written to a stream of its own first. Then its leading append is made, at the revision it
 * expects and with a reference to the unit: that one append decides. The other streams are filled from it afterwards.
 *
 * Who dies in between leaves a decided unit that is not filled. It is filled by whoever next reads the leading stream or
 * appends to it; the lead is the stream that fences the unit (`partition-`, `worker-`), which an owner reads first of all.
 */
import { JournalError } from "@concordat/engine/ports/Journal"
import type { Append, NewEvent } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import type { Appending, Outcome } from "./appending.ts"
import { chunksOf } from "./chunks.ts"
import { FOR_REVISION, FOR_STREAM, UNIT } from "./events.ts"
import type { WireEvent } from "./events.ts"
import type { Forgetting } from "./forgetting.ts"
import { STREAMS_AT_ONCE, STREAMS_REMEMBERED, UNIT_EVENTS_KEPT, UNIT_TRIES } from "./limits.ts"
import { laterOf } from "./positions.ts"
import type { Reading } from "./reading.ts"
import { leadOf, unitStreamOf } from "./unit-names.ts"

type Unfinished = Exclude<Outcome, { readonly _tag: "Appended" }>

interface Reference {
  readonly first: number
  readonly last: number
}
/** As long as a reference gets, for sizes. */
const WIDEST: Reference = { first: Number.MAX_SAFE_INTEGER, last: Number.MAX_SAFE_INTEGER }
const showReference = ({ first, last }: Reference): string => `${first}-${last}`
const parseReference = (text: string): Reference | null => {
  const match = /^(\d+)-(\d+)$/.exec(text)
  return match === null ? null : { first: Number(match[1]), last: Number(match[2]) }
}

const withKeys = (event: NewEvent, keys: Readonly<Record<string, string>>): NewEvent => ({
  ...event,
  metadata: { ...event.metadata, ...keys },
})
const copyOf = (append: Append): ReadonlyArray<NewEvent> =>
  append.events.map((event, i) =>
    withKeys(event, { [FOR_STREAM]: append.stream, [FOR_REVISION]: String(append.expected + 1 + i) }),
  )
/** Each event of the lead names the unit: wherever a crash cuts it, its last event says what is to be filled. */
const referring = (lead: Append, reference: Reference): Append => ({
  ...lead,
  events: lead.events.map((event) => withKeys(event, { [UNIT]: showReference(reference) })),
})

/** Copies back to the appends they stand for, in their order. */
const appendsOf = (copies: ReadonlyArray<WireEvent>): ReadonlyArray<Append> => {
  const appends = new Map<string, { stream: string; expected: number; events: Array<NewEvent> }>()
  for (const { event, own } of copies) {
    const stream = own[FOR_STREAM] ?? ""
    const known = appends.get(stream) ?? { stream, expected: Number(own[FOR_REVISION]) - 1, events: [] }
    appends.set(stream, known)
    const { id, type, data, metadata } = event
    const reference: Record<string, string> = own[UNIT] === undefined ? {} : { [UNIT]: own[UNIT] }
    known.events.push({ id, type, data, metadata: { ...metadata, ...reference } })
  }
  return [...appends.values()]
}

/** Revisions by stream; the one that was not asked for longest goes first, and is read again when it is needed. */
const memory = () => {
  const known = new Map<string, number>()
  return {
    get: (stream: string): number | undefined => known.get(stream),
    forget: (stream: string): void => void known.delete(stream),
    set: (stream: string, revision: number): void => {
      known.delete(stream)
      known.set(stream, revision)
      const [oldest] = known.keys()
      if (known.size > STREAMS_REMEMBERED) known.delete(oldest!)
    },
  }
}

export const makeUnits = (reading: Reading, appending: Appending, forgetting: Forgetting) => {
  /** Of each leading stream that was looked at, the last revision whose unit is known to be filled. */
  const settled = memory()
  /** Of each unit stream, its last revision. */
  const ends = memory()

  const moved = (lead: string, streams: ReadonlyArray<string>) =>
    new JournalError({
      reason: "corrupt",
      detail: `a unit of ${lead} is decided, but ${streams.join(", ")} was appended to by somebody else meanwhile`,
    })

  /** What a part of a unit came to, where it did not come to an end, ends the whole. */
  const placeOf = (outcome: Outcome): Effect.Effect<string, Unfinished> =>
    outcome._tag === "Appended" ? Effect.succeed(outcome.position) : Effect.fail(outcome)

  /** Appends what a decided unit holds; what is there already is found to be so. */
  const fill = Effect.fnUntraced(function* (lead: string, appends: ReadonlyArray<Append>, bytes: number) {
    let position: string | null = null
    yield* Effect.forEach(
      appends,
      Effect.fnUntraced(function* (append) {
        for (const chunk of yield* chunksOf(append, bytes)) {
          const outcome = yield* appending.append([chunk])
          if (outcome._tag === "Conflict") return yield* moved(lead, outcome.streams)
          position = laterOf(position, yield* placeOf(outcome))
        }
      }),
      { concurrency: STREAMS_AT_ONCE, discard: true },
    )
    return position ?? ""
  })

  const fillFrom = Effect.fnUntraced(function* (lead: string, reference: Reference, bytes: number) {
    const limit = reference.last - reference.first + 1
    const from = { from: reference.first, backward: false, limit }
    const copies = yield* reading.stream(unitStreamOf(lead), from)
    // Units are forgotten only when they are filled.
    if (copies.length < limit) return
    yield* fill(lead, appendsOf(copies), bytes)
  })

  /** Fills the unit that the last of these events decided, if one of them did and it is not known to be filled. */
  const settle = Effect.fnUntraced(function* (events: ReadonlyArray<WireEvent>, bytes: number) {
    let last: WireEvent | null = null
    for (const found of events)
      if (found.own[UNIT] !== undefined && found.event.revision > (last?.event.revision ?? -1)) last = found
    if (last === null) return
    const { stream, revision } = last.event
    const reference = parseReference(last.own[UNIT]!)
    if (reference === null || revision <= (settled.get(stream) ?? -1)) return
    yield* fillFrom(stream, reference, bytes)
    settled.set(stream, revision)
  })

  /** Writes the unit where it decides nothing yet. */
  const write = Effect.fnUntraced(function* (
    stream: string,
    count: number,
    eventsFor: (reference: Reference) => ReadonlyArray<NewEvent>,
    bytes: number,
  ) {
    for (let attempt = 0; attempt < UNIT_TRIES; attempt++) {
      const end = ends.get(stream) ?? (yield* reading.head(stream)) ?? -1
      ends.forget(stream)
      let expected = end
      const reference: Reference = { first: end + 1, last: end + count }
      for (const chunk of yield* chunksOf({ stream, expected, events: eventsFor(reference) }, bytes)) {
        const outcome = yield* appending.append([chunk])
        // A former owner wrote one of its own, which nobody will ask for.
        if (outcome._tag === "Conflict") break
        yield* placeOf(outcome)
        expected = chunk.expected + chunk.events.length
      }
      if (expected < reference.last) continue
      ends.set(stream, expected)
      return reference
    }
    return yield* Effect.fail<Unfinished>({ _tag: "Indeterminate" })
  })

  /** The streams that are not where the unit expects them. */
  const conflicts = Effect.fnUntraced(function* (appends: ReadonlyArray<Append>) {
    const heads = yield* Effect.forEach(appends, ({ stream }) => reading.head(stream), {
      concurrency: STREAMS_AT_ONCE,
    })
    return appends.filter(({ expected }, i) => heads[i] !== null && heads[i] !== expected).map(({ stream }) => stream)
  })

  /** Whether the unit was decided before, with the same ids, by an attempt whose answer was lost. */
  const isDecided = Effect.fnUntraced(function* (lead: Append, bytes: number) {
    const from = { from: lead.expected + 1, backward: false, limit: lead.events.length }
    const found = yield* reading.stream(lead.stream, from)
    yield* settle(found, bytes)
    return found.length > 0 && found.every(({ event }, i) => event.id === lead.events[i]?.id)
  })

  const decide = Effect.fnUntraced(function* (appends: ReadonlyArray<Append>, bytes: number) {
    const lead = appends[leadOf(appends.map(({ stream }) => stream))]!
    const others = appends.filter((append) => append !== lead)
    const unit = unitStreamOf(lead.stream)
    if (lead.expected >= 0 && settled.get(lead.stream) === undefined)
      yield* settle(yield* reading.stream(lead.stream, { from: lead.expected, backward: true, limit: 1 }), bytes)
    const found = yield* conflicts(appends)
    if (found.includes(lead.stream) && (yield* isDecided(lead, bytes)))
      // It is filled by now; each stream says where.
      return yield* fill(lead.stream, appends, bytes)
    if (found.length > 0) return yield* Effect.fail<Unfinished>({ _tag: "Conflict", streams: found })

    // The first part of the lead that fits decides; the rest of it is filled like any other stream.
    const [deciding] = yield* chunksOf(referring(lead, WIDEST), bytes)
    const size = deciding!.events.length
    const rest: Append = { ...lead, expected: lead.expected + size, events: lead.events.slice(size) }
    const remainingFor = (reference: Reference): ReadonlyArray<Append> =>
      rest.events.length === 0 ? others : [...others, referring(rest, reference)]
    const count = appends.reduce((sum, { events }) => sum + events.length, 0) - size
    const reference = yield* write(unit, count, (given) => remainingFor(given).flatMap(copyOf), bytes)
    const first = referring({ ...lead, events: lead.events.slice(0, size) }, reference)
    const decided = yield* placeOf(yield* appending.append([first]))
    const filled = yield* fill(lead.stream, remainingFor(reference), bytes)
    settled.set(lead.stream, lead.expected + lead.events.length)
    if (Math.floor(reference.last / UNIT_EVENTS_KEPT) > Math.floor((reference.first - 1) / UNIT_EVENTS_KEPT))
      yield* forgetting.truncate(unit, reference.first)
    return laterOf(decided, filled) ?? decided
  })

  return {
    /**
     * @param appends to different streams, none empty
     * @param bytes how much the server takes in one append
     */
    append: (appends: ReadonlyArray<Append>, bytes: number): Effect.Effect<Outcome, JournalError> =>
      decide(appends, bytes).pipe(
        Effect.map((position): Outcome => ({ _tag: "Appended", position })),
        Effect.catchIf(
          (failure) => failure._tag !== "JournalError",
          (failure) => Effect.succeed<Outcome>(failure),
        ),
      ),
    settle: (events: ReadonlyArray<WireEvent>, bytes: number): Effect.Effect<void, JournalError> =>
      Effect.mapError(settle(events, bytes), (failure) =>
        failure._tag === "JournalError"
          ? failure
          : new JournalError({ reason: "unavailable", detail: "could not fill a unit that is decided already" }),
      ),
  }
}
export type Units = ReturnType<typeof makeUnits>
