/**
 * The app's edits, as a library call: checked, held against what Concordat wrote meanwhile, given to the connection as
 * observed records, and remembered by their keys. The HTTP endpoint (`handlers.ts`) is this call with a socket before it.
 */
import type { Journal, JournalError } from "@concordat/engine/ports/Journal"
import type { RawRecord } from "@concordat/engine/ports/Provider"
import type { UnreadableEvent } from "@concordat/model/events/stored"
import { canonicalJson, type JsonObject } from "@concordat/model/json"
import { record as recordStream } from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { isEnd, type Open, type Recent, recentOf, valuesOf } from "./history.ts"
import { makeKeys } from "./keys.ts"
import { ownIdOf } from "./own-ids.ts"
import { checkId, checkKey, checkObject, checkStamp, checkValues, isObject, type Problem } from "./validate.ts"
import type { Versions } from "./versions.ts"
import { wholeOf } from "./whole.ts"

/** Not now, and nobody knows whether it was taken: the same edit is to be sent again with its key. */
export class AppUnavailable extends Schema.TaggedError<AppUnavailable>()("AppUnavailable", {
  detail: Schema.String,
  retryAfterMs: Schema.Finite,
}) {
  override get message(): string {
    return `app: ${this.detail}`
  }
}

/** The connection, as its worker gives it out. Each answers when the facts are in the journal, in the order given, with
 * the last revision of each record's stream (-1: there is none); at most one row per record at once. */
export interface AppHandle {
  readonly submit: (
    records: ReadonlyArray<RawRecord>,
  ) => Effect.Effect<ReadonlyArray<{ readonly id: string; readonly revision: number }>, AppUnavailable>
  /** The app deleted them. */
  readonly gone: (
    records: ReadonlyArray<{ readonly object: string; readonly id: string }>,
  ) => Effect.Effect<ReadonlyArray<{ readonly id: string; readonly revision: number }>, AppUnavailable>
  /** Everything that the app had when it was connected has been submitted. Idempotent. */
  readonly populated: Effect.Effect<void, AppUnavailable>
  /** The app has asked for its changes; `isKnown`: after a position of this journal, or from the start. */
  readonly followed: (isKnown: boolean) => Effect.Effect<void, AppUnavailable>
}

export interface AppEdit {
  readonly object: string
  readonly id: string
  readonly key: string
  /** `null`: the app deleted the record, whatever was written to it. */
  readonly values: JsonObject | null
  readonly basedOn: number | null
  readonly stamp?: number
  /** Absent: a person. */
  readonly by?: "person" | "automation"
}

export type Outcome =
  /** `repeated`: the key was taken before, with this body; nothing happened now. */
  | { readonly _tag: "Taken"; readonly revision: number; readonly repeated: boolean }
  | { readonly _tag: "Stale"; readonly revision: number; readonly values: JsonObject }
  | { readonly _tag: "Invalid"; readonly problems: ReadonlyArray<Problem> }

export interface SubmitOptions {
  readonly tenant: string
  readonly connection: string
  readonly journal: Pick<Journal["Service"], "read" | "append">
  readonly handle: AppHandle
  readonly versions: Versions
  readonly opaqueId: (externalId: string) => string
  readonly open: Open
  /** Whether the app follows the journal that is here now, or is given up on. */
  readonly isMet: Effect.Effect<boolean>
  /** How long an edit waits for the answer to a write that is under way to its record, ms. */
  readonly settleMs?: number
}

export type Submit = (edits: ReadonlyArray<AppEdit>) => Effect.Effect<ReadonlyArray<Outcome>, AppUnavailable>

const RETRY_MS = 1_000
const LOOK_AGAIN_MS = 25

const unavailable = (error: JournalError | UnreadableEvent): AppUnavailable =>
  new AppUnavailable({
    detail: `the journal can't be ${error._tag === "JournalError" ? error.reason : "read"}`,
    retryAfterMs: RETRY_MS,
  })

