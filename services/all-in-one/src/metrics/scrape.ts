/** Everything that is told to a monitoring system, as it stands at this moment. */
import { countOf, eachOf } from "@concordat/engine/operations/documents"
import { behind } from "@concordat/engine/operations/behind"
import type { StateError } from "@concordat/engine/ports/State"
import { VERSION } from "@concordat/engine/version"
import type { ConnectionDoc } from "@concordat/rules/state/documents"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import type { Connections } from "../Connections.ts"
import { nameOfWorker } from "../worker-status.ts"
import type { WorkerState } from "../workers.ts"
import type { Recording } from "./recording.ts"

const counter = (name: string, description: string) =>
  Metric.counter(`concordat_${name}_total`, { description, incremental: true })
const gauge = (name: string, description: string) => Metric.gauge(`concordat_${name}`, { description })

const SERIES = {
  build: gauge("build_info", "1, labelled with the engine's version"),
  facts: counter(
    "facts_appended",
    "Facts that the connection's worker has put into the journal since the process began",
  ),
  readings: counter("readings_dropped", "Readings that brought nothing: absorbed (no change) or stale"),
  decisions: counter("decisions", "What the reconciler decided of the connection's facts, since the journal began"),
  writes: counter("writes", "Writes by outcome: written or refused for good"),
  retries: counter("retries", "Calls to the provider that were made again"),
  due: gauge("due_rows", "Entities for which the connection does not hold what it should"),
  open: gauge("open_writes", "Writes that are begun and not settled"),
  waiting: gauge("waiting", "What waits for a person: matches, conflicts, issues"),
  paused: gauge("connection_paused", "1 while the connection is paused, for whatever reason"),
  armed: gauge("connection_armed", "1 where the connection is written to"),
  idle: gauge("worker_idle", "1 while the worker has nothing in hand but regular polls"),
  held: gauge("worker_paused", "1 while the worker calls nobody: a 429, an outage, a lost right"),
  failures: gauge("worker_failures", "How often in a row the worker had to be started again"),
  polled: gauge("poll_age_seconds", "Age of the oldest of the last polls, by object, that went well"),
  lease: gauge("lease_seconds", "How much longer a share's or a connection's owner holds it; 0: nobody does"),
  readable: gauge(
    "journal_readable",
    "0 where the lag could not be read from the journal: its series are missing then",
  ),
  lag: gauge("reconciler_lag_facts", "Facts in the journal that are not decided yet, counted up to 1,000"),
  lagSeconds: gauge("reconciler_lag_seconds", "Age of the oldest fact that is not decided yet"),
}

/** Counts of the state that are no count of events: how much there is now. */
const NO_EVENTS = new Set(["links"])

export interface Scraped {
  readonly tenants: ReadonlyArray<string>
  readonly connections: Connections
  readonly workers: ReadonlyMap<string, WorkerState>
  readonly recording: Recording
  /** Where processes own shares and connections: how much longer each is owned. */
  readonly leases?: Effect.Effect<ReadonlyArray<{ readonly name: string; readonly leftMs: number }>, StateError>
}

/** The text that Prometheus reads. Series of what is no longer there are gone with it. */
export const scrape = Effect.fn("Metrics.scrape")(function* ({
  connections,
  leases,
  recording,
  tenants,
  workers,
}: Scraped) {
  const now = yield* Clock.currentTimeMillis
  const context = Context.make(Metric.MetricRegistry, new Map()) as Context.Context<never>
  const set = (
    metric: Metric.Metric<number, unknown>,
    value: number,
    labels: Readonly<Record<string, string>> = {},
  ): void => Metric.withAttributes(metric, labels).updateUnsafe(value, context)

  /** Whoever can't read the journal still has all else to tell, above all that something is wrong. */
  let isJournalReadable = true
  const lagOf = (tenant: string) =>
    behind(tenant).pipe(
      Effect.map((lag) => {
        set(SERIES.lag, lag.behind, { tenant })
        set(SERIES.lagSeconds, lag.behindMs / 1000, { tenant })
      }),
      Effect.catchTag("JournalError", (error) => {
        isJournalReadable = false
        return Effect.logWarning("lag can't be read", { tenant, detail: error.message })
      }),
    )

  const ofTenant = Effect.fnUntraced(function* (tenant: string) {
    if (isJournalReadable) yield* lagOf(tenant)
    yield* eachOf<number>(tenant, "count", "", (key, count) => {
      const [connection = "", ...name] = key.split("|")
      const decision = name.join("|")
      if (connection !== "" && !NO_EVENTS.has(decision)) set(SERIES.decisions, count, { tenant, connection, decision })
    })
    const docs: Array<readonly [string, ConnectionDoc]> = []
    yield* eachOf<ConnectionDoc>(tenant, "connection", "", (name, doc) => docs.push([name, doc]))
    for (const [connection, doc] of docs) {
      const labels = { tenant, connection }
      const prefix = `${connection}|`
      set(SERIES.paused, doc.paused.length > 0 ? 1 : 0, labels)
      set(SERIES.armed, doc.armed ? 1 : 0, labels)
      set(SERIES.due, yield* countOf(tenant, "due", prefix), labels)
      set(SERIES.open, yield* countOf(tenant, "intent", prefix), labels)
      for (const [kind, document] of [
        ["match", "question"],
        ["conflict", "conflict"],
        ["issue", "issue"],
      ] as const)
        set(SERIES.waiting, yield* countOf(tenant, document, prefix), { ...labels, kind })
    }
  })

  const ofWorker = Effect.fnUntraced(function* (tenant: string, connection: string) {
    const labels = { tenant, connection }
    const done = yield* connections.done(tenant, connection)
    set(SERIES.facts, done.facts, labels)
    set(SERIES.readings, done.absorbed, { ...labels, outcome: "absorbed" })
    set(SERIES.readings, done.stale, { ...labels, outcome: "stale" })
    set(SERIES.writes, done.writes, { ...labels, outcome: "written" })
    set(SERIES.writes, done.refused, { ...labels, outcome: "refused" })
    set(SERIES.retries, done.retries, labels)
    set(SERIES.failures, workers.get(nameOfWorker(tenant, connection))?.failures ?? 0, labels)
    const running = connections.running(tenant, connection)
    // One that can't say how it does is being started again, which the failures tell.
    const view = running === undefined ? null : yield* Effect.orElseSucceed(running.handle.view, () => null)
    if (view === null) return
    set(SERIES.idle, view.idle ? 1 : 0, labels)
    set(SERIES.held, view.waitsUntil !== null || view.stoppedBy !== null ? 1 : 0, labels)
    const times = view.polls.map(({ at }) => at).filter((at) => at !== null)
    if (times.length > 0) set(SERIES.polled, (now - Math.min(...times)) / 1000, labels)
  })

  for (const { leftMs, name } of leases === undefined ? [] : yield* leases)
    set(SERIES.lease, leftMs / 1000, { lease: name })
  set(SERIES.build, 1, { version: VERSION })
  for (const tenant of tenants) yield* ofTenant(tenant)
  if (tenants.length > 0) set(SERIES.readable, isJournalReadable ? 1 : 0)
  const ofConnections = new Set(connections.places.map((one) => nameOfWorker(one.tenant, one.connection.name)))
  for (const [worker, { failures }] of workers)
    if (!ofConnections.has(worker)) set(SERIES.failures, failures, { worker })
  for (const { connection, tenant } of connections.places) yield* ofWorker(tenant, connection.name)
  return PrometheusMetrics.formatUnsafe(context) + PrometheusMetrics.formatUnsafe(recording.context)
})
