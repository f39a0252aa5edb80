/** What the operator's API answers, as schemas. Times are ms since 1970; lists are in key order. */
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import { Provenance } from "@concordat/model/events/entity"
import { RecordId } from "@concordat/model/events/record"
import { JsonObject } from "@concordat/model/json"
import * as Schema from "effect/Schema"

const { Array: List, Boolean, Finite, Literals, NullOr, optionalKey, Record, String, Struct } = Schema

export const EntityType = Literals(ENTITY_TYPES)
const Value = Schema.Union([Schema.Null, String, Finite, Boolean, List(String)])
/** A canonical group or a connection's view of it: field or slot to value. */
const Values = Record(String, Value)
const IssueKind = Literals(["refused", "quarantined", "problem", "waiting"])
const IssueCounts = Struct({ refused: Finite, quarantined: Finite, problem: Finite, waiting: Finite })
const BackfillState = Literals(["none", "running", "done"])
const RecordAt = Struct({ connection: String, object: String, id: String })

/** `next` asks for what follows (`after`); null: that was all. */
const listOf = <S extends Schema.Constraint>(item: S) => Struct({ items: List(item), next: NullOr(String) })

export const ObjectProgress = Struct({
  object: String,
  done: Finite,
  total: NullOr(Finite),
  finished: Boolean,
  perSecond: Finite,
  secondsLeft: NullOr(Finite),
})

/** What the connection's worker does and waits for now. `counters` and `calls` are since its start. */
export const Worker = Struct({
  /** The last fault of the connection as a whole; null once a call has gone well again. */
  fault: NullOr(Struct({ what: String, at: Finite })),
  /** Why it has stopped calling by itself (`authorisation`, `permission`); null: it has not. */
  stoppedBy: NullOr(String),
  /** A 429 or an outage: no call goes out before; null: they do. */
  waitsUntil: NullOr(Finite),
  budget: Struct({
    /** Calls that wait for their turn, and calls on their way. */
    waiting: Finite,
    running: Finite,
    /** `tokens` and `day` are what is left; `day` null: no daily budget. `closedUntil`: the provider said "too many". */
    buckets: List(
      Struct({ name: String, capacity: Finite, tokens: Finite, day: NullOr(Finite), closedUntil: NullOr(Finite) }),
    ),
  }),
  /** By object. `at`: the end of the last poll that went well; `fault`: why the last one failed for good. */
  polls: List(Struct({ object: String, at: NullOr(Finite), fault: NullOr(String) })),
  /** The last walk over each object that was read again, for what moves no date. `total` null: nobody counted. */
  rereads: List(Struct({ object: String, startedAt: Finite, done: Finite, total: NullOr(Finite), finished: Boolean })),
  /** Records that webhooks, or other flows, want looked at. */
  hints: Finite,
  /** Writes that are begun and not settled; those of them that wait for another try, and the next of these. */
  writes: Struct({ open: Finite, retrying: Finite, nextAt: NullOr(Finite) }),
  counters: Record(String, Finite),
  calls: NullOr(Record(String, Finite)),
})
export type Worker = typeof Worker.Type

export const ConnectionStatus = Struct({
  connection: String,
  provider: String,
  class: Literals(["peer", "table", "enrichment", "leads"]),
  isApp: Boolean,
  armed: Boolean,
  armedAt: NullOr(Finite),
  writesPerHour: NullOr(Finite),
  paused: List(String),
  closed: Boolean,
  backfill: Struct({
    state: BackfillState,
    startedAt: Finite,
    finishedAt: Finite,
    objects: List(ObjectProgress),
  }),
  linked: Finite,
  due: Finite,
  writing: Finite,
  questions: Finite,
  conflicts: Finite,
  issues: IssueCounts,
  counters: Record(String, Finite),
  /** Whether its worker has nothing in hand but regular polls, and nothing to do; null where it does not run here. */
  idle: NullOr(Boolean),
  /** null where none runs in the process asked, or where it is being started again. */
  worker: NullOr(Worker),
  /** How often in a row it had to be started again, and the error it stopped with. */
  restarts: Finite,
  stopped: NullOr(String),
})
export type ConnectionStatus = typeof ConnectionStatus.Type
/** Where processes divide the work among themselves: who does what of the tenant's. */
export const Owned = Struct({
  /** `deciding 3`, the share that the tenant is in, or a connection. */
  what: String,
  /** The process's address; null: nobody at this moment. */
  owner: NullOr(String),
  /** Grows with each new owner. */
  epoch: Finite,
})
export type Owned = typeof Owned.Type