const problemsOf = (edit: AppEdit): ReadonlyArray<Problem> => [
  ...checkObject(edit.object),
  ...checkId(edit.id),
  ...checkKey(edit.key),
  ...checkStamp(edit.stamp),
  ...(edit.values !== null && isObject(edit.object) ? checkValues(edit.object, edit.values) : []),
]

const KEY_USED: Problem = {
  field: "Idempotency-Key",
  value: "",
  message: "this key came with another body before; send each edit with a key of its own",
}

const rawOf = (edit: AppEdit, values: JsonObject, version: string): RawRecord => {
  const ownId = ownIdOf(edit.id)
  return {
    object: edit.object,
    id: edit.id,
    values,
    version,
    by: edit.by ?? "person",
    ...(edit.stamp === undefined ? {} : { stamp: edit.stamp }),
    ...(ownId === null ? {} : { ownId }),
  }
}

const recordOf = (edit: AppEdit): string => `${edit.object}:${edit.id}`

export const makeSubmit = (options: SubmitOptions): Submit => {
  const { tenant, connection, journal, handle, versions } = options
  const keys = makeKeys(journal, tenant, connection)
  // One round at a time: of two requests with one key, the second finds the first remembered.
  const turn = Semaphore.makeUnsafe(1)
  const streamOf = (edit: AppEdit) => recordStream(tenant, connection, edit.object, options.opaqueId(edit.id))

  /**
   * The first edit of a record brings it whole. Asked in the same turn in which the edit is appended, of the record's own
   * stream: of two first ones the second finds the first. A record of our making (`cc-`) was there before the app's first
   * edit of it; one with a revision from a journal that was lost had values that nobody here knows.
   */
  const begins = (edit: AppEdit, { newest }: Recent): boolean =>
    newest === null ? edit.basedOn === null && ownIdOf(edit.id) === null : isEnd(newest)

  /** A first edit that comes again without its key being kept (a crash) is the same again, and so no news. */
  const comesAgain = Effect.fnUntraced(function* (whole: JsonObject, { newest }: Recent) {
    if (newest?._tag !== "RecordObserved") return false
    return canonicalJson(yield* options.open(tenant, newest.values)) === canonicalJson(whole)
  })

  const judge = Effect.fnUntraced(function* (edit: AppEdit, waits: boolean) {
    if (edit.values === null) return { _tag: "Give", values: null } as const
    const recent = yield* recentOf(journal.read, streamOf(edit), edit.basedOn, versions.wasTaken)
    // Its history may be that of another journal, in which case it has to send more than this edit: it is told so first.
    if (recent.ahead && !(yield* options.isMet))
      return yield* new AppUnavailable({ detail: "follow the changes first", retryAfterMs: RETRY_MS })
    if (recent.stale) {
      const isTakenBack = !recent.ahead && recent.newest !== null && isEnd(recent.newest)
      const values = yield* valuesOf(journal.read, tenant, streamOf(edit), options.open, isTakenBack)
      return { _tag: "Stale", revision: recent.revision, values } as const
    }
    if (recent.open && waits) return { _tag: "Wait" } as const
    const { object, values } = edit
    if (!isObject(object)) return { _tag: "Give", values } as const
    const whole = wholeOf(object, values)
    const isWhole = begins(edit, recent) || (yield* comesAgain(whole, recent))
    return { _tag: "Give", values: isWhole ? whole : values } as const
  })

  const give = Effect.fnUntraced(function* (edits: ReadonlyArray<AppEdit>) {
    const records = edits.flatMap((edit) =>
      edit.values === null ? [] : [rawOf(edit, edit.values, versions.of(edit.key))],
    )
    const gone = edits.flatMap((edit) => (edit.values === null ? [{ object: edit.object, id: edit.id }] : []))
    const put = records.length === 0 ? [] : yield* handle.submit(records)
    const removed = gone.length === 0 ? [] : yield* handle.gone(gone)
    let [nextPut, nextRemoved] = [0, 0]
    return edits.map((edit) => {
      const answer = edit.values === null ? removed[nextRemoved++] : put[nextPut++]
      return answer?.id === edit.id ? answer.revision : null
    })
  })

  /** One edit per record. What has to wait comes back as `Wait`, untouched. */
  const round = Effect.fnUntraced(function* (edits: ReadonlyArray<AppEdit>, waits: boolean) {
    const results: Array<Outcome | { readonly _tag: "Wait" } | null> = []
    const remembered = yield* keys.recall(edits)
    const announced = edits.map((edit, at) => {
      const before = remembered[at] ?? null
      results.push(
        before === null
          ? null
          : before.same
            ? { _tag: "Taken", revision: before.revision, repeated: true }
            : { _tag: "Invalid", problems: [KEY_USED] },
      )
      return before === null ? versions.announce(edit.object, edit.id, versions.of(edit.key)) : null
    })
    const taken = yield* Effect.gen(function* () {
      const fresh: Array<{ readonly edit: AppEdit; readonly at: number; readonly values: AppEdit["values"] }> = []
      for (const [at, edit] of edits.entries()) {
        if (announced[at] === null) continue
        const judged = yield* judge(edit, waits)
        if (judged._tag === "Give") {
          fresh.push({ edit, at, values: judged.values })
          continue
        }
        results[at] = judged
        announced[at]?.withdraw()
      }
      const revisions = yield* give(fresh.map(({ edit, values }) => ({ ...edit, values })))
      for (const { at } of fresh) announced[at]?.keep()
      return fresh.map(({ edit, at }, place) => ({ edit, at, revision: revisions[place] ?? null }))
    }).pipe(
      Effect.tapError(() =>
        Effect.sync(() => {
          for (const one of announced) one?.withdraw()
        }),
      ),
    )
    const answered = taken.flatMap(({ edit, at, revision }) => (revision === null ? [] : [{ edit, at, revision }]))
    for (const { at, revision } of answered) results[at] = { _tag: "Taken", revision, repeated: false }
    const kept = yield* keys.remember(answered)
    if (!kept || answered.length < taken.length) {
      return yield* new AppUnavailable({ detail: "not every edit was confirmed", retryAfterMs: RETRY_MS })
    }
    return results
  })

  /** A caller that goes away in the middle leaves no edit half taken. */
  const guarded = (edits: ReadonlyArray<AppEdit>, waits: boolean) =>
    turn
      .withPermits(1)(Effect.uninterruptible(round(edits, waits)))
      .pipe(Effect.catchTags({ JournalError: (e) => unavailable(e), UnreadableEvent: (e) => unavailable(e) }))

  const settleMs = options.settleMs ?? 2_000

  return Effect.fn("app.submit")(function* (edits) {
    const outcomes: Array<Outcome> = []
    let waiting = edits.flatMap((edit, at) => {
      const problems = problemsOf(edit)
      if (problems.length === 0) return [{ edit, at }]
      outcomes[at] = { _tag: "Invalid", problems }
      return []
    })
    let waited = 0
    while (waiting.length > 0) {
      const inRound = new Set<string>()
      const now: typeof waiting = []
      const later: typeof waiting = []
      for (const one of waiting) {
        const first = !inRound.has(recordOf(one.edit))
        inRound.add(recordOf(one.edit))
        if (first) now.push(one)
        else later.push(one)
      }
      // After that long the answer is held up: the edit is taken, as one that came after the write.
      const results = yield* guarded(
        now.map(({ edit }) => edit),
        waited < settleMs,
      )
      const held = now.filter((_, place) => results[place]?._tag === "Wait")
      for (const [place, { at }] of now.entries()) {
        const result = results[place]
        if (result !== null && result !== undefined && result._tag !== "Wait") outcomes[at] = result
      }
      if (held.length === now.length || (held.length > 0 && later.length === 0)) {
        yield* Effect.sleep(LOOK_AGAIN_MS)
        waited += LOOK_AGAIN_MS
      }
      waiting = [...held, ...later].toSorted((a, b) => a.at - b.at)
    }
    return outcomes
  })
}
