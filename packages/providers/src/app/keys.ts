/**
 * Idempotency keys that were taken, and the revision each was answered with. They stand in the metadata of
 * `DeliveryAccepted` events of the connection's `delivery-` stream, as hashes, so they survive a restart, are shared by
 * every process that takes edits, and expire with the deliveries. What falls between an edit and its key (a crash) is sent
 * again by the app with values that the record holds already: an observation that changes nothing is not appended.
 */
import type { Journal, JournalError, NewEvent, RecordedEvent } from "@concordat/engine/ports/Journal"
import { eventId, sha256 } from "@concordat/model/ids"
import { versionOf } from "@concordat/model/events/stored"
import { canonicalJson, type JsonObject } from "@concordat/model/json"
import { delivery } from "@concordat/model/streams"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

const PAGE = 200
/** Newest keys that are kept in memory, by connection. */
const MOST = 100_000
const TRIES = 50

export interface Keyed {
  readonly object: string
  readonly id: string
  readonly key: string
  readonly values: JsonObject | null
}

/** `same`: the key came with this very body. */
export interface Remembered {
  readonly revision: number
  readonly same: boolean
}

/** The body's hash is salted with the key, which nobody but the app knows: it says nothing of a value. */
const nameOf = (edit: Keyed): string => sha256(`${edit.object}\n${edit.id}\n${edit.key}`).slice(0, 24)
const bodyOf = (edit: Keyed): string => sha256(`${edit.key}\n${canonicalJson(edit.values)}`).slice(0, 12)

type Entry = { readonly body: string; readonly revision: number }
const ENTRY = /^([0-9a-f]{24})\.([0-9a-f]{12})\.(-?\d+)$/

const entriesOf = (event: RecordedEvent): ReadonlyArray<readonly [string, Entry]> =>
  (event.metadata["keys"] ?? "").split(",").flatMap((text) => {
    const [, name, body, revision] = ENTRY.exec(text) ?? []
    return name === undefined || body === undefined ? [] : [[name, { body, revision: Number(revision) }] as const]
  })

export type KeyJournal = Pick<Journal["Service"], "read" | "append">

export interface Keys {
  readonly recall: (edits: ReadonlyArray<Keyed>) => Effect.Effect<ReadonlyArray<Remembered | null>, JournalError>
  /** `false` where the journal could not say that it holds them. */
  readonly remember: (
    taken: ReadonlyArray<{ readonly edit: Keyed; readonly revision: number }>,
  ) => Effect.Effect<boolean, JournalError>
}

export const makeKeys = (journal: KeyJournal, tenant: string, connection: string): Keys => {
  const stream = delivery(tenant, connection)
  const known = new Map<string, Entry>()
  let revision = -1
  let loaded = false

  const note = (event: RecordedEvent): void => {
    for (const [name, entry] of entriesOf(event)) known.set(name, entry)
    while (known.size > MOST) known.delete(known.keys().next().value ?? "")
    revision = Math.max(revision, event.revision)
  }

  /** The newest keys once, by going back; from then on what was added, by this process or another. */
  const load = Effect.gen(function* () {
    const newestFirst: Array<RecordedEvent> = []
    let found = 0
    let from: number | "end" = "end"
    while (found < MOST) {
      const page: ReadonlyArray<RecordedEvent> = yield* journal.read(stream, {
        from,
        direction: "backward",
        limit: PAGE,
      })
      for (const event of page) {
        newestFirst.push(event)
        found += entriesOf(event).length
      }
      const last = page.at(-1)
      if (page.length < PAGE || last === undefined || last.revision === 0) break
      from = last.revision - 1
    }
    for (const event of newestFirst.toReversed()) note(event)
    loaded = true
  })

  const catchUp = Effect.gen(function* () {
    if (!loaded) return yield* load
    for (;;) {
      const page = yield* journal.read(stream, { from: revision + 1, direction: "forward", limit: PAGE })
      for (const event of page) note(event)
      if (page.length < PAGE) return
    }
  })

  const recall: Keys["recall"] = Effect.fnUntraced(function* (edits) {
    yield* catchUp
    return edits.map((edit) => {
      const entry = known.get(nameOf(edit))
      return entry === undefined ? null : { revision: entry.revision, same: entry.body === bodyOf(edit) }
    })
  })

  const remember: Keys["remember"] = Effect.fnUntraced(function* (taken) {
    if (taken.length === 0) return true
    const keys = taken.map(({ edit, revision }) => `${nameOf(edit)}.${bodyOf(edit)}.${revision}`).join(",")
    const data = canonicalJson({ _tag: "DeliveryAccepted", connection, hints: [] })
    const at = new Date(yield* Clock.currentTimeMillis).toISOString()
    for (let tries = 0; tries < TRIES; tries++) {
      const id = eventId(stream, revision, sha256(`${data}\n${keys}`))
      const schemaVersion = String(versionOf("DeliveryAccepted"))
      const metadata = { $correlationId: id, $causationId: id, at, schemaVersion, keys }
      const event: NewEvent = { id, type: "DeliveryAccepted", data, metadata }
      const answer = yield* journal.append({ stream, expected: revision, events: [event] })
      // Whether it was the own event or another that came in between, the tail says which.
      yield* catchUp
      if (answer._tag === "Appended" || taken.every(({ edit }) => known.get(nameOf(edit))?.body === bodyOf(edit))) {
        return true
      }
    }
    return false
  })

  return { recall, remember }
}
