/**
 * What the services and the worker thread say to each other. Columns of strings and numbers, because copying nested
 * objects to a thread costs seven times as much.
 */
import type { Append, RecordedEvent, Without } from "@concordat/engine/ports/Journal"
import type { Message } from "@concordat/engine/ports/Bus"
import type { Checkpoint, DocumentId, DocumentWrite } from "@concordat/engine/ports/State"
import { placesText } from "../state/places.ts"
import type { Packed } from "./packing.ts"

/** Four texts per event: id, type, data, metadata (JSON). */
export const EVENT_COLUMNS = 4
/** Three per message: subject, id, body. */
export const MESSAGE_COLUMNS = 3

export interface CommitRequest {
  readonly op: "commit"
  /** Effect's clock, in ms: the bus's window and due times go by it. */
  readonly now: number
  readonly streams: ReadonlyArray<string>
  readonly expected: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
  readonly events: ReadonlyArray<string>
  /** Four per document: tenant, kind, key, value or null. */
  readonly documents: ReadonlyArray<string | null>
  /** `MESSAGE_COLUMNS` per message. */
  readonly commands: ReadonlyArray<string>
  /** Name, position, event id, what is decided beyond it. */
  readonly checkpoint: readonly [string, string, string, string] | null
}

export type Write =
  | CommitRequest
  | { readonly op: "forget"; readonly stream: string; readonly before: number | "all" }
  | { readonly op: "skip"; readonly stream: string; readonly revision: number }
  | { readonly op: "clear" }
  | { readonly op: "join"; readonly now: number; readonly group: string; readonly subjects: ReadonlyArray<string> }
  | {
      readonly op: "take"
      readonly now: number
      readonly group: string
      readonly subjects: ReadonlyArray<string>
      readonly max: number
      readonly ackWait: number
    }
  /** `due` null: never again. Otherwise again from then on (ms), if it is still this attempt's turn. */
  | {
      readonly op: "settle"
      readonly group: string
      readonly seq: number
      readonly attempt: number
      readonly due: number | null
    }

export type Read =
  | {
      readonly op: "stream"
      readonly stream: string
      readonly from: number
      readonly backward: boolean
      readonly limit: number
    }
  | {
      readonly op: "all"
      readonly after: number
      readonly prefixes: ReadonlyArray<string>
      readonly limit: number
      readonly without: Without | null
    }
  | { readonly op: "at"; readonly position: number }
  | { readonly op: "end" }
  /** Three per document: tenant, kind, key. */
  | { readonly op: "get"; readonly ids: ReadonlyArray<string> }
  | {
      readonly op: "scan"
      readonly tenant: string
      readonly kind: string
      readonly prefix: string
      readonly after: string | null
      readonly limit: number
    }
  | { readonly op: "count"; readonly tenant: string; readonly kind: string; readonly prefix: string }
  | { readonly op: "tenants" }
  | { readonly op: "checkpoint"; readonly name: string }

export type Request = Write | Read

/** Five texts per event (id, type, data, metadata, stream) and two numbers (revision, position). */
export interface EventPage {
  readonly texts: ReadonlyArray<string>
  readonly numbers: ReadonlyArray<number>
  /** Everything up to here was looked at. */
  readonly reached: number
  /** Whether that is the end. */
  readonly atEnd: boolean
}

export interface Taken {
  /** Three per message: subject, id, body. */
  readonly texts: ReadonlyArray<string>
  /** Two per message: sequence, attempt. */
  readonly numbers: ReadonlyArray<number>
  /** Where nothing was taken: when the next message of these subjects is due, in ms; null: none waits. */
  readonly nextDue: number | null
}

export type Committed =
  /** `isRepeated`: all of it stood there before. */
  | { readonly _tag: "Appended"; readonly position: number; readonly isRepeated: boolean }
  | { readonly _tag: "Conflict"; readonly streams: ReadonlyArray<string> }

export interface Answers {
  readonly commit: Committed
  readonly forget: null
  readonly skip: null
  readonly clear: null
  readonly join: null
  readonly take: Taken
  readonly settle: null
  readonly stream: EventPage
  readonly all: EventPage
  readonly at: EventPage
  readonly end: number
  readonly get: ReadonlyArray<string | null>
  readonly scan: ReadonlyArray<string>
  readonly count: number
  readonly tenants: ReadonlyArray<string>
  readonly checkpoint: readonly [string, string, string, string] | null
}
export type Answer<R extends Request> = Answers[R["op"]]

