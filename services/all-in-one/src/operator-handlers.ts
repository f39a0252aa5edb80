/** The operator's HTTP API over the engine's operations: names and failures are translated, nothing is decided. */
import { OperatorApi } from "@concordat/api/operator/contract"
import { Invalid, NotApplicable, NotFound, NotRunning, StoreUnavailable } from "@concordat/api/operator/failures"
import type { Owned, Tailed, TenantStatus } from "@concordat/api/operator/views"
import { connectionOf } from "@concordat/engine/operations/documents"
import { explain } from "@concordat/engine/operations/explain"
import * as failures from "@concordat/engine/operations/failures"
import { links } from "@concordat/engine/operations/links"
import { conflicts, issues, matches } from "@concordat/engine/operations/lists"
import { metadata } from "@concordat/engine/operations/metadata"
import { plan } from "@concordat/engine/operations/plan"
import { requested } from "@concordat/engine/operations/requested"
import { ask } from "@concordat/engine/operations/requests"
import { behind } from "@concordat/engine/operations/behind"
import { status } from "@concordat/engine/operations/status"
import { checkAfter, tail } from "@concordat/engine/operations/tail"
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
    /** Who owns what of the tenant's; absent: this process owns everything. */
    readonly owners?: (tenant: string) => Effect.Effect<ReadonlyArray<Owned>, StateError>
  }
>()("@concordat/all-in-one/Running") {}

const BEAT = "15 seconds"
const PAGE = 100

type Fault = JournalError | StateError | UnreadableEvent
type Asked = failures.NotFound | failures.NotApplicable | failures.Invalid

type Answer<E> =
  | (E extends failures.NotFound ? NotFound : never)
  | (E extends failures.NotApplicable ? NotApplicable : never)
  | (E extends failures.Invalid ? Invalid : never)
  | StoreUnavailable

const translated = <E extends Fault | Asked>(error: E): Answer<E> => {
  const answer = (): NotFound | NotApplicable | Invalid | StoreUnavailable => {
    switch (error._tag) {
      case "NotFound":
        return new NotFound({ what: error.what, id: error.id, detail: error.message })
      case "NotApplicable":
        return new NotApplicable({ detail: error.detail })
      case "Invalid":
        return new Invalid({ problems: [{ field: error.field, value: error.value, message: error.detail }] })
      default:
        return new StoreUnavailable({ detail: error.message })
    }
  }
  return answer() as Answer<E>
}

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
    const tenants = Effect.gen(function* () {
      return [...new Set([...running.tenants, ...(yield* (yield* State).tenants)])].toSorted()
    })
    /** Of a tenant that there is not every list would be empty. */
    const answered = <A, E extends Fault | Asked>(tenant: string, answer: Effect.Effect<A, E, Journal | State>) =>
      Effect.gen(function* () {
        const there = yield* tenants
        if (!there.includes(tenant)) return yield* new failures.NotFound({ what: "tenant", id: tenant, there })
        return yield* answer
      }).pipe(Effect.provideContext(stores), Effect.mapError(translated))

    return handlers.handleAll({
      tenants: () =>
        tenants.pipe(
          Effect.provideContext(stores),
          Effect.mapError((error) => new StoreUnavailable({ detail: error.message })),
        ),
      status: ({ params: { tenant } }) => {
        const found = status(tenant)
        const none = Effect.map(behind(tenant), (lag) => ({ tenant, ...lag, connections: [] }))
        const stored = running.tenants.includes(tenant) ? Effect.catchTag(found, "NotFound", () => none) : found
        const withWorkers = Effect.gen(function* () {
          const known = yield* stored
          const connections = yield* Effect.forEach(known.connections, (one) =>
            Effect.map(running.worker(tenant, one.connection), (worker) => ({ ...one, ...worker })),
          )
          const owners = running.owners === undefined ? {} : { owners: yield* running.owners(tenant) }
          return { ...known, version: VERSION, connections, ...owners }
        })
        return answered(tenant, withWorkers)
      },
      plan: ({ params }) => answered(params.tenant, plan(params.tenant, params.connection)),
      metadata: ({ params }) => answered(params.tenant, metadata(params.tenant, params.connection)),
      backfill: Effect.fnUntraced(function* ({ params: { connection, tenant } }) {
        if (yield* running.backfill(tenant, connection)) return
        yield* answered(tenant, connectionOf(tenant, connection))
        return yield* new NotRunning({ connection })
      }),
      request: ({ params, payload }) => answered(params.tenant, ask(params.tenant, payload)),
      requested: ({ params, query }) => answered(params.tenant, requested(params.tenant, paged(query))),
      conflicts: ({ params, query }) => answered(params.tenant, conflicts(params.tenant, paged(query))),
      matches: ({ params, query }) => answered(params.tenant, matches(params.tenant, paged(query))),
      issues: ({ params, query }) =>
        answered(params.tenant, issues(params.tenant, { ...paged(query), kind: query.kind ?? null })),
      waiting: ({ params, query }) =>
        answered(params.tenant, waiting(params.tenant, { ...paged(query), kind: query.kind ?? null })),
      links: ({ params, query }) =>
        answered(params.tenant, links(params.tenant, { ...paged(query), type: query.type ?? null })),
      explain: ({ params: { id, tenant, type }, query }) =>
        answered(tenant, explain(tenant, { type, id, field: query.field ?? null })),
      tail: ({ params, query }) => {
        const beats = Stream.tick(BEAT).pipe(Stream.map((): Tailed => ({ _tag: "Beat" })))
        const after = positionOf(query.after)
        const told = tail(params.tenant, after).pipe(
          Stream.provideContext(stores),
          Stream.map((item): Tailed => item),
          Stream.mapError((error) => new StoreUnavailable({ detail: error.message })),
        )
        return Effect.as(answered(params.tenant, checkAfter(after)), Stream.merge(told, beats))
      },
    })
  }),
)
