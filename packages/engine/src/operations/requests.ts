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
import * as streams from "@concordat/model/streams"
import { type ConflictDoc, entityKey, type QuestionDoc, recordKey } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { appendTo } from "./append.ts"
import { connectionOf, countOf, entityOf, get } from "./documents.ts"
import { NotFound } from "./failures.ts"

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
      if ((yield* get<QuestionDoc>(tenant, "question", id)) === null) return yield* new NotFound({ what: "match", id })
      if (request.entity !== null) yield* entityOf(tenant, request.entity.type, request.entity.id)
      return
    }
    case "MergeRequested":
      yield* entityOf(tenant, request.from.type, request.from.id)
      yield* entityOf(tenant, request.into.type, request.into.id)
      return
    case "SplitRequested": {
      const entity = yield* entityOf(tenant, request.entity.type, request.entity.id)
      if (entity.merges.some(({ from }) => from === request.merged)) return
      return yield* new NotFound({ what: "merge", id: `of ${request.merged} into ${request.entity.id}` })
    }
    case "ReplayRequested": {
      const id = `${request.connection}|${entityKey(request.entity.type, request.entity.id)}`
      yield* entityOf(tenant, request.entity.type, request.entity.id)
      if ((yield* countOf(tenant, "issue", `${id}|`)) === 0) return yield* new NotFound({ what: "refusal", id })
      return
    }
    case "ReleaseRequested":
      yield* entityOf(tenant, request.entity.type, request.entity.id)
  }
})

/** Answers when the request is in the journal; `id` is the event that later decisions name as their cause. */
export const ask = Effect.fn("Operations.ask")(function* (tenant: string, request: Request) {
  yield* checked(tenant, request)
  return yield* appendTo(streams.request(tenant), [{ type: request._tag, data: request }])
})
