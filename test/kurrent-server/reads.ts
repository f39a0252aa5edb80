/** Reads of a stream and of everything, and subscriptions to everything. */
import grpc from "@grpc/grpc-js"
import type { ServerWritableStream } from "@grpc/grpc-js"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import type { Faults, ReadFault } from "./faults.ts"
import { before, recorded, toWire } from "./log.ts"
import type { Log, Recorded } from "./log.ts"
import { exception } from "./protocol.ts"

export interface ReadOptions {
  readonly log: Log
  readonly faults: Faults
  /** Servers before 24.10 send no checkpoint before they say that a subscription caught up. */
  readonly isOld: boolean
}

interface Expression {
  readonly regex?: string
  readonly prefix?: ReadonlyArray<string>
}
interface Options {
  readonly from: "stream" | "all"
  readonly stream?: {
    readonly stream_identifier: { readonly stream_name: Buffer }
    readonly at: "revision" | "start" | "end"
    readonly revision?: string
  }
  readonly all?: {
    readonly at: "position" | "start" | "end"
    readonly position?: { readonly commit_position?: string }
  }
  readonly read_direction?: number
  readonly how_many: "count" | "subscription"
  readonly count?: string
  readonly which: "filter" | "no_filter"
  readonly filter?: {
    readonly filter: "stream_identifier" | "event_type"
    readonly stream_identifier?: Expression
    readonly event_type?: Expression
    readonly max?: number
    readonly checkpoint_interval_multiplier?: number
  }
  readonly control_option?: { readonly compatibility?: number }
}
export type ReadCall = ServerWritableStream<{ readonly options: Options }, object>

const message = (record: Recorded): object => ({
  event: {
    event: {
      id: { string: record.id },
      stream_identifier: { stream_name: Buffer.from(record.stream) },
      stream_revision: String(record.revision),
      prepare_position: record.position.toString(),
      commit_position: record.position.toString(),
      metadata: {
        type: record.type,
        created: record.created,
        "content-type": record.isJson ? "application/json" : "application/octet-stream",
      },
      custom_metadata: record.metadata,
      data: record.data,
    },
    commit_position: record.position.toString(),
  },
})

const matches = (expression: Expression, text: string): boolean => {
  if (expression.prefix !== undefined && expression.prefix.length > 0)
    return expression.prefix.some((prefix) => text.startsWith(prefix))
  return new RegExp(expression.regex ?? "").test(text)
}
const isWanted = ({ which, filter }: Options, record: Recorded): boolean =>
  which !== "filter" ||
  (filter!.filter === "stream_identifier"
    ? matches(filter!.stream_identifier ?? {}, record.stream)
    : matches(filter!.event_type ?? {}, record.type))

/** Writes when the other side has room; `false` once the call is over. */
const sender = (call: ReadCall) => {
  let isOver = false
  call.on("cancelled", () => {
    isOver = true
    call.emit("drain")
  })
  call.on("error", () => {
    isOver = true
  })
  return {
    isOver: () => isOver,
    send: async (item: object): Promise<boolean> => {
      if (isOver) return false
      if (!call.write(item)) await new Promise<void>((resolve) => call.once("drain", () => resolve()))
      return !isOver
    },
  }
}

const fail = (call: ReadCall, fault: ReadFault): void => {
  if (fault.kind === "notLeader")
    call.emit(
      "error",
      exception(grpc.status.NOT_FOUND, "not-leader", {
        "leader-endpoint-host": fault.host,
        "leader-endpoint-port": String(fault.port),
      }),
    )
  else call.emit("error", { code: grpc.status.UNAVAILABLE, details: "the node is shutting down" })
}

const readStream = async (log: Log, call: ReadCall): Promise<void> => {
  const { stream, read_direction: direction, count, control_option: control } = call.request.options
  const name = stream!.stream_identifier.stream_name.toString("utf8")
  const backward = direction === 1
  const { send } = sender(call)
  const head = await log.head(name)
  const first = await log.firstVisible(name)
  if (head < 0 || first > Number.MAX_SAFE_INTEGER) {
    await send({ stream_not_found: { stream_identifier: stream!.stream_identifier } })
    call.end()
    return
  }
  const end = backward ? "end" : head + 1
  const from = stream!.at === "end" ? end : stream!.at === "start" ? 0 : Number(stream!.revision ?? 0)
  const start = backward || from === "end" ? from : Math.max(from, first)
  for (const record of await log.read(name, start, backward, Number(count)))
    if (record.revision >= first && !(await send(message(record)))) return
  if ((control?.compatibility ?? 0) >= 1) await send({ last_stream_position: String(head) })
  call.end()
}

