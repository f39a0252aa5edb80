/**
 * Reading over the client's own channel. Its `readStream` and `readAll` go through a native library instead, which is left
 * out, and its subscriptions say by events beside their stream that a checkpoint or the end was reached, while what was
 * read before still waits to be consumed: a checkpoint kept then would skip it. Here every message comes in its order.
 *
 * What is used of the client is not public; its version is pinned, and each test goes through here.
 */
import type { CallOptions, Client as GrpcClient, ClientReadableStream, Metadata } from "@grpc/grpc-js"
import type { KurrentDBClient } from "@kurrent/kurrentdb-client"
import shared from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js"
import streamsGrpc from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js"
import streams from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js"
import type pb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js"
import manyGrpc from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_grpc_pb.js"
import { SEARCH_WINDOW, CHECKPOINT_WINDOWS } from "./limits.ts"
import { parsePosition } from "./positions.ts"

interface Internals {
  readonly GRPCStreamCreator: <C extends GrpcClient, T>(
    client: new (...parameters: ReadonlyArray<never>) => C,
    name: string,
    create: (client: C) => T,
  ) => () => Promise<T>
  readonly callArguments: (options: { requiresLeader: boolean }, call: CallOptions) => [Metadata, CallOptions]
  readonly capabilities: Promise<{ readonly serverVersion: string }>
  readonly supports: (method: unknown) => Promise<boolean>
  readonly getChannel: () => Promise<{ readonly close: () => void }>
}
const internals = (client: KurrentDBClient): Internals => client as unknown as Internals

/** Whether the server appends to several streams at once: KurrentDB 25.1 and later. */
export const appendsMany = (client: KurrentDBClient): Promise<boolean> =>
  internals(client).supports(manyGrpc.StreamsServiceService.appendSession)

/** `major.minor.patch` and maybe more; "unknown" of a server before 21.10. */
export const versionOf = async (client: KurrentDBClient): Promise<string> =>
  (await internals(client).capabilities).serverVersion

/** Another one after each reconnection, which may have led to another node. */
export const channelOf = (client: KurrentDBClient): Promise<{ readonly close: () => void }> =>
  internals(client).getChannel()

/** @param timeout in ms, by the wall clock, which is the one that gRPC looks at; `Infinity` for a subscription */
export const openRead = (
  client: KurrentDBClient,
  request: pb.ReadReq,
  timeout: number,
): Promise<ClientReadableStream<pb.ReadResp>> => {
  const { GRPCStreamCreator, callArguments } = internals(client)
  // Only the leader has all that was acknowledged: another node may say "end" before it.
  const call = callArguments({ requiresLeader: true }, { deadline: Date.now() + timeout })
  return GRPCStreamCreator(streamsGrpc.StreamsClient, "read", (grpc) => grpc.read(request, ...call))()
}

const empty = new shared.Empty()

const readRequest = (fill: (options: pb.ReadReq.Options) => void): pb.ReadReq => {
  const options = new streams.ReadReq.Options()
  const uuids = new streams.ReadReq.Options.UUIDOption()
  uuids.setString(empty)
  options.setUuidOption(uuids)
  options.setResolveLinks(false)
  options.setNoFilter(empty)
  // From 21.10 on the server then says where a stream ends, also where all of it was truncated.
  const control = new streams.ReadReq.Options.ControlOption()
  control.setCompatibility(1)
  options.setControlOption(control)
  fill(options)
  const request = new streams.ReadReq()
  request.setOptions(options)
  return request
}

export interface StreamRead {
  readonly stream: string
  readonly from: number | "end"
  readonly backward: boolean
  readonly count: number
}

export const streamRequest = ({ stream, from, backward, count }: StreamRead): pb.ReadReq =>
  readRequest((options) => {
    const identifier = new shared.StreamIdentifier()
    identifier.setStreamName(Buffer.from(stream).toString("base64"))
    const at = new streams.ReadReq.Options.StreamOptions()
    at.setStreamIdentifier(identifier)
    if (from === "end") at.setEnd(empty)
    else at.setRevision(String(from))
    options.setStream(at)
    options.setReadDirection(backward ? 1 : 0)
    options.setCount(String(count))
  })

const filterOf = (prefixes: ReadonlyArray<string>): pb.ReadReq.Options.FilterOptions => {
  const names = new streams.ReadReq.Options.FilterOptions.Expression()
  if (prefixes.length > 0) names.setPrefixList([...prefixes])
  // Without prefixes all but the server's own streams.
  else names.setRegex("^[^$]")
  const filter = new streams.ReadReq.Options.FilterOptions()
  filter.setStreamIdentifier(names)
  filter.setMax(SEARCH_WINDOW)
  filter.setCheckpointintervalmultiplier(CHECKPOINT_WINDOWS)
  return filter
}

const allOptions = (after: string | null): pb.ReadReq.Options.AllOptions => {
  const all = new streams.ReadReq.Options.AllOptions()
  const position = after === null ? null : parsePosition(after)
  if (position === null) all.setStart(empty)
  else {
    const at = new streams.ReadReq.Options.Position()
    at.setCommitPosition(position.commit.toString())
    at.setPreparePosition(position.prepare.toString())
    all.setPosition(at)
  }
  return all
}

/** Reads begin at the position itself, subscriptions after it. */
export const allRequest = (
  from: string | null,
  prefixes: ReadonlyArray<string>,
  count: number | "follow",
): pb.ReadReq =>
  readRequest((options) => {
    options.setAll(allOptions(from))
    options.setFilter(filterOf(prefixes))
    if (count === "follow") options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
    else options.setCount(String(count))
  })

export const endRequest = (): pb.ReadReq =>
  readRequest((options) => {
    const all = new streams.ReadReq.Options.AllOptions()
    all.setEnd(empty)
    options.setAll(all)
    options.setReadDirection(1)
    options.setCount("1")
  })
