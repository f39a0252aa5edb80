/** What is missing from a list of everything: confirmed by a read, or by a second list, before it is called gone. */
import type { Mapping } from "@concordat/rules/mapping/lens"
import type { RecordKey, SeenDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { SCAN_DOCUMENTS } from "../limits.ts"
import type { Page, Reading } from "../ports/Provider.ts"
import type { Gate } from "./faults.ts"
import { ingest } from "./ingest.ts"
import { ListedIds } from "./listed-ids.ts"
import { look } from "./look.ts"
import { canRead, mappedObjects, type Parts } from "./parts.ts"
import type { Polling } from "./polling.ts"
import { Flow } from "./rota.ts"
import { lastRead } from "./seen.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"
import { backfill, untilReady } from "./walks.ts"

/** Ids that the last complete list lacked, by object: where nothing can be read by id, the second time in a row counts. */
export type Suspects = Map<string, ListedIds>

/** A record that was seen or written after the list began may be missing from it and be there all the same. */
export const isMissing = (id: string, seen: SeenDoc, listed: Pick<ListedIds, "has">, began: number): boolean =>
  !seen.gone && !listed.has(id) && seen.factAt < began && lastRead(seen, "fields") < began

const known = Effect.fnUntraced(function* (parts: Parts, object: string, each: (id: string, seen: SeenDoc) => void) {
  const prefix = `${parts.connection}|${object}:`
  for (let after: string | null = null; ;) {
    const page: ReadonlyArray<{ readonly key: string; readonly value: string }> = yield* asWorkerError(
      parts.connection,
    )(parts.state.scan({ tenant: parts.tenant, kind: "seen", prefix, after, limit: SCAN_DOCUMENTS }))
    for (const { key, value } of page) each(key.slice(prefix.length), JSON.parse(value) as SeenDoc)
    if (page.length < SCAN_DOCUMENTS) return
    after = page.at(-1)!.key
  }
})

/** Compares a complete list with what is known. */
const compare = Effect.fnUntraced(function* (
  parts: Parts,
  gate: Gate,
  mapping: Mapping,
  suspects: Suspects,
  list: {
    readonly object: string
    readonly ids: ListedIds
    readonly began: number
    readonly isNews: boolean
  },
) {
  const { object, ids, began } = list
  const gone: Array<RecordKey> = []
  yield* known(parts, object, (id, seen) => {
    if (!seen.gone) ids.tell(id)
    if (isMissing(id, seen, ids, began)) gone.push({ object, id })
  })
  const fresh = (list.isNews ? ids.untold : []).map((id): RecordKey => ({ object, id }))
  if (canRead(parts, object)) {
    suspects.delete(object)
    yield* look(parts, gate, { mapping, records: [...gone, ...fresh], via: "census", work: "census" })
    return
  }
  const before = suspects.get(object)
  const missing = new ListedIds()
  for (const { id } of gone) missing.add(id)
  suspects.set(object, missing)
  const readings = gone
    .filter(({ id }) => before?.has(id) === true)
    .map(({ id }): Reading => ({ _tag: "Gone", object, id, reason: "deleted" }))
  yield* ingest(parts, { mapping, readings, via: "census", startedAt: began, byId: true })
})

/** All ids of an object: what is missing is confirmed, what was never seen is read. */
export const census = Effect.fn("Connection.census")(function* (
  parts: Parts,
  gate: Gate,
  mapping: Mapping,
  suspects: Suspects,
  object: string,
) {
  const walk = parts.connector.census
  if (walk === undefined) return
  const began = yield* parts.tick
  const ids = new ListedIds()
  for (let cursor: Page["next"] = null, waits = 0; ;) {
    const page: Page = yield* gate.call("census", walk(object, cursor))
    for (const hint of page.hints) if (hint.object === object) ids.add(hint.id)
    for (const record of page.records) if (record.object === object) ids.add(record.id)
    if (page.next === null) break
    cursor = page.next
    waits = page.more ? 0 : waits + 1
    // A list that never gets ready says nothing of what is there: the next census begins anew.
    if (waits > 0 && !(yield* untilReady(waits))) return
  }
  yield* compare(parts, gate, mapping, suspects, { object, ids, began, isNews: true })
})

/** The whole object once more, for providers that tell of changes in no other way. */
export const snapshot = Effect.fn("Connection.snapshot")(function* (
  parts: Parts,
  gate: Gate,
  mapping: Mapping,
  suspects: Suspects,
  object: string,
) {
  const began = yield* parts.tick
  const ids = new ListedIds()
  yield* backfill(parts, gate, mapping, object, "snapshot", ids)
  yield* compare(parts, gate, mapping, suspects, { object, ids, began, isNews: false })
})

/** Takes a census of each object that needs one, again and again. */
export class Census extends Flow {
  readonly parts: Parts
  readonly polling: Polling

  constructor(parts: Parts, polling: Polling) {
    super(parts.rota, parts.censusEveryMs)
    this.parts = parts
    this.polling = polling
  }

  override turn(): Effect.Effect<number, WorkerError> {
    return takeAll(this)
  }
}

const takeAll = Effect.fnUntraced(function* ({ parts, polling }: Census) {
  const mapping = yield* polling.mappingWhenRead
  if (mapping === null) return parts.censusEveryMs
  for (const [object, definition] of mappedObjects(parts, mapping)) {
    if (!definition.census) continue
    const walk = census(parts, polling.gate, mapping, polling.suspects, object)
    yield* polling.guarded(`census of ${object}`, polling.counted(walk))
  }
  return parts.censusEveryMs
})
