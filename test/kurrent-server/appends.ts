/** Appends to one stream (a call that stays open, answers by correlation id) and to several at once. */
import grpc from "@grpc/grpc-js"
import type { ServerDuplexStream, ServerReadableStream, sendUnaryData } from "@grpc/grpc-js"
import type { AppendFault, Faults } from "./faults.ts"
import { ANY, EXISTS, NO_STREAM } from "./log.ts"
import type { Log, Proposed, Write, Written } from "./log.ts"
import {
  exception,
  failure,
  packConflict,
  packNothing,
  packRevisionConflict,
  packTimeout,
  packTooLarge,
  packTransactionTooLarge,
} from "./protocol.ts"
import type { Packed } from "./protocol.ts"

export interface AppendOptions {
  readonly log: Log
  readonly faults: Faults
  readonly maxAppendSize: number
  readonly dropConnections: () => void
}

interface Uuid {
  readonly string?: string
}
interface BatchRequest {
  readonly correlation_id: Uuid
  readonly options?: {
    readonly stream_identifier: { readonly stream_name: Buffer }
    readonly expected: "stream_position" | "no_stream" | "any" | "stream_exists"
    readonly stream_position?: string
  }
  readonly proposed_messages: ReadonlyArray<{
    readonly id: Uuid
    readonly metadata: Readonly<Record<string, string>>
    readonly custom_metadata?: Buffer
    readonly data?: Buffer
  }>
  readonly is_final?: boolean
}
interface Pending {
  readonly stream: string
  readonly expected: number
  readonly records: Array<Proposed>
  size: number
}

const expectedOf = (options: NonNullable<BatchRequest["options"]>): number => {
  switch (options.expected) {
    case "stream_position":
      return Number(options.stream_position)
    case "no_stream":
      return NO_STREAM
    case "any":
      return ANY
    case "stream_exists":
      return EXISTS
  }
}
/** As the server counts it (`Event.SizeOnDisk`). */
const sizeOf = ({ type, data, metadata }: Proposed): number => data.length + metadata.length + 2 * type.length

const leader = ({ host, port }: { readonly host: string; readonly port: number }) =>
  exception(grpc.status.NOT_FOUND, "not-leader", {
    "leader-endpoint-host": host,
    "leader-endpoint-port": String(port),
  })

/** Whether a fault lets the append take effect. */
const isApplied = (fault: AppendFault | undefined): boolean =>
  fault === undefined || fault.kind === "none" || fault.kind === "slow" || ("applied" in fault && fault.applied)

export const batchAppend =
  ({ log, faults, maxAppendSize, dropConnections }: AppendOptions) =>
  (call: ServerDuplexStream<BatchRequest, object>): void => {
    faults.seen.batches += 1
    const pending = new Map<string, Pending>()
    call.on("error", () => undefined)
    call.on("end", () => call.end())

    const answer = (request: BatchRequest, stream: string, result: object): void => {
      if (call.writable)
        call.write({
          correlation_id: request.correlation_id,
          stream_identifier: { stream_name: Buffer.from(stream) },
          ...result,
        })
    }
    const refuse = (request: BatchRequest, stream: string, details: Packed, message: string): void =>
      answer(request, stream, { error: { code: 2, message, details } })

    const finish = async (request: BatchRequest, { stream, expected, records }: Pending): Promise<void> => {
      faults.seen.appends += 1
      const fault = faults.append.shift()
      const written: Written | null = isApplied(fault) ? await log.write([{ stream, expected, records }]) : null
      switch (fault?.kind) {
        case "slow":
          await fault.until
          break
        case "silent":
          return
        case "drop":
          return dropConnections()
        case "end":
          call.end()
          return
        case "busy":
          return refuse(request, stream, packNothing(), "Server Is Busy")
        case "timeout":
          return refuse(request, stream, packTimeout(), "Timeout")
        case "forgetful":
          return refuse(request, stream, packConflict(await log.head(stream), expected), "WrongExpectedVersion")
        case "notLeader":
          call.emit("error", leader(fault))
          return
      }
      if (written?._tag === "Conflict")
        return refuse(request, stream, packConflict(written.current, expected), "WrongExpectedVersion")
      const position = written!.position.toString()
      answer(request, stream, {
        success: {
          current_revision: written!.revisions[0],
          position: { commit_position: position, prepare_position: position },
        },
      })
    }

    call.on("data", (request: BatchRequest) => {
      const id = request.correlation_id.string ?? JSON.stringify(request.correlation_id)
      if (request.options !== undefined && request.options !== null)
        pending.set(id, {
          stream: request.options.stream_identifier.stream_name.toString("utf8"),
          expected: expectedOf(request.options),
          records: [],
          size: 0,
        })
      const unit = pending.get(id)
      if (unit === undefined) return
      for (const message of request.proposed_messages) {
        const record: Proposed = {
          id: message.id.string!,
          type: message.metadata["type"]!,
          isJson: message.metadata["content-type"] === "application/json",
          data: message.data ?? Buffer.alloc(0),
          metadata: message.custom_metadata ?? Buffer.alloc(0),
        }
        unit.records.push(record)
        unit.size += sizeOf(record)
      }
      if (unit.size > maxAppendSize) {
        pending.delete(id)
        return refuse(request, unit.stream, packTooLarge(maxAppendSize), "MaximumAppendSizeExceeded")
      }
      if (request.is_final !== true) return
      pending.delete(id)
      finish(request, unit).catch((cause: unknown) => {
        refuse(request, unit.stream, packNothing(), String(cause))
      })
    })
  }

