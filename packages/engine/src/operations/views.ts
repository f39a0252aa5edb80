/** The shapes in which an operator's questions are answered. Times are ms since 1970; lists are in key order. */
import type { EntityType, GroupValue } from "@concordat/model/canonical/fields"
import type { Provenance } from "@concordat/model/events/entity"
import type { JsonObject } from "@concordat/model/json"
import type { IssueDoc, RecordKey } from "@concordat/rules/state/documents"
import type { View } from "@concordat/rules/mapping/lens"

/** A part of a list. `next` asks for what follows; null: that was all. */
export interface Listed<A> {
  readonly items: ReadonlyArray<A>
  readonly next: string | null
}

export interface ObjectProgress {
  readonly object: string
  readonly done: number
  /** As far as the provider says how many there are. */
  readonly total: number | null
  readonly finished: boolean
  readonly perSecond: number
  readonly secondsLeft: number | null
}

export interface BackfillProgress {
  readonly state: "none" | "running" | "done"
  readonly startedAt: number
  readonly finishedAt: number
  readonly objects: ReadonlyArray<ObjectProgress>
}

export type IssueKind = IssueDoc["kind"]
export type IssueCounts = Readonly<Record<IssueKind, number>>

export interface ConnectionStatus {
  readonly connection: string
  readonly provider: string
  readonly class: "peer" | "table" | "enrichment" | "leads"
  readonly isApp: boolean
  readonly armed: boolean
  readonly armedAt: number | null
  readonly writesPerHour: number | null
  /** Reasons; empty: running. */
  readonly paused: ReadonlyArray<string>
  readonly closed: boolean
  readonly backfill: BackfillProgress
  readonly linked: number
  /** Entities for which this connection does not hold what it should. */
  readonly due: number
  /** Writes that are begun and not settled. */
  readonly writing: number
  readonly questions: number
  readonly conflicts: number
  readonly issues: IssueCounts
  readonly counters: Readonly<Record<string, number>>
}

export interface TenantStatus {
  readonly tenant: string
  /** Facts that are in the journal and not decided yet; at most `BEHIND_MOST` are counted. */
  readonly behind: number
  /** How old the oldest of them is, in ms; 0: there is none. */
  readonly behindMs: number
  readonly connections: ReadonlyArray<ConnectionStatus>
}

/** What arming a connection would set in motion. */
export interface Plan {
  readonly connection: string
  readonly armed: boolean
  readonly backfill: "none" | "running" | "done"
  /** Records there that belong to an entity already. */
  readonly linked: number
  /** Records that would be created, by entity type. */
  readonly create: Readonly<Record<string, number>>
  readonly archive: Readonly<Record<string, number>>
  /** How many records would have a group overwritten. */
  readonly overwrite: ReadonlyArray<{ readonly type: EntityType; readonly group: string; readonly records: number }>
  readonly park: { readonly matches: number; readonly conflicts: number }
  readonly issues: IssueCounts
}

export interface ConflictItem {
  readonly connection: string
  readonly type: EntityType
  readonly id: string
  readonly group: string
  readonly rule: string
  readonly at: number
  /** What the entity has, and what the connection holds instead: canonical and in the connection's own terms. */
  readonly ours: { readonly value: GroupValue | null; readonly from: Provenance | null }
  readonly theirs: { readonly view: View | null; readonly from: Provenance }
}

export interface RecordAt extends RecordKey {
  readonly connection: string
}

/** A record that may be one of several entities. Names nobody: a person looks the records up where they are. */
export interface MatchItem {
  readonly connection: string
  readonly object: string
  readonly id: string
  readonly type: EntityType
  readonly reason: string
  readonly at: number
  readonly candidates: ReadonlyArray<{ readonly id: string; readonly records: ReadonlyArray<RecordAt> }>
}

export interface IssueItem extends IssueDoc {
  readonly connection: string
  readonly type: EntityType
  readonly id: string
  readonly group: string
}

/**
 * `match`, `conflict`, `refused`, `quarantined`, `problem`: for a person. `reference`: for another record or entity.
 * `record`: unlinked until a create is settled. `write`: begun and not settled. `unknown`: given up, effect unknown.
 * `create`: held by a match. `tombstone`: deleted there. `due`: to be written.
 */
export type WaitingKind =
  | "match"
  | "conflict"
  | "refused"
  | "quarantined"
  | "problem"
  | "reference"
  | "record"
  | "write"
  | "unknown"
  | "create"
  | "tombstone"
  | "due"

/** Something that waits, and why. */
export interface WaitingItem {
  readonly kind: WaitingKind
  readonly connection: string
  /** `type:id`. */
  readonly entity: string | null
  /** `object:id`. */
  readonly record: string | null
  /** Of an update, all of its groups. */
  readonly group: string | null
  readonly reason: string
  /** ms since 1970, where it is known. */
  readonly since: number | null
  /** When it is tried again, where that is known. */
  readonly nextAt: number | null
}

/** An entity at a connection, without values. `parked` and what follows are names of groups. */
export interface EntityAt {
  readonly connection: string
  readonly primary: RecordKey | null
  readonly duplicates: ReadonlyArray<RecordKey>
  readonly tombstone: { readonly record: RecordKey; readonly reason: string } | null
  readonly due: boolean
  readonly parked: ReadonlyArray<string>
  readonly quarantined: ReadonlyArray<string>
  readonly refused: ReadonlyArray<string>
  readonly problems: ReadonlyArray<string>
}

