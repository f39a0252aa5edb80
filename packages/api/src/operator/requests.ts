/**
 * What an operator can ask for. `by` names who asks and stands in the journal with the request. Stored requests are read as
 * they are; the bounds here are for what is asked now.
 */
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
import { EntityRef, RecordId } from "@concordat/model/events/record"
import { NAME } from "@concordat/model/streams"
import * as Schema from "effect/Schema"

export const MOST_WRITES_PER_HOUR = 1_000_000
const MOST_CHARACTERS = 500

const Text = Schema.String.check(
  Schema.isNonEmpty({ expected: `1 to ${MOST_CHARACTERS} characters` }),
  Schema.isMaxLength(MOST_CHARACTERS, { expected: `1 to ${MOST_CHARACTERS} characters` }),
)
const connection = Schema.String.check(Schema.isPattern(NAME, { expected: "a name of a-z, 0-9 and _" }))
const by = Text
const entity = Schema.Struct({ ...EntityRef.fields, id: Text })
const record = Schema.Struct({ ...RecordId.fields, object: Text, id: Text })
const expected = `a whole number from 1 to ${MOST_WRITES_PER_HOUR}, or null for no cap`
const writesPerHour = Schema.NullOr(
  Schema.Finite.check(
    Schema.isInt({ expected }),
    Schema.isBetween({ minimum: 1, maximum: MOST_WRITES_PER_HOUR }, { expected }),
  ),
)

export const Request = Schema.Union([
  Schema.Struct({ ...ArmRequested.fields, connection, by, writesPerHour }),
  Schema.Struct({ ...PauseRequested.fields, connection, by }),
  Schema.Struct({ ...ResumeRequested.fields, connection, by }),
  Schema.Struct({ ...ResolveRequested.fields, connection, by, entity, group: Text }),
  Schema.Struct({ ...MatchRequested.fields, connection, by, record, entity: Schema.NullOr(entity) }),
  Schema.Struct({ ...MergeRequested.fields, by, from: entity, into: entity }),
  Schema.Struct({ ...SplitRequested.fields, by, entity, merged: Text }),
  Schema.Struct({ ...ReplayRequested.fields, connection, by, entity }),
  Schema.Struct({ ...ReleaseRequested.fields, connection, by, entity, group: Schema.NullOr(Text) }),
])
export type Request = typeof Request.Type

/** In the journal: `id` is the event that the decisions which follow name as their cause. */
export const Accepted = Schema.Struct({ id: Schema.String, revision: Schema.Finite })
