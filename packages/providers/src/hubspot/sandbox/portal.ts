/** The state of one sandbox portal, and how it begins. Everything else in this folder works on it. */
import { OBJECTS, propertiesOf, salesPipeline, type ObjectKind, type Property } from "./catalog.ts"
import type { Actor, Fault, Owner, Pipeline, Settings, WriteLogEntry } from "./shapes.ts"

export type Values = Readonly<Record<string, string>>

/** A value that a property had from a time on, and where it came from. */
export interface Version {
  readonly value: string
  readonly timestamp: number
  readonly sourceType: Actor["source"]
  readonly sourceId: string
}

export interface StoredRecord {
  readonly id: number
  /** What is set and not empty; the system's own properties are added when the record is shown. */
  properties: Values
  readonly createdAt: number
  updatedAt: number
  archivedAt: number | null
  /** Versions by property, the newest first; of a planted record those since then. */
  readonly history: Map<string, Array<Version>>
  /** The copy that search sees, which is older for a while after each write. */
  indexed: { readonly properties: Values; readonly updatedAt: number } | null
}

export interface Table {
  readonly kind: ObjectKind
  readonly properties: Map<string, Property>
  readonly records: Map<number, StoredRecord>
  /** Every id ever given, ascending: lists walk it. */
  readonly order: Array<number>
  /** Ids that were merged away, and the record that both now lead to. */
  readonly merged: Map<number, number>
  /** Values of unique properties, and who holds them. `email` has the additional addresses too. */
  readonly unique: Map<string, Map<string, number>>
  nextId: number
}

export interface WebhookEvent {
  readonly dueAt: number
  readonly attempt: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Portal {
  readonly portalId: number
  readonly appId: number
  readonly secret: string
  /** Milliseconds since 1970, moved on by `advance`. */
  readonly now: () => number
  readonly random: () => number
  offset: number
  settings: Settings
  readonly tables: Map<string, Table>
  /** "contacts>companies" → from id → to id → association type ids. */
  readonly associations: Map<string, Map<number, Map<number, Set<number>>>>
  owners: Array<Owner>
  readonly pipelines: Map<string, Array<Pipeline>>
  readonly faults: Array<{ fault: Fault; left: number; passing: number }>
  readonly log: Array<WriteLogEntry>
  readonly onWrite: ((entry: WriteLogEntry) => void) | null
  /** Writes that search does not show yet. */
  readonly unindexed: Array<{
    readonly dueAt: number
    readonly table: Table
    readonly record: StoredRecord
    readonly copy: NonNullable<StoredRecord["indexed"]>
  }>
  readonly webhookEvents: Array<WebhookEvent>
  /** Times of requests in the rolling windows, by token, and of searches. */
  readonly requests: Map<string, Array<number>>
  readonly searches: Array<number>
  daily: { day: number; used: number }
}

export const INTEGRATION = (portal: Portal): Actor => ({ source: "INTEGRATION", sourceId: String(portal.appId) })
export const WORKFLOW: Actor = { source: "AUTOMATION_PLATFORM", sourceId: "enrollmentId:1;actionExecutionIndex:0" }
export const IMPORT: Actor = { source: "IMPORT", sourceId: "1" }
export const PERSON = (userId: number): Actor => ({ source: "CRM_UI", sourceId: `userId:${userId}` })

const makeTable = (kind: ObjectKind, index: number): Table => ({
  kind,
  properties: new Map(propertiesOf(kind).map((p) => [p.name, p])),
  records: new Map(),
  order: [],
  merged: new Map(),
  unique: new Map(kind.name === "contacts" ? [["email", new Map()]] : []),
  // Ids are unique within an object only, and soon have more digits: sorting them as text is wrong at once.
  nextId: 9_900 + index * 7,
})

export const makePortal = (options: {
  readonly now: () => number
  readonly random: () => number
  readonly secret: string
  readonly settings: Settings
  readonly onWrite: ((entry: WriteLogEntry) => void) | null
}): Portal => {
  const portal: Portal = {
    portalId: 62_515,
    appId: 54_321,
    secret: options.secret,
    now: () => options.now() + portal.offset,
    random: options.random,
    offset: 0,
    settings: options.settings,
    tables: new Map(OBJECTS.map((kind, index) => [kind.name, makeTable(kind, index)])),
    associations: new Map(),
    owners: [
      {
        id: "41629779",
        email: "sam@example.com",
        firstName: "Sam",
        lastName: "Seller",
        userId: 9_586_504,
        type: "PERSON",
        archived: false,
      },
    ],
    pipelines: new Map([["deals", [salesPipeline]]]),
    faults: [],
    log: [],
    onWrite: options.onWrite,
    unindexed: [],
    webhookEvents: [],
    requests: new Map(),
    searches: [],
    daily: { day: 0, used: 0 },
  }
  return portal
}

export const between = (portal: Portal, [least, most]: readonly [number, number]): number =>
  Math.round(least + portal.random() * (most - least))

export const record = (portal: Portal, entry: Omit<WriteLogEntry, "at">): void => {
  const full: WriteLogEntry = { at: portal.now(), ...entry }
  portal.log.push(full)
  portal.onWrite?.(full)
}