export const TenantStatus = Struct({
  tenant: String,
  /** Of the engine. */
  version: String,
  /** Facts in the journal that are not decided yet (at most 1,000 are counted), and the age of the oldest in ms. */
  behind: Finite,
  behindMs: Finite,
  connections: List(ConnectionStatus),
  /** Absent where one process does everything. */
  owners: optionalKey(List(Owned)),
})
export type TenantStatus = typeof TenantStatus.Type

export const Plan = Struct({
  connection: String,
  armed: Boolean,
  backfill: BackfillState,
  linked: Finite,
  create: Record(String, Finite),
  archive: Record(String, Finite),
  overwrite: List(Struct({ type: EntityType, group: String, records: Finite })),
  park: Struct({ matches: Finite, conflicts: Finite }),
  issues: IssueCounts,
})
export type Plan = typeof Plan.Type

export const Conflicts = listOf(
  Struct({
    connection: String,
    type: EntityType,
    id: String,
    group: String,
    rule: String,
    at: Finite,
    ours: Struct({ value: NullOr(Values), from: NullOr(Provenance) }),
    theirs: Struct({ view: NullOr(Values), from: Provenance }),
  }),
)
export type Conflicts = typeof Conflicts.Type

export const Matches = listOf(
  Struct({
    connection: String,
    object: String,
    id: String,
    type: EntityType,
    reason: String,
    at: Finite,
    candidates: List(Struct({ id: String, records: List(RecordAt) })),
  }),
)
export type Matches = typeof Matches.Type

export { IssueKind }
export const Issues = listOf(
  Struct({
    connection: String,
    type: EntityType,
    id: String,
    group: String,
    kind: IssueKind,
    code: String,
    message: String,
    at: Finite,
  }),
)
export type Issues = typeof Issues.Type

export const WAITING_KINDS = [
  "match",
  "conflict",
  "refused",
  "quarantined",
  "problem",
  "reference",
  "record",
  "write",
  "unknown",
  "create",
  "tombstone",
  "due",
] as const
export const WaitingKind = Literals(WAITING_KINDS)

/** `entity` is `type:id`, `record` `object:id`. A page can be short, even empty, and still have a next one. */
export const Waiting = listOf(
  Struct({
    kind: WaitingKind,
    connection: String,
    entity: NullOr(String),
    record: NullOr(String),
    group: NullOr(String),
    reason: String,
    since: NullOr(Finite),
    nextAt: NullOr(Finite),
  }),
)
export type Waiting = typeof Waiting.Type

export const Links = listOf(
  Struct({
    type: EntityType,
    id: String,
    archived: NullOr(String),
    mergedInto: NullOr(String),
    at: List(
      Struct({
        connection: String,
        primary: NullOr(RecordId),
        duplicates: List(RecordId),
        tombstone: NullOr(Struct({ record: RecordId, reason: String })),
        due: Boolean,
        parked: List(String),
        quarantined: List(String),
        refused: List(String),
        problems: List(String),
      }),
    ),
  }),
)
export type Links = typeof Links.Type

const WriteStep = Struct({
  at: Finite,
  key: String,
  kind: Literals(["create", "update", "archive"]),
  sent: NullOr(JsonObject),
  outcome: Literals(["confirmed", "adopted", "refused", "unanswered"]),
  answeredAt: NullOr(Finite),
  held: NullOr(JsonObject),
  message: NullOr(String),
  attempts: NullOr(Finite),
})

