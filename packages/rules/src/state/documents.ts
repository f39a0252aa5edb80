/**
 * The documents of `State`: what follows from the journal and is kept by key. Each kind has one writer, the reconciler
 * (upper half) or the connection's worker (lower half); everybody may read.
 */
import type { EntityType, GroupValue } from "@concordat/model/canonical/fields"
import type { Link, Provenance } from "@concordat/model/events/entity"
import type { ConnectionOpened } from "@concordat/model/events/connection"
import type { RecordObserved } from "@concordat/model/events/record"
import type { Json, JsonObject } from "@concordat/model/json"
import type { Metadata } from "@concordat/model/metadata"
import type { Problem, View } from "../mapping/lens.ts"

export interface RecordKey {
  readonly object: string
  readonly id: string
}
export const recordKey = (record: RecordKey): string => `${record.object}:${record.id}`
/** The object's name has no colon; the id may. */
export const parseRecordKey = (key: string): RecordKey => {
  const at = key.indexOf(":")
  return { object: key.slice(0, at), id: key.slice(at + 1) }
}
export const entityKey = (type: EntityType, id: string): string => `${type}:${id}`
export const parseEntityKey = (key: string): { readonly type: EntityType; readonly id: string } => {
  const at = key.indexOf(":")
  return { type: key.slice(0, at) as EntityType, id: key.slice(at + 1) }
}

// ---- written by the reconciler

/** kind `entity`, key `type:id`. */
export interface EntityDoc {
  readonly type: EntityType
  readonly id: string
  /** Revision of the entity's stream. */
  readonly revision: number
  readonly groups: Readonly<Record<string, GroupState>>
  /** By connection. */
  readonly links: Readonly<Record<string, LinkState>>
  /** Match keys under which it is found, sorted. */
  readonly keys: ReadonlyArray<string>
  readonly archived: string | null
  readonly mergedInto: string | null
  readonly merges: ReadonlyArray<Merge>
  /** Entities that people, or a split, have said are others. */
  readonly notSame: ReadonlyArray<string>
  /** Parked matches that name this entity (`connection|object:id`): while there is one, nothing of it is created anywhere. */
  readonly questions: ReadonlyArray<string>
}

export interface GroupState {
  readonly value: GroupValue
  /** Grows with each change of the value. */
  readonly revision: number
  readonly provenance: Provenance
}

export interface LinkState {
  readonly primary: RecordKey | null
  readonly duplicates: ReadonlyArray<RecordKey>
  /** The record was there and is gone: it is not created again unless a person asks. Groups keep their shadows. */
  readonly tombstone: { readonly record: RecordKey; readonly reason: string } | null
  readonly groups: Readonly<Record<string, HeldState>>
  readonly intents: ReadonlyArray<Intent>
  /** Grows with each change of what is due; `hash` names what is due now, null for nothing. */
  readonly due: { readonly seq: number; readonly hash: string | null }
}

/** What a connection holds of a group. `signature`: of the lens under which the views were taken. */
export interface HeldState {
  readonly signature: string
  readonly shadow: View | null
  /** The shadow is another record's, which became this one: what this one lacks, nobody has emptied. */
  readonly carried?: boolean
  /** What really stands there while the shadow is an edit that our write stood over, parked for a person. */
  readonly covered?: View
  /** The shadow before references in it were waited for; it is observed again when they are known. */
  readonly before?: View | null
  readonly rendering?: { readonly sent: View; readonly held: View }
  /** Our last write of it, for counting reactive hops. */
  readonly wrote?: { readonly view: View; readonly at: number }
  readonly hops?: number
  readonly parked?: { readonly rule: string; readonly theirs: Provenance }
  readonly quarantined?: boolean
  /** A dead letter for this view only. */
  readonly refused?: Refusal
  readonly problem?: Problem
  /** What was read last and means nothing under the mapping: the shadow is older than that. */
  readonly unread?: Problem
  /** The observation that brought the shadow, to explain it and to settle what waits. */
  readonly seen?: Provenance
}

