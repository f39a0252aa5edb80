/** A write on its way to the provider: what is planned, or an intent that is not settled, as the row that says it. */
import { clear } from "@concordat/model/events/envelope"
import type { EntityRef } from "@concordat/model/events/record"
import { sha256 } from "@concordat/model/ids"
import { canonicalJson, type JsonObject } from "@concordat/model/json"
import type { PlannedWrite } from "@concordat/rules/push/plan"
import { entityKey, type OpenIntentDoc, type RecordKey } from "@concordat/rules/state/documents"
import type { WriteRow } from "../ports/Provider.ts"
import { intended, type Intended, type Sent, sentOf } from "./settle.ts"

export interface Candidate {
  readonly key: string
  readonly entity: EntityRef
  /** `type:id`. */
  readonly entityKey: string
  readonly kind: WriteRow["kind"]
  readonly object: string
  /** Null for a create. */
  readonly record: RecordKey | null
  readonly sent: Sent
  readonly data: Intended
  /** Null: the intent is not in the journal yet. */
  readonly intent: OpenIntentDoc | null
  /** Values of the read directly before the write. */
  readonly current: JsonObject | null
}

/** The same write for the same due sequence has the same key, whoever sends it and however often. */
export const idempotencyKey = (
  provider: string,
  write: Pick<PlannedWrite, "object" | "entity" | "values" | "due" | "kind">,
): string =>
  sha256([provider, write.object, write.entity, write.kind, canonicalJson(write.values), write.due].join("\n"))

export const fresh = (provider: string, connection: string, plan: PlannedWrite): Candidate => {
  const key = idempotencyKey(provider, plan)
  const entity: EntityRef = { type: plan.type, id: plan.entity }
  const { before, groups, lookup, ownId, values } = plan
  const sent: Sent = { groups: groups as JsonObject, values, before, lookup, ownId }
  const data: Intended = {
    _tag: "WriteIntended",
    connection,
    object: plan.object,
    externalId: plan.id,
    entity,
    due: plan.due,
    key,
    kind: plan.kind,
    sent: clear({ ...sent }),
  }
  return {
    key,
    entity,
    entityKey: entityKey(entity.type, entity.id),
    kind: plan.kind,
    object: plan.object,
    record: plan.id === null ? null : { object: plan.object, id: plan.id },
    sent,
    data,
    intent: null,
    current: null,
  }
}

export const again = (intent: OpenIntentDoc): Candidate => {
  const data = intended(intent)
  const { entity, externalId, key, kind, object } = data
  return {
    key,
    entity,
    entityKey: entityKey(entity.type, entity.id),
    kind,
    object,
    record: externalId === null ? null : { object, id: externalId },
    sent: sentOf(intent),
    data,
    intent,
    current: null,
  }
}

export const rowOf = (candidate: Candidate, version: string | undefined): WriteRow => {
  const { entity, key, kind, record, sent } = candidate
  return {
    key,
    kind,
    ...(record === null ? {} : { id: record.id }),
    ownId: sent.ownId,
    type: entity.type,
    values: sent.values,
    before: sent.before,
    ...(version === undefined ? {} : { version }),
  }
}

/** Whether an intent that is not settled still says what is due: then it is sent again, else something else is. */
export const isSame = (candidate: Candidate, plan: PlannedWrite): boolean =>
  candidate.kind === plan.kind &&
  candidate.record?.id === (plan.id ?? undefined) &&
  candidate.data.due === plan.due &&
  canonicalJson(candidate.sent.values) === canonicalJson(plan.values)
