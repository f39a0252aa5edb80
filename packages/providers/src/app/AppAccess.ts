/** What the app's endpoint needs of the system behind it, by connection: tokens, edits, the feed. */
import type { Journal } from "@concordat/engine/ports/Journal"
import { opened } from "@concordat/model/events/envelope"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { type Changes, type Follow, type FollowRequest, makeFollow, PositionUnknown } from "./changes.ts"
import type { Open } from "./history.ts"
import { type AppEdit, type AppHandle, AppUnavailable, makeSubmit, type Outcome, type Submit } from "./submit.ts"
import type { VersionsOf } from "./versions.ts"

export interface Connected {
  readonly tenant: string
  readonly connection: string
}

export class AppAccess extends Context.Service<
  AppAccess,
  {
    /** The connection's token; null where there is no such connection of the app. */
    readonly token: (at: Connected) => Effect.Effect<Redacted.Redacted | null, AppUnavailable>
    /** One outcome per edit, in their order. */
    readonly submit: (
      at: Connected,
      edits: ReadonlyArray<AppEdit>,
    ) => Effect.Effect<ReadonlyArray<Outcome>, AppUnavailable>
    readonly ready: (at: Connected) => Effect.Effect<void, AppUnavailable>
    readonly changes: (
      at: Connected,
      request: FollowRequest,
    ) => Effect.Effect<Changes, AppUnavailable | PositionUnknown>
  }
>()("@concordat/providers/app/AppAccess") {}

export interface AccessOptions {
  readonly journal: Journal["Service"]
  readonly versionsOf: VersionsOf
  readonly token: (at: Connected) => Effect.Effect<Redacted.Redacted | null, AppUnavailable>
  /** The connection's own handle, as its worker gives it out; null while no worker has it. */
  readonly handle: (at: Connected) => Effect.Effect<AppHandle | null, AppUnavailable>
  /** The id under which the connection's worker names the record's stream. */
  readonly opaqueId: (at: Connected, externalId: string) => string
  /** Opens sealed values; left out, sealed values read as unknown. */
  readonly open?: Open
  readonly settleMs?: number
}

const clearOnly: Open = (_tenant, personal) => Effect.succeed(opened(personal))

export const makeAppAccess = (options: AccessOptions): AppAccess["Service"] => {
  const open = options.open ?? clearOnly
  const submits = new Map<string, { readonly handle: AppHandle; readonly submit: Submit }>()
  const follows = new Map<string, Follow>()
  const nameOf = (at: Connected): string => `${at.tenant}.${at.connection}`

  const handleOf = Effect.fnUntraced(function* (at: Connected) {
    const handle = yield* options.handle(at)
    if (handle !== null) return handle
    return yield* new AppUnavailable({ detail: "the connection has no worker now", retryAfterMs: 2_000 })
  })

  /** Made anew when the worker is another one: its keys are read again, since another process may have taken some. */
  const submitOf = (at: Connected, handle: AppHandle): Submit => {
    const known = submits.get(nameOf(at))
    if (known?.handle === handle) return known.submit
    const submit = makeSubmit({
      ...at,
      handle,
      open,
      journal: options.journal,
      versions: options.versionsOf(at.tenant, at.connection),
      opaqueId: (externalId) => options.opaqueId(at, externalId),
      ...(options.settleMs === undefined ? {} : { settleMs: options.settleMs }),
    })
    submits.set(nameOf(at), { handle, submit })
    return submit
  }

  const followOf = (at: Connected): Follow => {
    const known = follows.get(nameOf(at)) ?? makeFollow({ ...at, open, journal: options.journal })
    follows.set(nameOf(at), known)
    return known
  }

  return {
    token: options.token,
    submit: (at, edits) => Effect.flatMap(handleOf(at), (handle) => submitOf(at, handle)(edits)),
    ready: (at) => Effect.flatMap(handleOf(at), (handle) => handle.populated),
    changes: (at, request) =>
      followOf(at)(request).pipe(
        Effect.catchTags({
          JournalError: (error) =>
            error.reason === "foreign" || error.reason === "truncated"
              ? new PositionUnknown({ position: request.after ?? "" })
              : new AppUnavailable({ detail: `the journal is ${error.reason}`, retryAfterMs: 1_000 }),
          UnreadableEvent: (error) => new AppUnavailable({ detail: error.message, retryAfterMs: 30_000 }),
        }),
      ),
  }
}