export interface Refusal {
  readonly view: View
  readonly code: string
  readonly message: string
  /** Records, as `object:id`, for whose sake it was refused: it is tried again when one of them changes or is gone. */
  readonly awaits?: ReadonlyArray<string>
}

export interface Intent {
  readonly key: string
  readonly due: number
  readonly kind: "create" | "update" | "archive"
  readonly object: string
  readonly groups: Readonly<Record<string, View>>
  readonly at: number
  /** Refused with unknown effect, or not answered yet. */
  readonly unknown: boolean
}

/** Enough to undo a merge: what each side was just before. */
export interface Merge {
  readonly from: string
  readonly at: number
  readonly brought: {
    readonly groups: Readonly<Record<string, GroupState>>
    readonly links: ReadonlyArray<Link>
    readonly doc: Json
    /** By connection, what was known of the records that are duplicates since; absent in documents of before it was kept. */
    readonly held?: Readonly<Record<string, LinkState["groups"]>>
  }
  readonly kept: { readonly groups: Readonly<Record<string, GroupState>>; readonly links: ReadonlyArray<Link> }
}

/** kind `record`, key `connection|object:id`: where a record belongs. Raw values are kept only while it belongs nowhere, or is a duplicate. */
export interface RecordDoc {
  readonly type: EntityType | null
  readonly entity: string | null
  readonly primary: boolean
  /** Why it belongs nowhere: parked, waiting for creates (keys), out of the mapping's scope. */
  readonly state: "linked" | "parked" | "waiting" | "ignored" | "gone"
  readonly reason?: string
  readonly candidates?: ReadonlyArray<string>
  /** Creates that are waited for. */
  readonly keys?: ReadonlyArray<string>
  /** Entities that people have said it is not. */
  readonly others?: ReadonlyArray<string>
  readonly observation?: { readonly data: RecordObserved; readonly event: string; readonly at: number }
  /** What it became. */
  readonly into?: ReadonlyArray<RecordKey>
}

/** kind `match`, key `type|key`: entities that answer to a match key, sorted. kind `matchwait`: parked records that asked. */
export type MatchDoc = ReadonlyArray<string>

/** kind `due`, key `connection|type:id`. What is to be written is computed at the moment of writing. */
export interface DueDoc {
  readonly seq: number
  readonly kind: "create" | "update" | "archive"
  readonly groups: ReadonlyArray<string>
  readonly since: number
}

/** kind `question`, key `connection|object:id`: parked matches, for people. */
export interface QuestionDoc {
  readonly type: EntityType
  readonly candidates: ReadonlyArray<string>
  readonly reason: string
  readonly at: number
}

/** kind `conflict`, key `connection|type:id|group`: parked conflicts, for people. */
export interface ConflictDoc {
  readonly rule: string
  readonly ours: Provenance | null
  readonly theirs: Provenance
  readonly at: number
}

/** kind `issue`, key `connection|type:id|group`: refused, quarantined, not mappable, for people. */
export interface IssueDoc {
  readonly kind: "refused" | "quarantined" | "problem" | "waiting"
  readonly code: string
  readonly message: string
  readonly at: number
}

/** kind `wait`, key `connection|ext|object:id` or `connection|ent|type:id`: entity groups (`type:id|group`) to look at again. */
export type WaitDoc = ReadonlyArray<string>

/** kind `referring`, key `type:id|type:id|group`: an entity that others are part of, and a group that was seen or written since and refers to it. */
export type ReferringDoc = true

/** kind `replacing`, key `type:id|connection|type:id|group`: an entity that a group is due to name there, where it names another one. */
export type ReplacingDoc = true

