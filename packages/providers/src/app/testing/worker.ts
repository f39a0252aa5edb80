/** A connection worker reduced to what the app's tests need: it appends what is submitted, and writes through the connector. */
import type { ConnectionConfig, Connector, RawRecord, WriteOutcome } from "@concordat/engine/ports/Provider"
import { clear } from "@concordat/model/events/envelope"
import { eventId, sha256 } from "@concordat/model/ids"
import { canonicalJson, type JsonObject } from "@concordat/model/json"
import * as streams from "@concordat/model/streams"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { makeConnector } from "../connector.ts"
import { type AppHandle, AppUnavailable } from "../submit.ts"
import type { VersionsOf } from "../versions.ts"
import type { MemoryJournal } from "./memory-journal.ts"

export const opaqueId = (externalId: string): string => streams.opaqueId(externalId, "test key")

export interface Written {
  readonly object: string
  readonly id?: string
  readonly entity: string
  readonly kind: "create" | "update" | "archive"
  readonly values: JsonObject
}

export const makeWorker = (memory: MemoryJournal, versionsOf: VersionsOf, tenant: string, connection: string) => {
  const config: ConnectionConfig = { tenant, connection, settings: {}, credentials: {}, opaqueId }
  const connector: Connector = makeConnector(config, versionsOf)
  const versions = new Map<string, string>()
  const held = new Map<string, JsonObject>()
  let populated = 0
  const followed: Array<boolean> = []
  let away = false
  let sequence = 0

  const append = Effect.fnUntraced(function* (stream: string, type: string, body: Readonly<Record<string, unknown>>) {
    const expected = memory.of(stream).length - 1
    const data = canonicalJson({ _tag: type, connection, ...body })
    const at = new Date(yield* Clock.currentTimeMillis).toISOString()
    const id = eventId(stream, expected, sha256(data))
    yield* Effect.orDie(
      memory.journal.append({ stream, expected, events: [{ id, type, data, metadata: { at, schemaVersion: "1" } }] }),
    )
    return expected + 1
  })
  const streamOf = (object: string, id: string) => streams.record(tenant, connection, object, opaqueId(id))
  const gate = Effect.suspend(() =>
    away ? Effect.fail(new AppUnavailable({ detail: "the worker is away", retryAfterMs: 1_000 })) : Effect.void,
  )

  /** As the engine does: what changes nothing is not appended. */
  const observe = Effect.fnUntraced(function* (record: RawRecord) {
    const { object, id } = record
    const name = `${object}:${id}`
    const before = held.get(name) ?? {}
    const after = { ...before, ...record.values }
    if (record.version !== undefined) versions.set(name, record.version)
    const stream = streamOf(object, id)
    if (held.has(name) && canonicalJson(before) === canonicalJson(after)) {
      return { id, revision: memory.of(stream).length - 1 }
    }
    held.set(name, after)
    const revision = yield* append(stream, "RecordObserved", {
      object,
      externalId: id,
      values: clear(record.values),
      readStartedAt: yield* Clock.currentTimeMillis,
      readBefore: 0,
      stamp: record.stamp ?? null,
      by: record.by ?? null,
      via: "webhook",
      ownId: record.ownId ?? null,
    })
    return { id, revision }
  })

  const handle: AppHandle = {
    submit: (records) => Effect.andThen(gate, Effect.forEach(records, observe)),
    gone: (records) =>
      Effect.andThen(
        gate,
        Effect.forEach(records, ({ object, id }) =>
          Effect.map(
            append(streamOf(object, id), "RecordGone", {
              object,
              externalId: id,
              reason: "deleted",
              readStartedAt: 0,
            }),
            (revision) => {
              // Back alike, it is news, as in the engine.
              held.delete(`${object}:${id}`)
              return { id, revision }
            },
          ),
        ),
      ),
    populated: Effect.andThen(
      gate,
      Effect.sync(() => {
        populated += 1
      }),
    ),
    followed: (isKnown) =>
      Effect.andThen(
        gate,
        Effect.sync(() => void followed.push(isKnown)),
      ),
  }

  const begin = Effect.fnUntraced(function* (write: Written) {
    sequence += 1
    const key = sha256(`${sequence}`)
    const version = write.id === undefined ? undefined : versions.get(`${write.object}:${write.id}`)
    const stream =
      write.id === undefined ? streams.create(tenant, connection, write.entity) : streamOf(write.object, write.id)
    const of = { object: write.object, externalId: write.id ?? null, entity: { type: write.object, id: write.entity } }
    const sent = clear({ groups: {}, values: write.values })
    yield* append(stream, "WriteIntended", { ...of, due: sequence, key, kind: write.kind, sent })
    return { write, key, version, stream, of, due: sequence }
  })
  type Begun = Effect.Success<ReturnType<typeof begin>>

  const call = Effect.fnUntraced(function* ({ write, key, version }: Begun) {
    const [answer] = yield* connector.write!(write.object, [
      {
        key,
        kind: write.kind,
        ownId: write.entity,
        type: write.object,
        values: write.values,
        before: {},
        ...(write.id === undefined ? {} : { id: write.id }),
        ...(version === undefined ? {} : { version }),
      },
    ])
    return answer!.outcome
  })

  /** What was overtaken by an edit leaves no answer in the journal, as in the engine. */
  const keep = Effect.fnUntraced(function* ({ write, key, stream, of, due }: Begun, outcome: WriteOutcome) {
    if (outcome._tag !== "Written") return outcome
    const name = `${write.object}:${outcome.id}`
    if (outcome.version !== undefined) versions.set(name, outcome.version)
    held.set(name, { ...held.get(name), ...outcome.held })
    yield* append(stream, "RecordWritten", {
      ...of,
      externalId: outcome.id,
      due,
      key,
      kind: write.kind,
      held: outcome.held === undefined ? null : clear(outcome.held),
      stamp: null,
      adopted: false,
      refused: [],
      attempts: 1,
    })
    return outcome
  })
  const finish = (begun: Begun) => Effect.flatMap(call(begun), (outcome) => keep(begun, outcome))

  return {
    handle,
    connector,
    begin,
    call,
    keep,
    finish,
    write: (write: Written) => Effect.flatMap(begin(write), finish),
    streamOf,
    observations: (object: string, id: string) =>
      memory.of(streamOf(object, id)).filter((event) => event.type === "RecordObserved"),
    populated: () => populated,
    /** Whether each place that the app named was known, as the worker was told. */
    followed: () => followed,
    /** As after a rebuild from the journal, where versions do not stand. */
    forgetVersions: () => versions.clear(),
    /** As one that knows no more than the journal says of no record at all. */
    forgetAll: () => {
      versions.clear()
      held.clear()
    },
    leave: (now: boolean) => {
      away = now
    },
  }
}
export type Worker = ReturnType<typeof makeWorker>