const ChangeStep = Struct({
  at: Finite,
  event: String,
  kind: Literals(["created", "changed", "kept", "merged", "split", "parked", "settled"]),
  rule: String,
  value: NullOr(Values),
  from: NullOr(Provenance),
  loser: NullOr(Struct({ from: Provenance, value: NullOr(JsonObject) })),
  connection: NullOr(String),
})

/**
 * `held`: it agrees. `differs`: and nothing is written there. `waiting`: for records there of what it refers to. `gone`: the
 * record was there. `absent`: there is no record. `unmapped`: the mapping has no such group.
 */
const HoldState = Literals([
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
])

export const GroupExplanation = Struct({
  group: String,
  value: Values,
  revision: Finite,
  from: Provenance,
  observation: NullOr(
    Struct({
      connection: String,
      object: String,
      id: String,
      at: Finite,
      readStartedAt: Finite,
      stamp: NullOr(Finite),
      by: NullOr(String),
      via: String,
      values: JsonObject,
    }),
  ),
  history: List(ChangeStep),
  at: List(
    Struct({
      connection: String,
      record: NullOr(RecordId),
      state: HoldState,
      /** Why, where the state alone does not say it. */
      reason: NullOr(String),
      view: NullOr(Values),
      /** What it should hold instead; null: nothing, or just that. */
      wanted: NullOr(Values),
      /** What brought the view there: a reading, or the write with this key. */
      since: NullOr(
        Struct({
          how: Literals(["read", "written"]),
          at: Finite,
          via: NullOr(String),
          by: NullOr(String),
          key: NullOr(String),
        }),
      ),
      writes: List(WriteStep),
    }),
  ),
})
export type GroupExplanation = typeof GroupExplanation.Type

/** What became of the entity as a whole. `entity`: the other one of a merge or a split; `by`: who asked for that. */
export const EntityStep = Struct({
  at: Finite,
  event: String,
  kind: Literals([
    "created",
    "linked",
    "unlinked",
    "merged",
    "mergedAway",
    "split",
    "splitOff",
    "archived",
    "restored",
  ]),
  connection: NullOr(String),
  record: NullOr(RecordId),
  entity: NullOr(String),
  reason: NullOr(String),
  by: NullOr(String),
})
export type EntityStep = typeof EntityStep.Type

export const Explanation = Struct({
  type: EntityType,
  id: String,
  archived: NullOr(String),
  mergedInto: NullOr(String),
  records: List(Struct({ connection: String, object: String, id: String, primary: Boolean })),
  merged: List(Struct({ id: String, at: Finite })),
  questions: List(String),
  tombstones: List(Struct({ connection: String, object: String, id: String, reason: String })),
  /** Newest first. */
  history: List(EntityStep),
  groups: List(GroupExplanation),
})
export type Explanation = typeof Explanation.Type

/** Newest first. `entity` is `type:id` (of a merge the one that stays), `record` `object:id`. */
export const Requested = listOf(
  Struct({
    at: Finite,
    id: String,
    kind: String,
    by: String,
    connection: NullOr(String),
    entity: NullOr(String),
    record: NullOr(String),
    detail: String,
  }),
)
export type Requested = typeof Requested.Type

export const TailEvent = Struct({
  position: String,
  at: Finite,
  category: String,
  event: String,
  connection: NullOr(String),
  entity: NullOr(String),
  record: NullOr(String),
  detail: String,
})
export type TailEvent = typeof TailEvent.Type

/** `Mark` says how far the log was looked at, and `Beat` that the line is alive while nothing happens. */
export const Tailed = Schema.Union([
  Schema.TaggedStruct("Event", { event: TailEvent }),
  Schema.TaggedStruct("Mark", { position: NullOr(String), caughtUp: Boolean }),
  Schema.TaggedStruct("Beat", {}),
])
export type Tailed = typeof Tailed.Type
