/** How a product's own service follows the canonical events of a tenant: the only thing it has to import besides the stores. */
import { follow } from "@concordat/engine/flows/follow"
import { Invalid } from "@concordat/engine/operations/failures"
import type { BusError } from "@concordat/engine/ports/Bus"
import type { Journal, JournalError, Subscribed } from "@concordat/engine/ports/Journal"
import type { LiveTail } from "@concordat/engine/ports/LiveTail"
import { ENTITY_TYPES, type EntityType } from "@concordat/model/canonical/fields"
import type { UnreadableEvent } from "@concordat/model/events/stored"
import { NAME } from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { type CanonicalEvent, canonicalOf } from "./event.ts"

export type { CanonicalEvent, CanonicalKind } from "./event.ts"

export interface CanonicalSubscription {
  readonly tenant: string
  /** The position of an item that was had before; null: from the first event there is. */
  readonly after: string | null
  /** Default: all. */
  readonly types?: ReadonlyArray<EntityType>
}

/** `position` is what to give as `after` to go on behind the item: opaque, and only of the journal that it came from. */
export type CanonicalItem =
  | { readonly _tag: "Event"; readonly event: CanonicalEvent; readonly position: string }
  /** Everything up to here was looked at. Kept, it spares a restart from reading what is of others once more. */
  | { readonly _tag: "Checkpoint"; readonly position: string }
  /** What was the end is reached: said once, and again after the journal was away. */
  | { readonly _tag: "CaughtUp" }

/** Waits before the journal is asked again, in ms. */
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 3_000

const FOREIGN =
  "is no position of this journal: give null to begin with the first event, or the position of an item of a subscription to the same journal"

const check = ({ tenant, types = ENTITY_TYPES }: CanonicalSubscription): Effect.Effect<void, Invalid> => {
  if (!NAME.test(tenant))
    return new Invalid({ field: "tenant", value: tenant, detail: "is no tenant's name: a-z, 0-9 and _, at most 63" })
  const unknown = types.find((type) => !ENTITY_TYPES.includes(type))
  if (types.length === 0 || unknown !== undefined) {
    const detail = `is no list of canonical types: give some of ${ENTITY_TYPES.join(", ")}, or leave it out for all`
    return new Invalid({ field: "types", value: unknown ?? "[]", detail })
  }
  return Effect.void
}

const itemOf = (item: Subscribed): Effect.Effect<CanonicalItem, UnreadableEvent> =>
  item._tag === "Event"
    ? Effect.map(Effect.fromResult(canonicalOf(item.event)), (event): CanonicalItem => ({
        _tag: "Event",
        event,
        position: item.event.position,
      }))
    : Effect.succeed(item)

/**
 * The canonical events of a tenant after a position: what is in the journal, and then what comes, for as long as it is
 * pulled from.
 *
 * In the journal's order, so each entity's events by their revision without a gap. One run hands out each event once. Who keeps the
 * position of the last item together with what it did has each event once altogether; who keeps it later gets again what came after
 * the kept one, and nothing else.
 *
 * NATS saves reading the journal and is needed for nothing: with it events come some ms after they are decided, without it, or where it
 * loses something, within five seconds. A journal that is away is waited for. In memory are at most 500 events of the journal, and a few
 * thousand (or three times 16 MB) of the tail, however slowly the stream is pulled from.
 *
 * Fails with `Invalid` (`tenant`, `types`, or `after`: no position of this journal), `UnreadableEvent` (a newer engine wrote it: upgrade
 * this program and go on from the kept position), `JournalError` and `BusError` (what does not pass by itself: `unauthorised`, …).
 */
export const subscribeCanonical = (
  options: CanonicalSubscription,
): Stream.Stream<CanonicalItem, Invalid | UnreadableEvent | JournalError | BusError, Journal | LiveTail> =>
  Stream.suspend(() => {
    let reached = options.after
    const run = Stream.suspend(() => follow({ ...options, after: reached })).pipe(
      Stream.mapEffect(itemOf),
      Stream.tap((item) =>
        Effect.sync(() => {
          if (item._tag !== "CaughtUp") reached = item.position
        }),
      ),
    )
    const patience = Schedule.min([Schedule.exponential(FIRST_PAUSE_MS, 2), Schedule.spaced(LONGEST_PAUSE_MS)]).pipe(
      Schedule.jittered,
      Schedule.setInputType<Stream.Error<typeof run>>(),
      Schedule.while(({ input }) => "reason" in input && input.reason === "unavailable"),
      Schedule.tap(({ attempt, input }) =>
        attempt === 1 ? Effect.logWarning("canonical events wait for what is away", input.message) : Effect.void,
      ),
    )
    return Stream.concat(Stream.drain(Stream.fromEffect(check(options))), Stream.retry(run, patience)).pipe(
      Stream.catchIf(
        (error) => error._tag === "JournalError" && error.reason === "foreign",
        () => Stream.fail(new Invalid({ field: "after", value: String(reached), detail: FOREIGN })),
      ),
    )
  })
