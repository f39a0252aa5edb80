/** Facts of made-up tenants, as a journal has them: connections that are opened, and people who are seen. */
import { Journal } from "@concordat/engine/ports/Journal"
import { clear } from "@concordat/model/events/envelope"
import { versionOf } from "@concordat/model/events/stored"
import { eventId, sha256 } from "@concordat/model/ids"
import { canonicalJson } from "@concordat/model/json"
import { emptyMetadata } from "@concordat/model/metadata"
import * as streams from "@concordat/model/streams"
import { EDITION } from "@concordat/rules/edition"
import { parseMapping } from "@concordat/rules/mapping/parse"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

const document = Result.getOrThrow(
  parseMapping(
    `objects:
  person:
    type: contact
    fields:
      email: email
      firstName: first
      lastName: last
      title: title
`,
    "test.yaml",
  ),
)
const metadata = {
  ...emptyMetadata,
  fields: { person: Object.fromEntries(["email", "first", "last", "title"].map((name) => [name, { type: "text" }])) },
}

const say = Effect.fnUntraced(function* (
  stream: string,
  expected: number,
  at: number,
  data: { readonly _tag: string },
) {
  const journal = yield* Journal
  const id = eventId(stream, expected, sha256(canonicalJson(data)))
  const event = {
    id,
    type: data._tag,
    data: JSON.stringify(data),
    metadata: { at: new Date(at).toISOString(), schemaVersion: String(versionOf(data._tag)), $correlationId: id },
  }
  const result = yield* journal.append({ stream, expected, events: [event] })
  assert.strictEqual(result._tag, "Appended")
})

export const open = Effect.fnUntraced(function* (
  connection: string,
  isApp: boolean,
  tenant = "acme",
  edition: number = EDITION,
) {
  const stream = streams.connection(tenant, connection)
  const opened = {
    _tag: "ConnectionOpened",
    connection,
    provider: connection,
    class: "peer",
    isApp,
    settings: {},
    create: { contact: "always" },
    pollEveryMs: 60_000,
    mark: "mark0000",
    armed: true,
    edition,
  }
  yield* say(stream, -1, 1_000, opened)
  yield* say(stream, 0, 1_000, { _tag: "MetadataObserved", connection, metadata } as never)
  yield* say(stream, 1, 1_000, { _tag: "MappingChanged", connection, document } as never)
})

export const observe = (
  connection: string,
  id: string,
  revision: number,
  at: number,
  values: Record<string, string | null>,
  tenant = "acme",
) =>
  say(streams.record(tenant, connection, "person", id), revision - 1, at, {
    _tag: "RecordObserved",
    connection,
    object: "person",
    externalId: id,
    values: clear(values),
    readStartedAt: at - 1,
    readBefore: 0,
    stamp: null,
    by: null,
    via: "poll",
    ownId: null,
  } as never)