interface SessionRequest {
  readonly stream: string
  readonly expected_revision?: string
  readonly records: ReadonlyArray<{
    readonly record_id: string
    readonly properties: Readonly<Record<string, { readonly stringValue?: string }>>
    readonly schema: { readonly format: number; readonly name: string }
    readonly data?: Buffer
  }>
}

const JSON_FORMAT = 1

const sessionWrite = ({ stream, expected_revision: expected, records }: SessionRequest): Write => ({
  stream,
  expected: expected === undefined ? ANY : Number(expected),
  records: records.map(({ record_id: id, properties, schema, data }) => {
    const isJson = schema.format === JSON_FORMAT
    const values = Object.entries(properties).map(([key, value]) => [key, value.stringValue ?? ""])
    // The real server keeps the schema beside the properties and shows it among the metadata.
    const added = { "$schema.name": schema.name, "$schema.format": isJson ? "Json" : "Bytes" }
    const metadata = Buffer.from(JSON.stringify({ ...Object.fromEntries(values), ...added }))
    return { id, type: schema.name, isJson, data: data ?? Buffer.alloc(0), metadata }
  }),
})

export const appendSession =
  ({ log, faults, maxAppendSize, dropConnections }: AppendOptions) =>
  (call: ServerReadableStream<SessionRequest, object>, callback: sendUnaryData<object>): void => {
    const requests: Array<SessionRequest> = []
    const invalid = (message: string) => callback({ code: grpc.status.INVALID_ARGUMENT, details: message })

    const finish = async (): Promise<void> => {
      faults.seen.sessions += 1
      const names = requests.map(({ stream }) => stream.toLowerCase())
      if (requests.length === 0) return invalid("no requests")
      if (new Set(names).size < names.length) return invalid("a stream appears twice, in upper or lower case")
      if (requests.some(({ records }) => records.length === 0)) return invalid("a request without records")
      const writes = requests.map(sessionWrite)
      const size = writes.flatMap(({ records }) => records).reduce((sum, record) => sum + sizeOf(record), 0)
      if (size > maxAppendSize)
        return callback(
          failure(grpc.status.ABORTED, "transaction too large", packTransactionTooLarge(size, maxAppendSize)),
        )
      const fault = faults.append.shift()
      const written = isApplied(fault) ? await log.write(writes) : null
      switch (fault?.kind) {
        case "slow":
          await fault.until
          break
        case "silent":
          return
        case "drop":
          return dropConnections()
        case "notLeader":
          return callback(leader(fault))
        case "forgetful": {
          const { stream, expected } = writes[0]!
          const details = packRevisionConflict(stream, expected, await log.head(stream))
          return callback(failure(grpc.status.FAILED_PRECONDITION, "revision conflict", details))
        }
        case "end":
        case "busy":
        case "timeout":
          return callback({ code: grpc.status.ABORTED, details: "timed out waiting for commit" })
      }
      if (written?._tag === "Conflict") {
        const { stream, expected } = writes[written.index]!
        const details = packRevisionConflict(stream, expected, written.current)
        return callback(failure(grpc.status.FAILED_PRECONDITION, "revision conflict", details))
      }
      const position = written!.position.toString()
      const output = writes.map(({ stream }, i) => ({ stream, stream_revision: written!.revisions[i] }))
      callback(null, { output, position })
    }
    const broken = (cause: unknown) => callback({ code: grpc.status.INTERNAL, details: String(cause) })
    call.on("error", () => undefined)
    call.on("data", (request: SessionRequest) => requests.push(request))
    call.on("end", () => {
      finish().catch(broken)
    })
  }
