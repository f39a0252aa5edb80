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

const issueOf = (tenant: string, connection: string, entity: EntityRef, group: string) =>
  get<IssueDoc>(tenant, "issue", `${connection}|${entityKey(entity.type, entity.id)}|${group}`)

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

const hasRefusal = Effect.fnUntraced(function* (tenant: string, connection: string, entity: EntityRef) {
  let found = false
  yield* eachOf<IssueDoc>(tenant, "issue", `${connection}|${entityKey(entity.type, entity.id)}|`, (_, { kind }) => {
    found ||= kind === "refused"
  })
  return found
})

/** Lifting a tombstone asks for a new record there, so it has to be one that can come to be. */
const checkRelease = Effect.fnUntraced(function* (tenant: string, request: typeof ReleaseRequested.Type) {
  const { connection, entity, group } = request
  const doc = yield* entityOf(tenant, entity.type, entity.id)
  const id = `${connection}|${entityKey(entity.type, entity.id)}`
  if (group !== null) {
    if ((yield* issueOf(tenant, connection, entity, group))?.kind === "quarantined") return
    return yield* new NotFound({ what: "quarantine", id: `${id}|${group}` })
  }
  if ((doc.links[connection]?.tombstone ?? null) === null) return yield* new NotFound({ what: "tombstone", id })
  const name = entityKey(entity.type, entity.id)
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
      const id = `${request.connection}|${entityKey(request.entity.type, request.entity.id)}|${request.group}`
      if ((yield* get<ConflictDoc>(tenant, "conflict", id)) === null)
        return yield* new NotFound({ what: "conflict", id })
      return
    }
    case "MatchRequested": {
      const id = `${request.connection}|${recordKey(request.record)}`
      const question = yield* get<QuestionDoc>(tenant, "question", id)
      if (question === null) return yield* new NotFound({ what: "match", id })
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
      return yield* new NotFound({ what: "merge", id: `of ${request.merged} into ${request.entity.id}` })
    }
    case "ReplayRequested": {
      const id = `${request.connection}|${entityKey(request.entity.type, request.entity.id)}`
      yield* entityOf(tenant, request.entity.type, request.entity.id)
      if (!(yield* hasRefusal(tenant, request.connection, request.entity)))
        return yield* new NotFound({ what: "refusal", id })
      return
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
