/** Follows the journal over a filtered subscription to `$all`, which is opened again where it broke off. */
import { JournalError } from "@concordat/engine/ports/Journal"
import type { Subscribed } from "@concordat/engine/ports/Journal"
import type { KurrentDBClient } from "@kurrent/kurrentdb-client"
import type pb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import type { Clients } from "./clients.ts"
import { toWireEvent } from "./events.ts"
import { toFailure, toReadError } from "./failures.ts"
import type { Failure } from "./failures.ts"
import { Incoming } from "./incoming.ts"
import { CONFIRM_TIMEOUT_MS, REOPEN_TRIES, RETRY_MAX_MS, RETRY_MS } from "./limits.ts"
import { knownPosition } from "./positions.ts"
import { checkPosition, endOf } from "./reading.ts"
import { isShown } from "./unit-names.ts"
import { allRequest, channelOf, openRead } from "./wire.ts"

interface Options {
  readonly after: string | null
  readonly prefixes: ReadonlyArray<string>
}
interface Place {
  /** Everything up to here was looked at; a subscription that breaks off goes on after it. */
  readonly reached: string | null
  readonly caughtUp: boolean
  /** Times in a row that it could not be opened. */
  readonly failures: number
}
interface Open {
  readonly client: KurrentDBClient
  readonly incoming: Incoming
  /** The end as it was right before, on the same node. */
  readonly end: string | null
}

const isAfter = (position: string | null, reached: string | null): position is string =>
  position !== null && (reached === null || position > reached)

/** What one message says, in the order in which the server says it. */
const itemsOf = (
  message: pb.ReadResp,
  place: Place,
  end: string | null,
): { items: Array<Subscribed>; place: Place } => {
  const record = message.getEvent()?.getEvent()
  if (record !== undefined) {
    const { event } = toWireEvent(record)
    // What was seen before a reconnection does not come twice.
    if (!isAfter(event.position, place.reached)) return { items: [], place }
    const items: Array<Subscribed> = isShown(event) ? [{ _tag: "Event", event }] : []
    return { items, place: { ...place, reached: event.position } }
  }
  const checkpoint = message.getCheckpoint()
  if (checkpoint !== undefined) {
    const position = knownPosition(BigInt(checkpoint.getCommitPosition()), BigInt(checkpoint.getPreparePosition()))
    if (!isAfter(position, place.reached)) return { items: [], place }
    return { items: [{ _tag: "Checkpoint", position }], place: { ...place, reached: position } }
  }
  if (message.hasCaughtUp() && !place.caughtUp) {
    // Servers before 24.10 do not say where that is; it is not before what was the end when it was opened.
    const items: Array<Subscribed> = isAfter(end, place.reached) ? [{ _tag: "Checkpoint", position: end }] : []
    items.push({ _tag: "CaughtUp" })
    return { items, place: { ...place, reached: isAfter(end, place.reached) ? end : place.reached, caughtUp: true } }
  }
  // It fell behind and goes on by itself, or it is confirmed.
  return { items: [], place }
}

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, Failure> =>
  Effect.tryPromise({ try: run, catch: (cause) => toFailure(cause) })

const inTime = <A>(effect: Effect.Effect<A, Failure>): Effect.Effect<A, Failure> =>
  effect.pipe(
    Effect.timeoutOption(Duration.millis(CONFIRM_TIMEOUT_MS)),
    Effect.flatMap(
      Option.match({
        onSome: (value) => Effect.succeed(value),
        onNone: () => Effect.fail<Failure>({ _tag: "Unknown", detail: `no answer within ${CONFIRM_TIMEOUT_MS} ms` }),
      }),
    ),
  )

/** Half of the wait and a random part of the other half. */
const waitBefore = (failures: number): Effect.Effect<void> =>
  Effect.flatMap(Random.next, (part) => {
    const full = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** failures)
    return Effect.sleep(Duration.millis((full * (1 + part)) / 2))
  })

export const subscribe = (clients: Clients, options: Options): Stream.Stream<Subscribed, JournalError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const subscriber = yield* clients.subscriber
      let current: Open | null = null
      yield* Effect.addFinalizer(() => Effect.sync(() => current?.incoming.cancel()))

      const open = Effect.fnUntraced(function* (place: Place) {
        const client = subscriber.client()
        const end = yield* endOf(client)
        yield* Effect.mapError(checkPosition(place.reached, end), (error): Failure => ({ _tag: "Refused", error }))
        const channel = yield* attempt(() => channelOf(client))
        const request = allRequest(place.reached, options.prefixes, "follow")
        const incoming = yield* attempt(async () => new Incoming(await openRead(client, request, Infinity)))
        current = { client, incoming, end }
        const first = yield* inTime(attempt(() => incoming.next()))
        if ((yield* attempt(() => channelOf(client))) !== channel)
          return yield* Effect.fail<Failure>({ _tag: "Unknown", detail: "another node answered" })
        return first
      })

      const fetch = Effect.fnUntraced(function* (place: Place) {
        const opened = current
        const messages = opened === null ? yield* open(place) : yield* attempt(() => opened.incoming.next())
        if (messages.length === 0)
          return yield* Effect.fail<Failure>({ _tag: "Unknown", detail: "the server ended it" })
        return messages
      })

      const broken = Effect.fnUntraced(function* (failure: Failure, place: Place) {
        const opened = current
        current = null
        opened?.incoming.cancel()
        if (failure._tag === "Refused") return yield* failure.error
        if (place.failures >= REOPEN_TRIES) return yield* toReadError(failure)
        const detail = failure._tag === "Unknown" ? failure.detail : failure._tag
        // Once, however often it is tried: whoever follows the journal is told when it is given up.
        if (place.failures === 0)
          yield* Effect.logWarning(`subscription to the journal broke off, opening it again: ${detail}`)
        if (opened !== null && place.failures > 0) yield* subscriber.renew(opened.client)
        yield* waitBefore(place.failures)
        return [[], Option.some<Place>({ ...place, failures: place.failures + 1 })] as const
      })

      const next = (place: Place) =>
        Effect.matchEffect(fetch(place), {
          onFailure: (failure) => broken(failure, place),
          onSuccess: (messages) => {
            const items: Array<Subscribed> = []
            let at: Place = { ...place, failures: 0 }
            for (const message of messages) {
              const said = itemsOf(message, at, current?.end ?? null)
              items.push(...said.items)
              at = said.place
            }
            const result = [items, Option.some(at)] as const
            return place.failures === 0
              ? Effect.succeed(result)
              : Effect.as(Effect.logInfo("subscription to the journal is open again"), result)
          },
        })

      const first: Place = { reached: options.after, caughtUp: false, failures: 0 }
      return Stream.paginate(first, next)
    }),
  )
