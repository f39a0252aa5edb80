/** The operator's HTTP API over the engine's operations: names and failures are translated, nothing is decided. */
import { OperatorApi } from "@concordat/api/operator/contract"
import { NotApplicable, NotFound, NotRunning, StoreUnavailable } from "@concordat/api/operator/failures"
import type { Tailed, TenantStatus } from "@concordat/api/operator/views"
import { connectionOf } from "@concordat/engine/operations/documents"
import { explain } from "@concordat/engine/operations/explain"
import type * as failures from "@concordat/engine/operations/failures"
import { links } from "@concordat/engine/operations/links"
import { conflicts, issues, matches } from "@concordat/engine/operations/lists"
import { metadata } from "@concordat/engine/operations/metadata"
import { plan } from "@concordat/engine/operations/plan"
import { ask } from "@concordat/engine/operations/requests"
import { behind, status } from "@concordat/engine/operations/status"
import { tail } from "@concordat/engine/operations/tail"
import { waiting } from "@concordat/engine/operations/waiting"
import { Journal, type JournalError } from "@concordat/engine/ports/Journal"
import { State, type StateError } from "@concordat/engine/ports/State"
import type { UnreadableEvent } from "@concordat/model/events/stored"
import { VERSION } from "@concordat/engine/version"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Stream from "effect/Stream"

export type WorkerStatus = Pick<TenantStatus["connections"][number], "idle" | "worker" | "restarts" | "stopped">

/** What this process works on, as far as the operator asks for it. */
export class Running extends Context.Service<
  Running,
  {
    /** Configured here, whether or not anything is known of them yet. */
    readonly tenants: ReadonlyArray<string>
    /** Has a connection read whole again; false where no worker has it at this moment. */
    readonly backfill: (tenant: string, connection: string) => Effect.Effect<boolean>
    readonly worker: (tenant: string, connection: string) => Effect.Effect<WorkerStatus>
  }
>()("@concordat/all-in-one/Running") {}

const BEAT = "15 seconds"
const PAGE = 100

type Fault = JournalError | StateError | UnreadableEvent | failures.NotFound

const translated = (error: Fault): NotFound | StoreUnavailable =>
  error._tag === "NotFound"
    ? new NotFound({ what: error.what, id: error.id })
    : new StoreUnavailable({ detail: error.message })

interface PageQuery {
  readonly after?: string | undefined
  readonly limit?: number | undefined
  readonly connection?: string | undefined
}
const paged = ({ after, connection, limit }: PageQuery) => ({
  after: after ?? null,
  limit: limit ?? PAGE,
  connection: connection ?? null,
})

const positionOf = (after: string | undefined): string | null =>
  after === undefined ? "end" : after === "start" ? null : after

export const layerOperatorHandlers = HttpApiBuilder.group(
  OperatorApi,
  "operator",
  Effect.fn(function* (handlers) {
    const running = yield* Running
    const stores = yield* Effect.context<Journal | State>()
    const answered = <A, E extends Fault>(answer: Effect.Effect<A, E, Journal | State>) =>
      answer.pipe(Effect.provideContext(stores), Effect.mapError(translated))

    return handlers.handleAll({
      tenants: () =>
        Effect.gen(function* () {
          const state = yield* State
          return [...new Set([...running.tenants, ...(yield* state.tenants)])].toSorted()
        }).pipe(
          Effect.provideContext(stores),
          Effect.mapError((error) => new StoreUnavailable({ detail: error.message })),
        ),
      status: ({ params: { tenant } }) => {
        const found = status(tenant)
        const none = Effect.map(behind(tenant), (lag) => ({ tenant, ...lag, connections: [] }))
        const stored = running.tenants.includes(tenant) ? Effect.catchTag(found, "NotFound", () => none) : found
        const withWorkers = Effect.flatMap(stored, (status) =>
          Effect.map(
            Effect.forEach(status.connections, (one) =>
              Effect.map(running.worker(tenant, one.connection), (worker) => ({ ...one, ...worker })),
            ),
            (connections) => ({ ...status, version: VERSION, connections }),
          ),
        )
        return answered(withWorkers)
      },
      plan: ({ params }) => answered(plan(params.tenant, params.connection)),
      metadata: ({ params }) => answered(metadata(params.tenant, params.connection)),
      backfill: Effect.fnUntraced(function* ({ params: { connection, tenant } }) {
        if (yield* running.backfill(tenant, connection)) return
        yield* answered(connectionOf(tenant, connection))
        return yield* new NotRunning({ connection })
      }),
      request: ({ params, payload }) =>
        ask(params.tenant, payload).pipe(
          Effect.provideContext(stores),
          Effect.mapError((error) =>
            error._tag === "NotApplicable" ? new NotApplicable({ detail: error.detail }) : translated(error),
          ),
        ),
      conflicts: ({ params, query }) => answered(conflicts(params.tenant, paged(query))),
      matches: ({ params, query }) => answered(matches(params.tenant, paged(query))),
      issues: ({ params, query }) => answered(issues(params.tenant, { ...paged(query), kind: query.kind ?? null })),
      waiting: ({ params, query }) => answered(waiting(params.tenant, { ...paged(query), kind: query.kind ?? null })),
      links: ({ params, query }) => answered(links(params.tenant, { ...paged(query), type: query.type ?? null })),
      explain: ({ params: { id, tenant, type }, query }) =>
        answered(explain(tenant, { type, id, field: query.field ?? null })),
      tail: ({ params, query }) => {
        const beats = Stream.tick(BEAT).pipe(Stream.map((): Tailed => ({ _tag: "Beat" })))
        const told = tail(params.tenant, positionOf(query.after)).pipe(
          Stream.provideContext(stores),
          Stream.map((item): Tailed => item),
          Stream.mapError((error) => new StoreUnavailable({ detail: error.message })),
        )
        return Effect.succeed(Stream.merge(told, beats))
      },
    })
  }),
)
