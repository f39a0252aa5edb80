/** Where things wait: each kind of document that holds some, and what a document of it says in words. */
import type { WriteIntended } from "@concordat/model/events/record"
import {
  type ConflictDoc,
  type ConnectionDoc,
  type DueDoc,
  type EntityDoc,
  entityKey,
  type IssueDoc,
  type OpenIntentDoc,
  type QuestionDoc,
  type RecordDoc,
  recordKey,
  type WaitDoc,
} from "@concordat/rules/state/documents"
import { parts } from "./documents.ts"
import type { WaitingItem, WaitingKind } from "./views.ts"

export interface Known {
  /** ms since 1970. */
  readonly now: number
  readonly connections: ReadonlyMap<string, ConnectionDoc>
  /** By `connection|object:id`. */
  readonly records: ReadonlyMap<string, RecordDoc | null>
}

export interface Source {
  /** In the place where a page ended. */
  readonly name: string
  readonly document: string
  readonly kinds: ReadonlyArray<WaitingKind>
  /** Whether its keys begin with the connection. */
  readonly byConnection: boolean
  readonly items: (key: string, doc: unknown, known: Known) => ReadonlyArray<WaitingItem>
  /** Keys of records that its items are about. */
  readonly records?: (key: string) => ReadonlyArray<string>
}

const item = (kind: WaitingKind, connection: string, rest: Partial<WaitingItem>): WaitingItem => ({
  kind,
  connection,
  entity: null,
  record: null,
  group: null,
  reason: "",
  since: null,
  nextAt: null,
  ...rest,
})

const question: Source["items"] = (key, doc) => {
  const { at, candidates, reason, type } = doc as QuestionDoc
  const [connection = "", record = ""] = parts(key, 2)
  const may = candidates.length === 0 ? "" : `: may be ${candidates.map((id) => entityKey(type, id)).join(", ")}`
  return [item("match", connection, { record, reason: `${reason}${may}`, since: at })]
}

const conflict: Source["items"] = (key, doc) => {
  const { at, rule } = doc as ConflictDoc
  const [connection = "", entity = "", group = ""] = parts(key, 3)
  return [item("conflict", connection, { entity, group, reason: `both sides changed it, rule ${rule}`, since: at })]
}

/** References are told by what they wait for. */
const issue: Source["items"] = (key, doc) => {
  const { at, code, kind, message } = doc as IssueDoc
  const [connection = "", entity = "", group = ""] = parts(key, 3)
  return kind === "waiting" ? [] : [item(kind, connection, { entity, group, reason: `${code}: ${message}`, since: at })]
}

const HOW: Readonly<Record<RecordDoc["state"], string>> = {
  linked: "is linked, and has to change first",
  parked: "is a parked match",
  waiting: "waits itself for a create",
  ignored: "is taken by no mapping",
  gone: "is gone",
}

const recordAwaited = (key: string): string | null => {
  const [connection = "", kind = "", external = ""] = parts(key, 3)
  return kind === "ext" ? `${connection}|${external}` : null
}

const reference: Source["items"] = (key, doc, { records }) => {
  const [connection = "", kind = "", target = ""] = parts(key, 3)
  const record = records.get(`${connection}|${target}`)
  const how = kind === "ent" ? "has no record there" : record == null ? "was not seen yet" : HOW[record.state]
  return (doc as WaitDoc).map((waiter) => {
    const [entity = "", group = ""] = parts(waiter, 2)
    return item("reference", connection, { entity, group, reason: `waits for ${target}, which ${how}` })
  })
}

const unlinked: Source["items"] = (key, doc) => {
  const [connection = "", record = ""] = parts(key, 2)
  const { keys } = doc as { readonly keys: ReadonlyArray<string> }
  const reason = `may be one of ${keys.length} records that are being created there`
  return [item("record", connection, { record, reason })]
}