/** kind `connection`, key `connection`. */
export interface ConnectionDoc {
  readonly opened: ConnectionOpened
  readonly armed: boolean
  readonly armedAt: number | null
  readonly writesPerHour: number | null
  /** Reasons, sorted; empty: running. A reason added is resumed by its own name alone. */
  readonly paused: ReadonlyArray<string>
  /** By reason, the id of the last event by which its worker paused it, also where it was resumed since; absent: none did. */
  readonly pausedBy?: Readonly<Record<string, string>>
  readonly closed: boolean
  readonly backfill: {
    readonly state: "none" | "running" | "done"
    readonly startedAt: number
    readonly finishedAt: number
  }
  /** Times of the records gone within the last day. */
  readonly gone: ReadonlyArray<number>
  /** How often its binding was written since it was opened; absent: never. Whoever knows the binding of this number needs not read it again. */
  readonly bound?: number
  /** What was merged by the provider into a record that is not linked yet, by that one's `object:id`. */
  readonly merging?: Readonly<Record<string, ReadonlyArray<RecordKey>>>
}

/** kind `binding`, key `connection`: what its mapping is compiled from. Large and seldom changed, so apart from the rest. */
export interface BindingDoc {
  readonly metadata: Metadata | null
  readonly mapping: JsonObject | null
}

/** kind `tenant`, key `""`. */
export interface TenantDoc {
  readonly connections: ReadonlyArray<string>
  readonly policy: JsonObject | null
  /** Of the rules that decide; absent: the first. */
  readonly edition?: number
}

/** kind `decision`, key `""`: the last revision of the tenant's decision stream. */
export type DecisionDoc = number

/** kind `creating`, key `connection|type|intent key`: a create whose outcome is not known yet. */
export type CreatingDoc = true

/** kind `count`, key `connection|name`: how often something happened (`observed`, `echo`, `conflict.crm` …), and how many records are linked (`links`). */
export type CountDoc = number

// ---- written by the connection's worker

/** kind `seen`, key `connection|object:id`. */
export interface SeenDoc {
  /** Revision of the record's stream. */
  readonly revision: number
  /** Hash of the raw values by facet (`fields`, `@companies` …); absent: cleared, the next observation is news. */
  readonly hashes: Readonly<Record<string, string>>
  /** Our time when the newest fact was appended; a read must begin after it. */
  readonly factAt: number
  /** When all of it was last read, for the interval an edit lies in. */
  readonly readAt: number
  /** When its own fields were last read, where its associations were not. */
  readonly fieldsReadAt?: number
  readonly stamp: number | null
  readonly version?: string
  readonly gone: boolean
}

/** kind `follow`, key `connection|object:id`: a record that has to be read, since another became it, or it was taken for ours. */
export type FollowDoc = true

/** kind `intent`, key `connection|key`: writes that are begun and not settled. */
export interface OpenIntentDoc {
  readonly stream: string
  readonly streamRevision: number
  readonly data: JsonObject
  readonly attempts: number
  /** So many of them, the first ones, certainly had no effect; absent: of none is that known. */
  readonly untaken?: number
  /** ms since 1970: not before. */
  readonly nextAt: number
  readonly job: Json | null
  /** ms since 1970: when the last attempt had surely ended. */
  readonly until: number
  /** ms since 1970: when its record was last read before the last attempt; absent: nobody knows. */
  readonly readBefore?: number
  /** The provider's time of the record as it was read then, ms since 1970; absent: nobody knows. */
  readonly stamp?: number
  /** What it held then of what is sent, as the provider spells it; absent: it was not read, or that is not kept. */
  readonly current?: JsonObject
  /** Nothing is sent for it any more; what its record shows once no try can take effect any longer says what became of it. */
  readonly givenUp?: true
}

/** kind `cursor`, key `connection|walk|object`. */
export interface CursorDoc {
  readonly cursor: Json
  readonly done: number
  readonly total: number | null
  readonly finished: boolean
  readonly startedAt: number
}

/** kind `create`, key `connection|type:id`: revision of the create stream. */
export interface CreateDoc {
  readonly revision: number
}
