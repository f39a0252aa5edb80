/** What is counted as it happens: calls to providers and requests to us, by outcome and duration. Never a value of a record. */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"

/** Answers of providers take from 50 ms to the 60 s after which they are given up, our own from 1 ms. */
const CALL_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const REQUEST_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30]

const calls = Metric.counter("concordat_provider_calls_total", {
  description: "Calls to providers by class of the answer's status; none: no answer",
  incremental: true,
})
const callSeconds = Metric.histogram("concordat_provider_call_duration_seconds", {
  description: "Time that providers took to answer, without the wait for the connection's budget",
  boundaries: CALL_SECONDS,
})
const requestSeconds = Metric.histogram("concordat_http_request_duration_seconds", {
  description: "Time that our own answers took, by part of the API",
  boundaries: REQUEST_SECONDS,
})

/** 429 stands for itself: it is no fault of the call. */
export const statusClass = (status: number | null): string =>
  status === null ? "none" : status === 429 ? "429" : `${Math.floor(status / 100)}xx`

export interface ConnectionLabels extends Readonly<Record<string, string>> {
  readonly tenant: string
  readonly connection: string
}

export interface RequestLabels extends Readonly<Record<string, string>> {
  /** `operator`, `app`, `webhooks`, `other`: never a path, which may hold an id. */
  readonly part: string
  readonly method: string
  readonly tenant: string
  readonly connection: string
}

export interface Recording {
  /** In which the series stand, for whoever formats them. */
  readonly context: Context.Context<never>
  /** `status` null: there was no answer. */
  readonly call: (labels: ConnectionLabels, status: number | null, ms: number) => void
  /** Likewise: who asked did not wait for one. */
  readonly request: (labels: RequestLabels, status: number | null, ms: number) => void
}

/** Of one Concordat: several in a process, as in tests, know nothing of each other. */
export const makeRecording = (): Recording => {
  const context = Context.make(Metric.MetricRegistry, new Map()) as Context.Context<never>
  return {
    context,
    call: (labels, status, ms) => {
      Metric.withAttributes(calls, { ...labels, status: statusClass(status) }).updateUnsafe(1, context)
      Metric.withAttributes(callSeconds, labels).updateUnsafe(ms / 1000, context)
    },
    request: (labels, status, ms) => {
      const attributes = { ...labels, status: statusClass(status) }
      Metric.withAttributes(requestSeconds, attributes).updateUnsafe(ms / 1000, context)
    },
  }
}
