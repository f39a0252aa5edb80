/** Events on their way to the client and back: bytes are kept as they are. */
import type { NewEvent, RecordedEvent } from "@concordat/engine/ports/Journal"
import { binaryEvent, jsonEvent } from "@kurrent/kurrentdb-client"
import type { EventData } from "@kurrent/kurrentdb-client"
import type pb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js"
import { knownPosition } from "./positions.ts"

/** Where an event is a copy in a unit's stream: the stream it is for and the revision it gets there. */
export const FOR_STREAM = "$unit.stream"
export const FOR_REVISION = "$unit.revision"
/** On the event that decides a unit: the first and the last revision of its copies in the unit's stream. */
export const UNIT = "$unit"
const OWN_KEYS = new Set([FOR_STREAM, FOR_REVISION, UNIT])
/** What the server adds to records that were appended to several streams together. */
const isSchemaKey = (key: string): boolean => key.startsWith("$schema.")

/** The client writes what it parses and prints itself. Text that would not come back the same goes as bytes instead. */
const isSameWhenPrinted = (text: string): boolean => {
  try {
    return JSON.stringify(JSON.parse(text)) === text
  } catch {
    return false
  }
}

export const toEventData = ({ id, type, data, metadata }: NewEvent): EventData =>
  isSameWhenPrinted(data)
    ? jsonEvent({ id, type, data: JSON.parse(data), metadata })
    : binaryEvent({ id, type, data: Buffer.from(data), metadata })

/** As the server counts it against its limit (`Event.SizeOnDisk`), and some for what this adapter adds. */
export const bytesOf = (event: NewEvent): number =>
  Buffer.byteLength(event.data) + Buffer.byteLength(JSON.stringify(event.metadata)) + 2 * event.type.length + 64

export interface WireEvent {
  readonly event: RecordedEvent
  /** Keys of this adapter's own in the metadata. */
  readonly own: Readonly<Record<string, string>>
}

const parseMetadata = (bytes: Uint8Array): Readonly<Record<string, unknown>> => {
  if (bytes.length === 0) return {}
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"))
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    // Somebody else's, of an event that is none of ours.
    return {}
  }
}

export const streamOf = (record: pb.ReadResp.ReadEvent.RecordedEvent): string =>
  Buffer.from(record.getStreamIdentifier()!.getStreamName_asU8()).toString("utf8")

export const positionOf = (record: pb.ReadResp.ReadEvent.RecordedEvent): string =>
  knownPosition(BigInt(record.getCommitPosition()), BigInt(record.getPreparePosition())) ?? ""

export const toWireEvent = (record: pb.ReadResp.ReadEvent.RecordedEvent): WireEvent => {
  const metadata: Record<string, string> = {}
  const own: Record<string, string> = {}
  for (const [key, value] of Object.entries(parseMetadata(record.getCustomMetadata_asU8()))) {
    if (isSchemaKey(key)) continue
    const text = typeof value === "string" ? value : JSON.stringify(value)
    if (OWN_KEYS.has(key)) own[key] = text
    else metadata[key] = text
  }
  const event: RecordedEvent = {
    stream: streamOf(record),
    revision: Number(record.getStreamRevision()),
    position: positionOf(record),
    id: record.getId()!.getString(),
    type: record.getMetadataMap().get("type") ?? "",
    data: Buffer.from(record.getData_asU8()).toString("utf8"),
    metadata,
  }
  return { event, own }
}
