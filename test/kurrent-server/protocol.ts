/** The protocol as far as the tests go, from the definitions in `proto/`. */
import grpc from "@grpc/grpc-js"
import type { ServiceDefinition } from "@grpc/grpc-js"
import { loadSync } from "@grpc/proto-loader"
import { join } from "node:path"

const files = ["shared", "status", "features", "gossip", "streams", "many"].map((name) => `${name}.proto`)
const definitions = loadSync(files, {
  includeDirs: [join(import.meta.dirname, "proto")],
  keepCase: true,
  longs: String,
  oneofs: true,
  arrays: true,
  objects: true,
})

const service = (name: string): ServiceDefinition => definitions[name] as unknown as ServiceDefinition

export const FEATURES = service("event_store.client.server_features.ServerFeatures")
export const GOSSIP = service("event_store.client.gossip.Gossip")
export const STREAMS = service("event_store.client.streams.Streams")
export const MANY = service("kurrentdb.protocol.v2.streams.StreamsService")
const SHARED_PACKED = service("event_store.client.Packed")
const MANY_PACKED = service("kurrentdb.protocol.v2.streams.Packed")
const STATUS_PACKED = service("google.rpc.Packed")

export interface Packed {
  readonly type_url: string
  readonly value: Buffer
}
const packed = (type: string, value: Buffer): Packed => ({ type_url: `type.googleapis.com/${type}`, value })

/** `current` is -1 where there is no stream. */
export const packConflict = (current: number, expected: number): Packed =>
  packed(
    "event_store.client.WrongExpectedVersion",
    SHARED_PACKED["Conflict"]!.requestSerialize({
      ...(current < 0 ? { current_no_stream: {} } : { current_stream_revision: current }),
      ...(expected === -1 ? { expected_no_stream: {} } : {}),
      ...(expected === -2 ? { expected_any: {} } : {}),
      ...(expected === -4 ? { expected_stream_exists: {} } : {}),
      ...(expected >= 0 ? { expected_stream_position: expected } : {}),
    }),
  )
export const packTooLarge = (maxAppendSize: number): Packed =>
  packed("event_store.client.MaximumAppendSizeExceeded", SHARED_PACKED["TooLarge"]!.requestSerialize({ maxAppendSize }))
export const packTimeout = (): Packed =>
  packed("event_store.client.Timeout", SHARED_PACKED["Conflict"]!.responseSerialize({}))
/** What a server that is starting or busy packs: nothing that the client could make sense of. */
export const packNothing = (): Packed => packed("google.protobuf.Empty", Buffer.alloc(0))

const V2 = "kurrentdb.protocol.v2.streams.errors"
export const packRevisionConflict = (stream: string, expected: number, actual: number): Packed =>
  packed(
    `${V2}.StreamRevisionConflictErrorDetails`,
    MANY_PACKED["Conflict"]!.requestSerialize({ stream, expected_revision: expected, actual_revision: actual }),
  )
export const packTransactionTooLarge = (size: number, max: number): Packed =>
  packed(
    `${V2}.AppendTransactionSizeExceededErrorDetails`,
    MANY_PACKED["Conflict"]!.responseSerialize({ size, max_size: max }),
  )

/** A call's failure with details in its trailer, as the newer API sends it. */
export const failure = (code: grpc.status, message: string, details: Packed) => {
  const metadata = new grpc.Metadata()
  metadata.add("grpc-status-details-bin", STATUS_PACKED["Encode"]!.requestSerialize({ code, message, details }))
  return { code, details: message, metadata }
}
/** A call's failure with its kind in the trailer `exception`, as the older API sends it. */
export const exception = (code: grpc.status, kind: string, values: Readonly<Record<string, string>> = {}) => {
  const metadata = new grpc.Metadata()
  metadata.add("exception", kind)
  for (const [key, value] of Object.entries(values)) metadata.add(key, value)
  return { code, details: kind, metadata }
}
