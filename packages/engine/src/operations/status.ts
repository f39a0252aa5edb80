/** How every connection of a tenant is doing: armed, paused, first sync, what is due and what waits for a person. */
import type { ConnectionDoc, CountDoc, CursorDoc, IssueDoc } from "@concordat/rules/state/documents"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { State } from "../ports/State.ts"
import { behind } from "./behind.ts"
import { connectionsOf, countOf, eachOf } from "./documents.ts"
import { NotFound } from "./failures.ts"
import type {
  BackfillProgress,
  ConnectionStatus,
  IssueCounts,
  IssueKind,
  ObjectProgress,
  TenantStatus,
} from "./views.ts"

const progressOf = (object: string, doc: CursorDoc, now: number): ObjectProgress => {
  const seconds = Math.max((now - doc.startedAt) / 1000, 0.001)
  const perSecond = doc.finished ? 0 : doc.done / seconds
  const left = doc.total === null || doc.finished || perSecond === 0 ? null : (doc.total - doc.done) / perSecond
  return {
    object,
    done: doc.done,
    total: doc.total,
    finished: doc.finished,
    perSecond: Math.round(perSecond),
    secondsLeft: left === null ? null : Math.max(0, Math.ceil(left)),
  }
}

const backfillOf = Effect.fnUntraced(function* (tenant: string, connection: string, doc: ConnectionDoc, now: number) {
  const objects: Array<ObjectProgress> = []
  const prefix = `${connection}|backfill|`
  yield* eachOf<CursorDoc>(tenant, "cursor", prefix, (key, cursor) => {
    objects.push(progressOf(key.slice(prefix.length), cursor, now))
  })
  const progress: BackfillProgress = { ...doc.backfill, objects }
  return progress
})

/** How many groups of a connection are refused, quarantined, not mappable or waiting. */
export const issueCounts = Effect.fnUntraced(function* (tenant: string, connection: string) {
  const counts: Record<IssueKind, number> = { refused: 0, quarantined: 0, problem: 0, waiting: 0 }
  yield* eachOf<IssueDoc>(tenant, "issue", `${connection}|`, (_, issue) => {
    counts[issue.kind] += 1
  })
  return counts as IssueCounts
})

const connectionStatus = Effect.fnUntraced(function* (tenant: string, name: string, doc: ConnectionDoc) {
  const now = yield* Clock.currentTimeMillis
  const prefix = `${name}|`
  const counters: Record<string, number> = {}
  yield* eachOf<CountDoc>(tenant, "count", prefix, (key, count) => {
    counters[key.slice(prefix.length)] = count
  })
  const status: ConnectionStatus = {
    connection: name,
    provider: doc.opened.provider,
    class: doc.opened.class,
    isApp: doc.opened.isApp,
    armed: doc.armed,
    armedAt: doc.armedAt,
    writesPerHour: doc.writesPerHour,
    paused: doc.paused,
    closed: doc.closed,
    backfill: yield* backfillOf(tenant, name, doc, now),
    linked: counters["links"] ?? 0,
    due: yield* countOf(tenant, "due", prefix),
    writing: yield* countOf(tenant, "intent", prefix),
    questions: yield* countOf(tenant, "question", prefix),
    conflicts: yield* countOf(tenant, "conflict", prefix),
    issues: yield* issueCounts(tenant, name),
    counters,
  }
  return status
})

/** Fails with `NotFound` for a tenant of which nothing is known. */
export const status = Effect.fn("Operations.status")(function* (tenant: string) {
  const connections = yield* connectionsOf(tenant)
  const there = connections.length === 0 ? yield* (yield* State).tenants : [tenant]
  if (!there.includes(tenant)) return yield* new NotFound({ what: "tenant", id: tenant, there })
  const answer: TenantStatus = {
    tenant,
    ...(yield* behind(tenant)),
    connections: yield* Effect.forEach(connections, ({ name, doc }) => connectionStatus(tenant, name, doc)),
  }
  return answer
})