const write: Source["items"] = (key, doc, { now }) => {
  const { attempts, data, job, nextAt, until } = doc as OpenIntentDoc
  const [connection = ""] = parts(key, 2)
  const { entity, externalId, kind, object } = data as unknown as WriteIntended
  const tries = attempts === 1 ? "" : `, ${attempts} tries`
  const reason =
    job !== null
      ? `${kind}: the provider works on it`
      : nextAt > now
        ? `${kind}: refused for now${tries}`
        : `${kind}: sent, no answer yet${tries}`
  return [
    item("write", connection, {
      entity: entityKey(entity.type, entity.id),
      record: externalId === null ? null : recordKey({ object, id: externalId }),
      reason,
      since: until,
      nextAt: nextAt > now ? nextAt : null,
    }),
  ]
}

/** What is kept with an entity alone: tombstones, writes that nobody knows the end of, and creates that questions hold. */
const ofEntity: Source["items"] = (key, value) => {
  const doc = value as EntityDoc
  if (doc.mergedInto !== null) return []
  const items: Array<WaitingItem> = []
  for (const [connection, link] of Object.entries(doc.links)) {
    const { tombstone } = link
    if (tombstone !== null)
      items.push(
        item("tombstone", connection, {
          entity: key,
          record: recordKey(tombstone.record),
          reason: `${tombstone.reason}: not created there again unless somebody asks`,
        }),
      )
    for (const intent of link.intents)
      if (intent.unknown)
        items.push(
          item("unknown", connection, {
            entity: key,
            group: Object.keys(intent.groups).join(", "),
            reason: `${intent.kind}: nobody knows whether it was taken; a read that shows it settles it`,
            since: intent.at,
          }),
        )
  }
  for (const name of doc.questions) {
    const [connection = "", record = ""] = parts(name, 2)
    items.push(item("create", connection, { entity: key, record, reason: "is created nowhere while a match names it" }))
  }
  return items
}

/** What keeps it from being written now. */
export const dueReason = ({ kind }: DueDoc, connection: ConnectionDoc | undefined): string => {
  if (connection === undefined || connection.closed) return "its connection is closed"
  if (!connection.armed) return "its connection is not armed"
  if (connection.paused.length > 0) return `its connection is paused: ${connection.paused.join(", ")}`
  if (kind === "create" && connection.backfill.state !== "done") return "the first sync there is not finished"
  return "its turn has not come; status tells what holds the connection"
}

const due: Source["items"] = (key, value, { connections }) => {
  const doc = value as DueDoc
  const [connection = "", entity = ""] = parts(key, 2)
  const reason = `${doc.kind}: ${dueReason(doc, connections.get(connection))}`
  const group = doc.kind === "update" ? doc.groups.join(", ") : null
  return [item("due", connection, { entity, group, reason, since: doc.since })]
}

/** In the order in which they are listed: what a person has to do first. */
export const SOURCES: ReadonlyArray<Source> = [
  { name: "question", document: "question", kinds: ["match"], byConnection: true, items: question },
  { name: "conflict", document: "conflict", kinds: ["conflict"], byConnection: true, items: conflict },
  {
    name: "issue",
    document: "issue",
    kinds: ["refused", "quarantined", "problem"],
    byConnection: true,
    items: issue,
  },
  {
    name: "wait",
    document: "wait",
    kinds: ["reference"],
    byConnection: true,
    items: reference,
    records: (key) => {
      const record = recordAwaited(key)
      return record === null ? [] : [record]
    },
  },
  { name: "waiting", document: "waiting", kinds: ["record"], byConnection: true, items: unlinked },
  { name: "intent", document: "intent", kinds: ["write"], byConnection: true, items: write },
  {
    name: "entity",
    document: "entity",
    kinds: ["tombstone", "unknown", "create"],
    byConnection: false,
    items: ofEntity,
  },
  { name: "due", document: "due", kinds: ["due"], byConnection: true, items: due },
]