export interface EntityLinks {
  readonly type: EntityType
  readonly id: string
  readonly archived: string | null
  readonly mergedInto: string | null
  readonly at: ReadonlyArray<EntityAt>
}

/** One settled change of a group's value. */
export interface ChangeStep {
  readonly at: number
  readonly event: string
  /** `kept`: a conflict that the value survived. A split says no value: what it names is what went. */
  readonly kind: "created" | "changed" | "kept" | "merged" | "split" | "parked" | "settled"
  readonly rule: string
  readonly value: GroupValue | null
  readonly from: Provenance | null
  readonly loser: { readonly from: Provenance; readonly value: JsonObject | null } | null
  /** The connection that a parked conflict is with. */
  readonly connection: string | null
}

/** One write of a group to a connection, and what came of it. */
export interface WriteStep {
  readonly at: number
  readonly key: string
  readonly kind: "create" | "update" | "archive"
  readonly sent: JsonObject | null
  /** `adopted`: a create that found its record there, and sent nothing. */
  readonly outcome: "confirmed" | "adopted" | "refused" | "unanswered"
  readonly answeredAt: number | null
  /** Raw values that the answer itself carried. */
  readonly held: JsonObject | null
  readonly message: string | null
  readonly attempts: number | null
}

/**
 * `held`: it agrees. `differs`: and nothing is written there. `waiting`: for records there of what it refers to. `gone`: the
 * record was there, `view` is what it held last. `absent`: there is no record. `unmapped`: the mapping has no such group.
 */
export const HOLD_STATES = [
  "absent",
  "differs",
  "due",
  "gone",
  "held",
  "parked",
  "problem",
  "quarantined",
  "refused",
  "unknown",
  "unmapped",
  "waiting",
  "writing",
] as const
export type HoldState = (typeof HOLD_STATES)[number]

/** What brought a view to where it is: a reading, or the write of ours with this key that nothing has followed. */
export interface Since {
  readonly how: "read" | "written"
  readonly at: number
  readonly via: string | null
  readonly by: string | null
  readonly key: string | null
}

export interface GroupAt {
  readonly connection: string
  /** Where it is gone, the record that it was. */
  readonly record: RecordKey | null
  readonly state: HoldState
  /** Why, where the state alone does not say it. */
  readonly reason: string | null
  readonly view: View | null
  /** What it should hold instead; null: nothing, or just that. */
  readonly wanted: View | null
  readonly since: Since | null
  /** Of this group to this record, oldest first. */
  readonly writes: ReadonlyArray<WriteStep>
}

/** The fact that the value goes back to, as it was read, or found in the provider's history (`via` is `history` then). */
export interface WinningObservation extends RecordAt {
  readonly at: number
  /** Of an edit that was found in a history: when the record was last read before the write that stood over it. */
  readonly readStartedAt: number
  readonly stamp: number | null
  readonly by: string | null
  readonly via: string
  readonly values: JsonObject
}

export interface GroupExplanation {
  readonly group: string
  readonly value: GroupValue
  readonly revision: number
  readonly from: Provenance
  readonly observation: WinningObservation | null
  /** Newest first. */
  readonly history: ReadonlyArray<ChangeStep>
  readonly at: ReadonlyArray<GroupAt>
}

/** What became of the entity as a whole. */
export interface EntityStep {
  readonly at: number
  readonly event: string
  readonly kind:
    | "created"
    | "linked"
    | "unlinked"
    | "merged"
    | "mergedAway"
    | "split"
    | "splitOff"
    | "archived"
    | "restored"
  /** Of `created`, `linked` and `unlinked`. */
  readonly connection: string | null
  readonly record: RecordKey | null
  /** The other one of `merged` (it came in), `mergedAway` (this one went into it), `split` (it left) and `splitOff` (this one left it). */
  readonly entity: string | null
  /** How a record was found to be this entity, or why it is that no longer, or why the entity went. */
  readonly reason: string | null
  /** Who asked; null: nobody, or a provider's word. */
  readonly by: string | null
}

export interface Explanation {
  readonly type: EntityType
  readonly id: string
  readonly archived: string | null
  readonly mergedInto: string | null
  readonly records: ReadonlyArray<RecordAt & { readonly primary: boolean }>
  /** Entities that were merged into it and can be split off again. */
  readonly merged: ReadonlyArray<{ readonly id: string; readonly at: number }>
  /** Parked matches (`connection|object:id`) that name it: until they are answered it is created nowhere. */
  readonly questions: ReadonlyArray<string>
  /** Where it had a record that is gone: it is not created there again unless a person asks. */
  readonly tombstones: ReadonlyArray<RecordAt & { readonly reason: string }>
  /** Newest first. */
  readonly history: ReadonlyArray<EntityStep>
  readonly groups: ReadonlyArray<GroupExplanation>
}

/** What somebody asked for. */
export interface RequestedItem {
  readonly at: number
  readonly id: string
  /** `ArmRequested`, `MergeRequested`, … */
  readonly kind: string
  /** The name that was given. */
  readonly by: string
  readonly connection: string | null
  /** `type:id`; of a merge the one that stays. */
  readonly entity: string | null
  /** `object:id`. */
  readonly record: string | null
  readonly detail: string
}

/** A line of the live log. Says what happened and to what, never with which values. */
export interface TailEvent {
  readonly position: string
  readonly at: number
  readonly category: string
  readonly event: string
  readonly connection: string | null
  /** `type:id`. */
  readonly entity: string | null
  /** `object:id`. */
  readonly record: string | null
  /** Groups, rules, reasons and codes. */
  readonly detail: string
}
