/** The app's endpoint: the contract's requests as calls of `AppAccess`, its outcomes as answers. */
import {
  AppApi,
  AppConnection,
  Invalid,
  MOST_CHANGES,
  MOST_ROWS,
  MOST_WAIT_SECONDS,
  Restored,
  type RowResult,
  Stale,
  Unavailable,
} from "@concordat/api/app/contract"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { AppAccess } from "./AppAccess.ts"
import { layerAuthorisation } from "./authorisation.ts"
import { layerInput } from "./input.ts"
import type { AppEdit, AppUnavailable, Outcome } from "./submit.ts"

const refused = (problems: Invalid["problems"]): Invalid =>
  new Invalid({ message: problems.map(({ field, message }) => `${field}: ${message}`).join("; "), problems })

const later = (error: AppUnavailable): Unavailable =>
  new Unavailable({ message: error.message, retryAfterSeconds: error.retryAfterMs / 1_000 })

const missing = new Unavailable({ message: "the edit was not answered", retryAfterSeconds: 1 })

const STALE = "Concordat wrote into this record since; apply these values, then the edit, and send it on this revision"

const single = Effect.fnUntraced(function* (access: AppAccess["Service"], edit: AppEdit) {
  const at = yield* AppConnection
  const [outcome] = yield* Effect.mapError(access.submit(at, [edit]), later)
  return outcome ?? (yield* missing)
})

const rowResult = (edit: AppEdit, outcome: Outcome): RowResult => {
  const of = { object: edit.object, id: edit.id }
  switch (outcome._tag) {
    case "Taken":
      return { ...of, status: 200, revision: outcome.revision }
    case "Stale":
      return { ...of, status: 409, revision: outcome.revision, values: outcome.values }
    case "Invalid":
      return { ...of, status: 422, problems: outcome.problems }
  }
}

const within = (field: string, value: number | undefined, least: number, most: number) =>
  value === undefined || (value >= least && value <= most)
    ? []
    : [{ field, value: String(value), message: `send a number from ${least} to ${most}` }]

/** Every journal's positions are numbers. What is none is a fault of the request, and says nothing of a lost history. */
const POSITION = /^\d{1,20}(-\d{1,20})?$/
const position = (after: string) =>
  after === "" || POSITION.test(after)
    ? []
    : [{ field: "after", value: after.slice(0, 60), message: "send the position of an answer, or none to begin" }]

export const layerHandlers = HttpApiBuilder.group(
  AppApi,
  "app",
  Effect.fn(function* (handlers) {
    const access = yield* AppAccess

    return handlers.handleAll({
      put: Effect.fn("app.put")(function* ({ params, headers, payload }) {
        const { object, id } = params
        const outcome = yield* single(access, { object, id, key: headers["idempotency-key"], ...payload })
        switch (outcome._tag) {
          case "Taken":
            return { revision: outcome.revision }
          case "Stale":
            return yield* new Stale({ message: STALE, revision: outcome.revision, values: outcome.values })
          case "Invalid":
            return yield* refused(outcome.problems)
        }
      }),
      remove: Effect.fn("app.remove")(function* ({ params, headers }) {
        const { object, id } = params
        const key = headers["idempotency-key"]
        const outcome = yield* single(access, { object, id, key, values: null, basedOn: null })
        if (outcome._tag === "Taken") return { revision: outcome.revision }
        return yield* outcome._tag === "Invalid" ? refused(outcome.problems) : missing
      }),
      batch: Effect.fn("app.batch")(function* ({ payload }) {
        const at = yield* AppConnection
        const { rows } = payload
        if (rows.length < 1 || rows.length > MOST_ROWS) {
          const message = `send 1 to ${MOST_ROWS} rows in one batch`
          return yield* refused([{ field: "rows", value: `${rows.length} rows`, message }])
        }
        const outcomes = yield* Effect.mapError(access.submit(at, rows), later)
        const results: Array<RowResult> = []
        for (const [place, row] of rows.entries()) results.push(rowResult(row, outcomes[place] ?? (yield* missing)))
        return { results }
      }),
      ready: Effect.fn("app.ready")(function* () {
        yield* Effect.mapError(access.ready(yield* AppConnection), later)
      }),
      changes: Effect.fn("app.changesHandler")(function* ({ query }) {
        const at = yield* AppConnection
        const problems = [
          ...position(query.after ?? ""),
          ...within("wait", query.wait, 0, MOST_WAIT_SECONDS),
          ...within("limit", query.limit, 1, MOST_CHANGES),
        ]
        if (problems.length > 0) return yield* refused(problems)
        const request = {
          after: query.after === undefined || query.after === "" ? null : query.after,
          waitMs: (query.wait ?? 0) * 1_000,
          limit: query.limit ?? 100,
        }
        return yield* access
          .changes(at, request)
          .pipe(
            Effect.mapError((error) =>
              error._tag === "AppUnavailable"
                ? later(error)
                : error._tag === "JournalRestored"
                  ? new Restored({ message: error.message })
                  : refused([{ field: "after", value: error.position, message: error.message }]),
            ),
          )
      }),
    })
  }),
)

/** Routes and authorisation; requires `AppAccess` of whoever composes the process. */
export const layerAppApi = HttpApiBuilder.layer(AppApi).pipe(
  Layer.provide(layerHandlers),
  Layer.provide([layerAuthorisation, layerInput]),
)
