/** What Concordat wrote to the app's records, read from the journal: any position can be resumed, also after a restart. */
import type { Journal, RecordedEvent } from "@concordat/engine/ports/Journal"
import type { RecordWritten } from "@concordat/model/events/record"
import type { JsonObject } from "@concordat/model/json"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Clock from "effect/Clock"
import { factOf, type Open, sentValues } from "./history.ts"

export interface Change {
  readonly object: string
  readonly id: string
  /** The entity's id. */
  readonly entity: string
  /** What the record's next edit is based on: -1 after a create, whose own stream has no event yet. */
  readonly revision: number
  readonly values: JsonObject
  readonly kind: "create" | "update" | "archive"
  readonly key: string
}

export interface Changes {
  /** Empty: from the start. */
  readonly position: string
  readonly changes: ReadonlyArray<Change>
}

/**
 * A position that this journal has not come to: it was restored from a backup, and has lost what the app has seen and sent
 * since. The app has to send all that it has.
 */
export class JournalRestored extends Schema.TaggedError<JournalRestored>()("JournalRestored", {
  position: Schema.String,
}) {
  override get message(): string {
    return "the position is not of this journal, which was restored: forget all revisions, send every record, POST ready, and follow again without a position"
  }
}

/** A position whose events were given up: follow again from the start. */
export class PositionUnknown extends Schema.TaggedError<PositionUnknown>()("PositionUnknown", {
  position: Schema.String,
}) {
  override get message(): string {
    return "what came after the position is no longer kept; follow again without one"
  }
}

export interface FollowOptions {
  readonly journal: Pick<Journal["Service"], "read" | "readAll" | "subscribe">
  readonly tenant: string
  readonly connection: string
  readonly open: Open
}

export interface FollowRequest {
  readonly after: string | null
  readonly waitMs: number
  readonly limit: number
}

const PAGE = 500
const LOOK_BACK = 64

export const prefixesOf = (tenant: string, connection: string): ReadonlyArray<string> => [
  streams.record(tenant, connection, "", "").slice(0, -1),
  streams.create(tenant, connection, ""),
]

export const makeFollow = ({ journal, tenant, connection, open }: FollowOptions) => {
  const prefixes = prefixesOf(tenant, connection)

  /** What was sent, where the answer was kept without values: it stands in the intent, a little before. */
  const fromIntent = Effect.fnUntraced(function* (event: RecordedEvent, key: string) {
    const before = yield* journal.read(event.stream, { from: event.revision, direction: "backward", limit: LOOK_BACK })
    for (const earlier of before) {
      const fact = yield* factOf(earlier)
      if (fact?._tag === "WriteIntended" && fact.key === key) return sentValues(yield* open(tenant, fact.sent))
    }
    return {}
  })

  const changeOf = Effect.fnUntraced(function* (event: RecordedEvent) {
    if (event.type !== "RecordWritten") return null
    const fact = (yield* factOf(event)) as RecordWritten
    const values =
      fact.kind === "archive"
        ? {}
        : fact.held === null
          ? yield* fromIntent(event, fact.key)
          : yield* open(tenant, fact.held)
    return {
      object: fact.object,
      id: fact.externalId,
      entity: fact.entity.id,
      revision: streams.categoryOf(event.stream) === "create" ? -1 : event.revision,
      values,
      kind: fact.kind,
      key: fact.key,
    } satisfies Change
  })

  /** Everything there is by now, at most `limit` changes; events that are no change move the position all the same. */
  const collect = Effect.fnUntraced(function* (after: string | null, limit: number) {
    const changes: Array<Change> = []
    let position = after
    for (;;) {
      const page = yield* journal.readAll({ after: position, prefixes, limit: PAGE })
      for (const event of page.events) {
        const change = yield* changeOf(event)
        position = event.position
        if (change !== null && changes.push(change) >= limit) return { position, changes }
      }
      position = page.position ?? position
      if (page.events.length < PAGE) return { position, changes }
    }
  })

  const written = (after: string | null) =>
    journal.subscribe({ after, prefixes }).pipe(
      Stream.filter((item) => item._tag === "Event" && item.event.type === "RecordWritten"),
      Stream.take(1),
      Stream.runDrain,
    )

  return Effect.fn("app.changes")(function* (request: FollowRequest) {
    const until = (yield* Clock.currentTimeMillis) + request.waitMs
    let after = request.after
    for (;;) {
      const found = yield* collect(after, request.limit)
      const left = until - (yield* Clock.currentTimeMillis)
      if (found.changes.length > 0 || left <= 0) return { position: found.position ?? "", changes: found.changes }
      after = found.position
      const came = yield* Effect.timeoutOption(written(after), left)
      if (Option.isNone(came)) return { position: after ?? "", changes: [] }
    }
  })
}
export type Follow = ReturnType<typeof makeFollow>
