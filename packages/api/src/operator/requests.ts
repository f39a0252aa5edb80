/** What an operator can ask for. `by` names who asks and stands in the journal with the request. */
import {
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
import * as Schema from "effect/Schema"

export const Request = Schema.Union([
  ArmRequested,
  PauseRequested,
  ResumeRequested,
  ResolveRequested,
  MatchRequested,
  MergeRequested,
  SplitRequested,
  ReplayRequested,
  ReleaseRequested,
])
export type Request = typeof Request.Type

/** In the journal: `id` is the event that the decisions which follow name as their cause. */
export const Accepted = Schema.Struct({ id: Schema.String, revision: Schema.Finite })
