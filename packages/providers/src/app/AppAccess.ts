/** What the app's endpoint needs of the system behind it, by connection: tokens, edits, the feed. */
import { FOLLOWER_WAIT_MS } from "@concordat/engine/limits"
import type { Journal } from "@concordat/engine/ports/Journal"
import { opened } from "@concordat/model/events/envelope"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import {
  type Changes,
  type Follow,
  type FollowRequest,
  JournalRestored,
  makeFollow,
  PositionUnknown,
} from "./changes.ts"
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
    ) => Effect.Effect<Changes, AppUnavailable | PositionUnknown | JournalRestored>
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

/** Whether so long has passed since it was asked for the first time. */
const until = (ms: number): Effect.Effect<boolean> => {
  let since: number | null = null
  return Effect.map(Clock.currentTimeMillis, (now) => {
    since ??= now
    return now - since >= ms
  })
}

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

  /** Workers that know that the app follows, and from where. */
  const met = new WeakSet<AppHandle>()

  /** Made anew when the worker is another one: its keys are read again, since another process may have taken some. */
  const submitOf = (at: Connected, handle: AppHandle): Submit => {
    const known = submits.get(nameOf(at))
    if (known?.handle === handle) return known.submit
    const waits = until(FOLLOWER_WAIT_MS)
    const submit = makeSubmit({
      ...at,
      handle,
      isMet: Effect.map(waits, (isOver) => isOver || met.has(handle)),
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

  /** The worker is told before the request waits for changes. */
  const meet = Effect.fnUntraced(function* (at: Connected, request: FollowRequest) {
    const handle = yield* options.handle(at)
    if (handle === null || met.has(handle)) return
    yield* followOf(at)({ ...request, waitMs: 0, limit: 1 })
    yield* handle.followed(true)
    met.add(handle)
  })

  /** Only once the worker has stopped writing is the app told to send all that it has. */
  const restored = (at: Connected, request: FollowRequest) =>
    Effect.gen(function* () {
      yield* (yield* handleOf(at)).followed(false)
      return yield* new JournalRestored({ position: request.after ?? "" })
    })

  return {
    token: options.token,
    submit: (at, edits) => Effect.flatMap(handleOf(at), (handle) => submitOf(at, handle)(edits)),
    ready: (at) => Effect.flatMap(handleOf(at), (handle) => handle.populated),
    changes: (at, request) =>
      Effect.andThen(meet(at, request), followOf(at)(request)).pipe(
        Effect.catchTags({
          JournalError: (error): Effect.Effect<never, AppUnavailable | JournalRestored | PositionUnknown> => {
            if (error.reason === "foreign") return restored(at, request)
            if (error.reason === "truncated") return Effect.fail(new PositionUnknown({ position: request.after ?? "" }))
            return Effect.fail(new AppUnavailable({ detail: `the journal is ${error.reason}`, retryAfterMs: 1_000 }))
          },
          UnreadableEvent: (error) => new AppUnavailable({ detail: error.message, retryAfterMs: 30_000 }),
        }),
      ),
  }
}