const PAGE = 500

const readAll = async (log: Log, call: ReadCall): Promise<void> => {
  const { all, read_direction: direction, count } = call.request.options
  const { send } = sender(call)
  let wanted = Number(count)
  if (direction === 1) {
    // As far as the tests go: the last event there is.
    const end = await log.end()
    const page =
      end === null
        ? []
        : await Effect.runPromise(log.journal.readAll({ after: before(end), prefixes: [], limit: 1 })).then(
            ({ events }) => events,
          )
    for (const event of page) if (!(await send(message(recorded(event))))) return
    call.end()
    return
  }
  let after = all!.at === "position" ? before(BigInt(all!.position!.commit_position ?? 0)) : null
  while (wanted > 0) {
    const page = await Effect.runPromise(log.journal.readAll({ after, prefixes: [], limit: PAGE }))
    for (const event of page.events) {
      const record = recorded(event)
      if (wanted === 0 || !isWanted(call.request.options, record)) continue
      wanted -= 1
      if (!(await send(message(record)))) return
    }
    if (page.events.length < PAGE) break
    after = page.position
  }
  call.end()
}

/** The server's own page where a filter names no window. */
const WINDOW = 32

const followAll = async ({ log, isOld }: ReadOptions, call: ReadCall, fault: ReadFault | undefined): Promise<void> => {
  const { all, filter } = call.request.options
  const output = sender(call)
  const interval = (filter?.max ?? WINDOW) * (filter?.checkpoint_interval_multiplier ?? 1)
  // A subscription begins after the position, a read at it.
  const after = all!.at === "position" ? before(BigInt(all!.position!.commit_position ?? 0) + 1n) : null
  let considered = 0
  let sent = 0
  let position = 0n
  const checkpoint = () =>
    output.send({ checkpoint: { commit_position: position.toString(), prepare_position: position.toString() } })
  await output.send({ confirmation: { subscription_id: randomUUID() } })
  const stopped = new Promise<void>((resolve) => {
    call.on("cancelled", () => resolve())
    call.on("error", () => resolve())
  })
  const run = log.journal.subscribe({ after, prefixes: [] }).pipe(
    Stream.runForEach((item) =>
      Effect.promise(async () => {
        if (item._tag === "Checkpoint") {
          position = toWire(item.position)
          return
        }
        if (item._tag === "CaughtUp") {
          if (!isOld && filter !== undefined && filter !== null && position > 0n) await checkpoint()
          await output.send({ caught_up: {} })
          if (fault?.kind === "fallBehind") {
            await output.send({ fell_behind: {} })
            await output.send({ caught_up: {} })
          }
          return
        }
        const record = recorded(item.event)
        position = record.position
        considered += 1
        if (isWanted(call.request.options, record)) {
          await output.send(message(record))
          sent += 1
          if (fault?.kind === "breakOff" && sent >= fault.after) fail(call, fault)
        }
        if (considered % interval === 0 && filter !== undefined && filter !== null) await checkpoint()
      }),
    ),
  )
  const abort = new AbortController()
  stopped.then(
    () => abort.abort(),
    () => undefined,
  )
  await Effect.runPromise(run, { signal: abort.signal }).catch((cause: unknown) => {
    if (!output.isOver()) throw cause
  })
}

export const read =
  (options: ReadOptions) =>
  (call: ReadCall): void => {
    const { log, faults } = options
    const { from, how_many: howMany } = call.request.options
    const isSubscription = howMany === "subscription"
    faults.seen[isSubscription ? "subscriptions" : "reads"] += 1
    const fault = (isSubscription ? faults.subscription : faults.read).shift()
    if (fault?.kind === "silent") return
    if (fault?.kind === "unavailable" || fault?.kind === "notLeader") return fail(call, fault)
    const done = isSubscription
      ? followAll(options, call, fault)
      : from === "stream"
        ? readStream(log, call)
        : readAll(log, call)
    done.catch((cause: unknown) => call.emit("error", { code: grpc.status.UNKNOWN, details: String(cause) }))
  }
