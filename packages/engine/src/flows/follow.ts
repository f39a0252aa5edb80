/**
 * The canonical events of a tenant from any position on: the journal's, then the live tail's, in order, none left out and
 * none twice. The journal alone says what there is. An announced event is handed on without it only where it says of itself
 * that it follows the last one; in every other case the journal is read from there.
 */
import { ENTITY_TYPES, type EntityType } from "@concordat/model/canonical/fields"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { FOLLOW_AGAIN_MS, FOLLOW_EVENTS, FOLLOW_LOOK_MS, FOLLOW_REMEMBERED, FOLLOW_TRIES } from "../limits.ts"
import type { BusError } from "../ports/Bus.ts"
import { Journal, type JournalError, type RecordedEvent, type Subscribed } from "../ports/Journal.ts"
import { type Heard, LiveTail } from "../ports/LiveTail.ts"

export interface FollowOptions {
  readonly tenant: string
  /** null: from the first event there is. */
  readonly after: string | null
  /** Default: all. */
  readonly types?: ReadonlyArray<EntityType>
}

/** The next place to read from, and how often the event that was announced was not there yet. */
interface Place {
  readonly from: string | null
  readonly tries: number
}

export const follow = ({
  after,
  tenant,
  types = ENTITY_TYPES,
}: FollowOptions): Stream.Stream<Subscribed, JournalError | BusError, Journal | LiveTail> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const [journal, tail] = [yield* Journal, yield* LiveTail]
      const partition = streams.partitionOf(tenant)
      const prefixes = ENTITY_TYPES.map((type) => `${type}-${partition}.${tenant}.`)
      const wanted = new Set<string>(types)
      /** Everything up to here was looked at. */
      let reached = after
      /** The position of the tenant's last event, of whatever type: not that of `reached`, where none followed. */
      let last: string | null = null
      /** The position that was handed out last, with an event or alone. */
      let told = after
      let isCaughtUp = false
      const recent = new Set<string>()

      /** The event's place is taken; it is handed out if it is of a type that was asked for. */
      const accept = (event: RecordedEvent): ReadonlyArray<Subscribed> => {
        last = event.position
        recent.add(event.id)
        if (recent.size > FOLLOW_REMEMBERED) recent.delete(recent.values().next().value!)
        if (!wanted.has(streams.categoryOf(event.stream))) return []
        told = event.position
        return [{ _tag: "Event", event }]
      }

      const atEnd = (): ReadonlyArray<Subscribed> => {
        const items: Array<Subscribed> = []
        if (reached !== null && reached !== told) items.push({ _tag: "Checkpoint", position: reached })
        if (!isCaughtUp) items.push({ _tag: "CaughtUp" })
        told = reached
        isCaughtUp = true
        return items
      }

      /** Reads to the end, and where an event is announced, until it is there: a follower of a cluster may be behind. */
      const readOn = (announced: string | null) =>
        Stream.paginate<Place, Subscribed, JournalError>(
          { from: reached, tries: 0 },
          Effect.fnUntraced(function* ({ from, tries }) {
            const page = yield* journal.readAll({ after: from, prefixes, limit: FOLLOW_EVENTS })
            reached = page.position ?? from
            const items = page.events.flatMap(accept)
            if (page.events.length > 0) return [items, Option.some({ from: reached, tries })] as const
            if (announced === null || recent.has(announced) || tries >= FOLLOW_TRIES)
              return [atEnd(), Option.none()] as const
            yield* Effect.sleep(FOLLOW_AGAIN_MS)
            return [[], Option.some({ from: reached, tries: tries + 1 })] as const
          }),
        )

      const hear = (heard: Heard): Stream.Stream<Subscribed, JournalError> => {
        if (heard._tag === "Missed") return readOn(null)
        const { event } = heard
        if (recent.has(event.id)) return Stream.empty
        if (heard.after === null || heard.after !== last) return readOn(event.id)
        reached = event.position
        return Stream.fromIterable(accept(event))
      }

      const looks = Stream.tick(FOLLOW_LOOK_MS).pipe(
        Stream.drop(1),
        Stream.map((): Heard => ({ _tag: "Missed" })),
      )
      return Stream.merge(tail.listen(tenant), looks).pipe(Stream.flatMap(hear))
    }),
  )
