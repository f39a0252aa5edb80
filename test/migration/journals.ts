/** Journals for the tests of moving: files in memory, a server over the wire, and what stands in them. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { COPY_BYTES } from "@concordat/engine/limits"
import type { JournalShape } from "@concordat/engine/migration/history"
import { moveTenant, type Moving } from "@concordat/engine/migration/moving"
import { Journal, type NewEvent, type RecordedEvent } from "@concordat/engine/ports/Journal"
import * as streams from "@concordat/model/streams"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createHash } from "node:crypto"

export const ACME = "acme"

/** An embedded journal of its own. */
export const embedded = Effect.map(Layer.build(Layer.fresh(sqlite({ path: ":memory:", inPlace: true }))), (context) =>
  Context.get(context, Journal),
)

const SEVERAL = { streams: true, bytes: COPY_BYTES }
const ONE = { streams: false, bytes: COPY_BYTES }

/** Moves a tenant to a server, or to a file where `several`. */
export const move = (
  from: JournalShape,
  to: JournalShape,
  { onFirst = Effect.void, several = false, tenant = ACME }: Partial<Moving> & { readonly several?: boolean } = {},
) => moveTenant({ tenant, from, to, together: several ? SEVERAL : ONE, onFirst, onProgress: () => Effect.void })

let made = 0
export const event = (data: string, type = "RecordObserved"): NewEvent => {
  const digest = createHash("sha256").update(`event ${made++}`).digest("hex")
  const id = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  return { id, type, data, metadata: { $correlationId: id, at: "2026-11-20T12:00:00.000Z", schemaVersion: "1" } }
}

/** All that a tenant's streams show, in the journal's order, without its positions. */
export const shownOf = Effect.fnUntraced(function* (journal: JournalShape, tenant = ACME) {
  const all: Array<Omit<RecordedEvent, "position">> = []
  const starts = new Map<string, number>()
  for (let after: string | null = null; ;) {
    const page: { readonly events: ReadonlyArray<RecordedEvent>; readonly position: string | null } =
      yield* journal.readAll({ after, prefixes: [], limit: 1_000 })
    for (const { position: _, ...rest } of page.events) {
      if (streams.tenantOf(rest.stream) !== tenant) continue
      if (!starts.has(rest.stream)) {
        const [first] = yield* journal.read(rest.stream, { from: 0, direction: "forward", limit: 1 })
        starts.set(rest.stream, first?.revision ?? Infinity)
      }
      if (rest.revision >= starts.get(rest.stream)!) all.push(rest)
    }
    if (page.events.length === 0) return all
    after = page.position
  }
})

/** Text that a store that parses and prints would not give back as it was. */
const AS_IT_IS = '{"b": 1.0, "a":"na\\u00efve 😀", "a":2}'
const LARGE = 300_000

const append = Effect.fnUntraced(function* (journal: JournalShape, stream: string, events: ReadonlyArray<NewEvent>) {
  const [last] = yield* journal.read(stream, { from: "end", direction: "backward", limit: 1 })
  const result = yield* journal.append({ stream, expected: last?.revision ?? -1, events })
  if (result._tag !== "Appended") return yield* Effect.die(new Error(`${stream}: ${result._tag}`))
})

/**
 * Streams of every category, turn by turn; another tenant whose name begins the same; deliveries whose beginning is forgotten;
 * more in one stream than an older server takes at once.
 */
export const fill = Effect.fnUntraced(function* (journal: JournalShape, turns = 12) {
  yield* append(journal, streams.connection(ACME, "crm"), [event("{}", "ConnectionOpened")])
  yield* append(journal, streams.connection("acme2", "crm"), [event("{}", "ConnectionOpened")])
  for (let n = 0; n < turns; n++) {
    yield* append(journal, streams.record(ACME, "crm", "people", String(n % 5)), [event(`{"n":${n}}`), event(AS_IT_IS)])
    yield* append(journal, streams.entity("contact", ACME, `c${n % 5}`), [event(`{"c":${n}}`, "ContactChanged")])
    yield* append(journal, streams.delivery(ACME, "crm"), [event(`{"hints":[${n}]}`, "DeliveryAccepted")])
    yield* append(journal, streams.worker(ACME, "crm"), [event(`{"cursor":"${n}"}`, "PageCommitted")])
    yield* append(journal, streams.entity("contact", "acme2", `c${n}`), [event("{}", "ContactCreated")])
    yield* append(journal, streams.request(ACME), [event(`{"by":"kim ${n}"}`, "ArmRequested")])
  }
  yield* append(
    journal,
    streams.connection(ACME, "crm"),
    Array.from({ length: 5 }, (_, n) => event(JSON.stringify({ n, text: "x".repeat(LARGE) }), "MetadataObserved")),
  )
  yield* journal.truncate(streams.delivery(ACME, "crm"), turns - 3)
  // None of the tenant's: it fences whoever owns the share in this journal.
  yield* append(journal, `partition-${streams.partitionOf(ACME)}`, [event("{}", "BatchDecided")])
})
