/** The app's endpoint without HTTP: the same library calls, with the statuses that the contract gives them. */
import type { AppAccess } from "@concordat/providers/app/AppAccess"
import type { AppEdit, Outcome } from "@concordat/providers/app/submit"
import * as Effect from "effect/Effect"
import type { Answered } from "./app-side.ts"

export interface Asked {
  readonly method: string
  /** Below the connection: `contact/7`, `batch`, `ready`, `changes?after=…`. */
  readonly path: string
  readonly key: string | null
  readonly body: unknown
}

interface Row {
  readonly object: string
  readonly id: string
  readonly key: string
  readonly values: AppEdit["values"]
  readonly basedOn: number | null
  readonly stamp?: number
  readonly by?: "person" | "automation"
}

const answerOf = (outcome: Outcome | undefined): Answered => {
  switch (outcome?._tag) {
    case "Taken":
      return { status: 200, body: { revision: outcome.revision } }
    case "Stale":
      return { status: 409, body: { revision: outcome.revision, values: outcome.values } }
    case "Invalid":
      return { status: 422, body: { problems: outcome.problems } }
    case undefined:
      return { status: 503, body: { retryAfterSeconds: 1 } }
  }
}

export const answer = (
  access: AppAccess["Service"],
  at: { readonly tenant: string; readonly connection: string },
  { body, key, method, path }: Asked,
): Effect.Effect<Answered> =>
  Effect.gen(function* () {
    const [route = "", query = ""] = path.split("?")
    if (route === "ready") {
      yield* access.ready(at)
      return { status: 204, body: null }
    }
    if (route === "changes") {
      const asked = new URLSearchParams(query)
      const found = yield* access.changes(at, {
        after: asked.get("after"),
        waitMs: Number(asked.get("wait") ?? 0) * 1_000,
        limit: Number(asked.get("limit") ?? 100),
      })
      return { status: 200, body: found }
    }
    if (route === "batch") {
      const { rows } = body as { readonly rows: ReadonlyArray<Row> }
      const outcomes = yield* access.submit(at, rows)
      const results = rows.map(({ id, object }, place) => {
        const { body: said, status } = answerOf(outcomes[place])
        return { object, id, status, ...(said as object) }
      })
      return { status: 200, body: { results } }
    }
    const [object = "", id = ""] = route.split("/").map(decodeURIComponent)
    const given = body as Pick<Row, "values" | "basedOn" | "stamp" | "by"> | null
    const edit: AppEdit =
      method === "DELETE"
        ? { object, id, key: key ?? "", values: null, basedOn: null }
        : {
            object,
            id,
            key: key ?? "",
            values: given!.values,
            basedOn: given!.basedOn,
            ...(given!.stamp === undefined ? {} : { stamp: given!.stamp }),
            ...(given!.by === undefined ? {} : { by: given!.by }),
          }
    const [outcome] = yield* access.submit(at, [edit])
    return answerOf(outcome)
  }).pipe(
    Effect.catchTags({
      AppUnavailable: ({ retryAfterMs }) =>
        Effect.succeed<Answered>({ status: 503, body: { retryAfterSeconds: retryAfterMs / 1_000 } }),
      JournalRestored: ({ message }) => Effect.succeed<Answered>({ status: 410, body: { message } }),
      PositionUnknown: () => Effect.succeed<Answered>({ status: 422, body: {} }),
    }),
  )
