/** What the answer to a write makes of its intent. Pure: of the intent, the outcome and the time. */
import { clear, opened } from "@concordat/model/events/envelope"
import type { RecordWritten, WriteIntended, WriteRefused } from "@concordat/model/events/record"
import type { Json, JsonObject } from "@concordat/model/json"
import type { View } from "@concordat/rules/mapping/lens"
import { targetsIn } from "@concordat/rules/reconcile/waits"
import { type OpenIntentDoc, parseRecordKey, type RecordKey } from "@concordat/rules/state/documents"
import { backoff } from "../budget/backoff.ts"
import { SETTLE_EVERY_MS, SETTLE_MAX_MS, WRITE_RETRY_MAX_MS, WRITE_RETRY_MS, WRITE_TRIES } from "../limits.ts"
import type { WriteOutcome } from "../ports/Provider.ts"

export type Intended = (typeof WriteIntended)["Type"]

/** What stands in `WriteIntended.sent` beside the views and the raw values: enough to send the row again. */
export interface Sent {
  readonly groups: JsonObject
  readonly values: JsonObject
  readonly before: JsonObject
  readonly lookup: JsonObject
  readonly ownId: string
}

export const intended = (intent: Pick<OpenIntentDoc, "data">): Intended => intent.data as Intended

export const sentOf = (intent: Pick<OpenIntentDoc, "data">): Sent => {
  const sent = opened(intended(intent).sent)
  const part = (name: string): JsonObject => (sent[name] ?? {}) as JsonObject
  return {
    groups: part("groups"),
    values: part("values"),
    before: part("before"),
    lookup: part("lookup"),
    ownId: typeof sent["ownId"] === "string" ? sent["ownId"] : "",
  }
}

export type Settled =
  | {
      readonly _tag: "Written"
      readonly data: RecordWritten
      /** What the answer held beside what was sent: an observation. */
      readonly beside: JsonObject
      readonly held: JsonObject | undefined
      readonly outcome: Extract<WriteOutcome, { _tag: "Written" }>
    }
  | { readonly _tag: "Refused"; readonly data: WriteRefused }
  /** To be sent again, or asked for again, at `nextAt`. */
  | { readonly _tag: "Open"; readonly intent: OpenIntentDoc }
  /** Somebody was quicker: nothing was written, the record is read and decided anew. */
  | { readonly _tag: "Overtaken" }

type RefusedOutcome = Extract<WriteOutcome, { _tag: "Refused" }>

/** Whether a try of it may have had an effect. */
export const mayBeTaken = ({ attempts, untaken = 0 }: Pick<OpenIntentDoc, "attempts" | "untaken">): boolean =>
  attempts > untaken

/** The records that what was sent refers to. */
export const targetsOf = (intent: Pick<OpenIntentDoc, "data">): ReadonlyArray<RecordKey> => {
  const { type } = intended(intent).entity
  const views = Object.values(sentOf(intent).groups) as ReadonlyArray<View>
  return [...new Set(views.flatMap((view) => targetsIn(type, view)))].map(parseRecordKey)
}

/**
 * Refused since its record was not there. It may have been taken back since, and no read of ours tells that it was ever gone, so
 * that nothing would wake what stands refused. It is read before the next try: seen to be gone, it is decided anew.
 */
const isOfAbsent = (intent: OpenIntentDoc, { code, effect }: RefusedOutcome): boolean =>
  effect === "none" && code === "missing" && intended(intent).externalId !== null

/** Counts the try that is answered among those that had no effect, where all before it are. What is not there took nothing. */
const untaken = (intent: OpenIntentDoc, outcome: RefusedOutcome): Pick<OpenIntentDoc, "untaken"> =>
  isOfAbsent(intent, outcome) && !mayBeTaken({ ...intent, attempts: intent.attempts - 1 })
    ? { untaken: intent.attempts }
    : {}

const picked = (values: JsonObject, names: ReadonlyArray<string>): JsonObject =>
  Object.fromEntries(names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name] as Json]])))

export const refusal = (
  intent: OpenIntentDoc,
  refused: {
    readonly code: string
    readonly message: string
    readonly field?: string
    readonly effect: "none" | "unknown"
    readonly existing?: string
  },
): WriteRefused => {
  const { connection, object, externalId, entity, due, key } = intended(intent)
  return {
    _tag: "WriteRefused",
    connection,
    object,
    externalId,
    entity,
    due,
    key,
    code: refused.code,
    field: refused.field ?? null,
    message: refused.message,
    effect: refused.effect,
    existing: refused.existing ?? null,
    attempts: intent.attempts,
  }
}

/** `attempts` of the intent counts the one that is answered. `chance` in [0, 1). */
export const settle = (intent: OpenIntentDoc, outcome: WriteOutcome, now: number, chance: number): Settled => {
  switch (outcome._tag) {
    case "Pending": {
      const until = intent.job === null ? now : intent.until
      // A job that never ends is looked for like a write whose answer was lost.
      const job = now - until < SETTLE_MAX_MS ? outcome.job : null
      return { _tag: "Open", intent: { ...intent, job, nextAt: now + SETTLE_EVERY_MS, until } }
    }
    case "Refused": {
      if (outcome.code === "precondition" && outcome.effect === "none") return { _tag: "Overtaken" }
      if ((outcome.retry || isOfAbsent(intent, outcome)) && intent.attempts < WRITE_TRIES) {
        const wait = backoff(intent.attempts, chance, WRITE_RETRY_MS, WRITE_RETRY_MAX_MS)
        const open = { ...intent, ...untaken(intent, outcome), job: null, nextAt: now + wait, until: now }
        return { _tag: "Open", intent: open }
      }
      return { _tag: "Refused", data: refusal(intent, outcome) }
    }
    case "Written": {
      const { connection, object, entity, due, key, kind } = intended(intent)
      const names = Object.keys(sentOf(intent).values)
      const { held } = outcome
      const refused = (outcome.refused ?? []).map(({ key: name, code, message }) => ({ name, code, message }))
      const data: RecordWritten = {
        _tag: "RecordWritten",
        connection,
        object: outcome.object ?? object,
        externalId: outcome.id,
        entity,
        due,
        key,
        kind,
        held: held === undefined ? null : clear(picked(held, names)),
        stamp: outcome.stamp ?? null,
        adopted: outcome.adopted ?? false,
        // Found at the first try it is of another create, which may have sent something else, unless that try was answered.
        ...(outcome.adopted === true && outcome.made !== undefined && (intent.attempts > 1 || held !== undefined)
          ? { made: outcome.made }
          : {}),
        refused,
        attempts: intent.attempts,
      }
      const beside =
        held === undefined
          ? {}
          : picked(
              held,
              Object.keys(held).filter((name) => !names.includes(name)),
            )
      return { _tag: "Written", data, beside, held, outcome }
    }
  }
}
