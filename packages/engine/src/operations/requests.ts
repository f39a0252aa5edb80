/** What people ask for, appended to the tenant's request stream; the reconciler makes it so. */
import type {
  ArmRequested,
  MatchRequested,
  MergeRequested,
  PauseRequested,
  ReleaseRequested,
  ReplayRequested,
  ResolveRequested,
  ResumeRequested,
  SplitRequested,
} from "@concordat/model/events/connection"
import type { EntityRef } from "@concordat/model/events/record"
import * as streams from "@concordat/model/streams"
import {
  type ConflictDoc,
  entityKey,
  type IssueDoc,
  type QuestionDoc,
  recordKey,
} from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { appendTo } from "./append.ts"
import { connectionOf, eachOf, entityOf, get } from "./documents.ts"
import { NotApplicable, NotFound } from "./failures.ts"

export type Request =
  | typeof ArmRequested.Type
  | typeof PauseRequested.Type
  | typeof ResumeRequested.Type
  | ResolveRequested
  | MatchRequested
  | typeof MergeRequested.Type
  | typeof SplitRequested.Type
  | typeof ReplayRequested.Type
  | typeof ReleaseRequested.Type

/** The entity that it is today: what it was merged into, and that in turn. */
const today = Effect.fnUntraced(function* (tenant: string, entity: EntityRef) {
  let doc = yield* entityOf(tenant, entity.type, entity.id)
  while (doc.mergedInto !== null) doc = yield* entityOf(tenant, doc.type, doc.mergedInto)
  return doc
})

const checkMerge = Effect.fnUntraced(function* (tenant: string, from: EntityRef, into: EntityRef) {
  if (from.type !== into.type)
    return yield* new NotApplicable({ detail: `a ${from.type} can't be merged into a ${into.type}` })
  const [one, other] = [yield* today(tenant, from), yield* today(tenant, into)]
  if (one.id !== other.id) return
  const detail = `${entityKey(from.type, from.id)} and ${entityKey(into.type, into.id)} are one already`
  return yield* new NotApplicable({ detail })
})

/** Groups of an entity at a connection that a kind of issue is about. */
const groupsWith = Effect.fnUntraced(function* (
  tenant: string,
  connection: string,
  entity: EntityRef,
  wanted: IssueDoc["kind"],
) {
  const prefix = `${connection}|${entityKey(entity.type, entity.id)}|`
  const groups: Array<string> = []
  yield* eachOf<IssueDoc>(tenant, "issue", prefix, (key, { kind }) => {
    if (kind === wanted) groups.push(key.slice(prefix.length))
  })
  return groups
})

const conflictsOf = Effect.fnUntraced(function* (tenant: string, connection: string, entity: EntityRef) {
  const prefix = `${connection}|${entityKey(entity.type, entity.id)}|`
  const groups: Array<string> = []
  yield* eachOf<ConflictDoc>(tenant, "conflict", prefix, (key) => void groups.push(key.slice(prefix.length)))
  return groups
})

/** Lifting a tombstone asks for a new record there, so it has to be one that can come to be. */
const checkRelease = Effect.fnUntraced(function* (tenant: string, request: typeof ReleaseRequested.Type) {
  const { connection, entity, group } = request
  const doc = yield* entityOf(tenant, entity.type, entity.id)
  const name = entityKey(entity.type, entity.id)
  if (group !== null) {
    const there = yield* groupsWith(tenant, connection, entity, "quarantined")
    if (there.includes(group)) return
    return yield* new NotFound({ what: "quarantine", id: `of ${group} of ${name} at ${connection}`, there })
  }
  if ((doc.links[connection]?.tombstone ?? null) === null) {
    const there = Object.keys(doc.links).flatMap((one) => (doc.links[one]!.tombstone === null ? [] : [`at ${one}`]))
    return yield* new NotFound({ what: "tombstone", id: `of ${name} at ${connection}`, there })
  }
  if (doc.archived !== null)
    return yield* new NotApplicable({ detail: `${name} is archived (${doc.archived}), so it is created nowhere` })
  const { opened } = yield* connectionOf(tenant, connection)
  const policy = opened.create[entity.type] ?? "never"
  if (policy === "always" || policy === "afterPlan") return
  return yield* new NotApplicable({
    detail: `${connection} gets no new ${entity.type}: its create.${entity.type} is ${policy}`,
  })
})

/** A request that names what is not there would wait for ever without a word, so it is refused here. */
const checked = Effect.fnUntraced(function* (tenant: string, request: Request) {
  if ("connection" in request) yield* connectionOf(tenant, request.connection)
  switch (request._tag) {
    case "ArmRequested":
    case "PauseRequested":
    case "ResumeRequested":
      return
    case "ResolveRequested": {
      const { connection, entity, group } = request
      yield* entityOf(tenant, entity.type, entity.id)
      const there = yield* conflictsOf(tenant, connection, entity)
      if (there.includes(group)) return
      const id = `about ${group} of ${entityKey(entity.type, entity.id)} at ${connection}`
      return yield* new NotFound({ what: "conflict", id, there })
    }
    case "MatchRequested": {
      const { connection, record } = request
      const question = yield* get<QuestionDoc>(tenant, "question", `${connection}|${recordKey(record)}`)
      if (question === null) {
        const id = `about ${recordKey(record)} at ${connection}`
        return yield* new NotFound({ what: "match", id, there: [] })
      }
      if (request.entity === null) return
      yield* entityOf(tenant, request.entity.type, request.entity.id)
      if (request.entity.type === question.type) return
      const detail = `${recordKey(request.record)} is a ${question.type}, and no ${request.entity.type}`
      return yield* new NotApplicable({ detail })
    }
    case "MergeRequested":
      return yield* checkMerge(tenant, request.from, request.into)
    case "SplitRequested": {
      const entity = yield* today(tenant, request.entity)
      if (entity.merges.some(({ from }) => from === request.merged)) return
      const there = entity.merges.map(({ from }) => from)
      return yield* new NotFound({ what: "merge", id: `of ${request.merged} into ${request.entity.id}`, there })
    }
    case "ReplayRequested": {
      const { connection, entity } = request
      yield* entityOf(tenant, entity.type, entity.id)
      if ((yield* groupsWith(tenant, connection, entity, "refused")).length > 0) return
      const id = `of ${entityKey(entity.type, entity.id)} at ${connection}`
      return yield* new NotFound({ what: "refusal", id, there: [] })
    }
    case "ReleaseRequested":
      return yield* checkRelease(tenant, request)
  }
})

/** Answers when the request is in the journal; `id` is the event that later decisions name as their cause. */
export const ask = Effect.fn("Operations.ask")(function* (tenant: string, request: Request) {
  yield* checked(tenant, request)
  return yield* appendTo(streams.request(tenant), [{ type: request._tag, data: request }])
})