export type Reason =
  | "unavailable"
  | "full"
  | "corrupt"
  | "locked"
  | "foreign"
  | "newer"
  | "limit"
  | "closed"
  /** A commit whose outcome nobody knows: the disk failed, or the worker died, while it was made durable. */
  | "indeterminate"

export interface Failure {
  readonly reason: Reason
  readonly detail: string
}

export interface Envelope {
  readonly id: number
  readonly request: Request
}
export type Reply =
  | { readonly id: number; readonly ok: true; readonly answer: Answers[Request["op"]] }
  | { readonly id: number; readonly ok: false; readonly failure: Failure }

/** What a transaction did, for those who wait for news. */
export interface Commits {
  readonly end: number
  /** Buckets (see `journal-tables.ts`) of the streams that were appended to. */
  readonly buckets: ReadonlyArray<string>
}

/** What the thread is begun with. `compileCache`: its process keeps compiled code. */
export interface ThreadData {
  readonly compileCache: boolean
}
export type FromWorker =
  | { readonly _tag: "Opened"; readonly end: number }
  | { readonly _tag: "Refused"; readonly failure: Failure }
  | { readonly _tag: "Replies"; readonly replies: Packed<Reply>; readonly commits: Commits | null }
  | { readonly _tag: "Closed" }
/** Once, and before all else. */
export interface Open {
  readonly open: string
}
export type ToWorker = Open | Packed<Request> | "close"

export const NOTHING: Omit<CommitRequest, "now"> = {
  op: "commit",
  streams: [],
  expected: [],
  counts: [],
  events: [],
  documents: [],
  commands: [],
  checkpoint: null,
}

export const appendColumns = (
  appends: ReadonlyArray<Append>,
): Pick<CommitRequest, "streams" | "expected" | "counts" | "events"> => {
  const events: Array<string> = []
  for (const append of appends)
    for (const event of append.events) events.push(event.id, event.type, event.data, JSON.stringify(event.metadata))
  return {
    streams: appends.map((append) => append.stream),
    expected: appends.map((append) => append.expected),
    counts: appends.map((append) => append.events.length),
    events,
  }
}

const columned = <A, Column>(all: ReadonlyArray<A>, put: (columns: Array<Column>, one: A) => void): Array<Column> => {
  const columns: Array<Column> = []
  for (const one of all) put(columns, one)
  return columns
}

export const documentColumns = (documents: ReadonlyArray<DocumentWrite>): ReadonlyArray<string | null> =>
  columned(documents, (columns, { key, kind, tenant, value }) => columns.push(tenant, kind, key, value))
export const idColumns = (ids: ReadonlyArray<DocumentId>): ReadonlyArray<string> =>
  columned(ids, (columns, { key, kind, tenant }) => columns.push(tenant, kind, key))
export const messageColumns = (messages: ReadonlyArray<Message>): ReadonlyArray<string> =>
  columned(messages, (columns, { body, id, subject }) => columns.push(subject, id, body))
export const checkpointColumns = (checkpoint: Checkpoint | null): CommitRequest["checkpoint"] =>
  checkpoint === null ? null : [checkpoint.name, checkpoint.position, checkpoint.eventId, placesText(checkpoint)]

/** Positions as the port shows them: 16 digits, so that they also sort as text. */
export const showPosition = (position: number): string => position.toString().padStart(16, "0")
/** `null` where the text is no position of this store. */
export const parsePosition = (position: string): number | null => (/^\d{16}$/.test(position) ? Number(position) : null)

const metadataOf = (text: string): Record<string, string> =>
  text === "" ? {} : (JSON.parse(text) as Record<string, string>)

export const pageEvents = (page: EventPage): ReadonlyArray<RecordedEvent> => {
  const events: Array<RecordedEvent> = []
  for (let i = 0, t = 0; i < page.numbers.length; i += 2, t += 5)
    events.push({
      id: page.texts[t]!,
      type: page.texts[t + 1]!,
      data: page.texts[t + 2]!,
      metadata: metadataOf(page.texts[t + 3]!),
      stream: page.texts[t + 4]!,
      revision: page.numbers[i]!,
      position: showPosition(page.numbers[i + 1]!),
    })
  return events
}
