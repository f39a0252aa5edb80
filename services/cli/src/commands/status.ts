/** `concordat status`: how every connection of the tenant is doing. */
import type { ConnectionStatus, TenantStatus, Worker } from "@concordat/api/operator/views"
import * as Clock from "effect/Clock"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { lazy } from "../lazy.ts"
import { SAYS } from "../says.ts"

type Words = typeof import("../table.ts")

const stateOf = ({ colours }: Words, of: ConnectionStatus): string => {
  if (of.closed) return colours.dim("closed")
  if (of.paused.length > 0) return colours.red(`paused: ${of.paused.join(", ")}`)
  if (of.backfill.state !== "done") return colours.cyan(of.backfill.state === "none" ? "not read yet" : "first sync")
  return of.armed ? colours.green("armed") : colours.yellow("observes only")
}

const progressOf = ({ count }: Words, { backfill }: ConnectionStatus): string => {
  if (backfill.state === "none") return ""
  const done = backfill.objects.reduce((sum, object) => sum + object.done, 0)
  if (backfill.objects.length === 0) return ""
  const totals = backfill.objects.map(({ total }) => total)
  const total = totals.some((one) => one === null) ? null : totals.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  if (backfill.objects.every(({ finished }) => finished)) return count(done)
  const rate = backfill.objects.reduce((sum, { perSecond }) => sum + perSecond, 0)
  return `${count(done)}${total === null ? "" : ` of ${count(total)}`}, ${count(rate)}/s`
}

const HEAD = [
  "connection",
  "state",
  "read",
  "linked",
  "due",
  "matches",
  "conflicts",
  "refused",
  "quarantined",
  "problems",
  "waiting",
]

/** 12 s, 3 min, 2 h: how long ago, or until. */
const span = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

/** The object that was polled well the longest ago. */
const polledOf = ({ colours }: Words, worker: Worker, now: number): string => {
  if (worker.polls.length === 0) return ""
  const never = worker.polls.filter(({ at }) => at === null).length
  if (never > 0) return colours.dim(never === worker.polls.length ? "not yet" : `${never} objects not yet`)
  return `${span(now - Math.min(...worker.polls.map(({ at }) => at ?? 0)))} ago`
}

const leftOf = ({ count }: Words, { budget }: Worker): string =>
  budget.buckets
    .map(({ capacity, day, name, tokens }) => {
      const today = day === null ? "" : `, ${count(day)} today`
      return `${name === "default" ? "" : `${name} `}${count(tokens)}/${count(capacity)}${today}`
    })
    .join("; ")

/** Everything that keeps the connection from working, each with what comes of it. */
const troublesOf = ({ time }: Words, of: ConnectionStatus, now: number): ReadonlyArray<string> => {
  const { closed, connection, idle, restarts, stopped, worker } = of
  const said: Array<string> = []
  if (idle === null && restarts === 0 && !closed)
    said.push("nothing works on it: it is not in the running configuration")
  if (restarts > 0) said.push(`its worker has stopped ${restarts} times in a row: ${stopped ?? "no reason given"}`)
  if (worker?.fault != null) said.push(`${worker.fault.what} (${span(now - worker.fault.at)} ago)`)
  if (worker?.waitsUntil != null) said.push(`no call goes out before ${time(worker.waitsUntil)}`)
  if (worker?.stoppedBy != null) said.push(`it has stopped by itself: ${worker.stoppedBy}`)
  for (const { closedUntil, name } of worker?.budget.buckets ?? [])
    if (closedUntil !== null) said.push(`the provider said too many: no ${name} call before ${time(closedUntil)}`)
  for (const { fault, object } of worker?.polls ?? [])
    if (fault !== null) said.push(`${object} can't be polled: ${fault}`)
  return said.map((one) => `${connection}: ${one}`)
}

const workersOf = (words: Words, connections: TenantStatus["connections"], now: number): string => {
  const { alert, count, table } = words
  const rows = connections.flatMap(({ connection, idle, worker, writing }) =>
    worker === null
      ? []
      : [
          [
            connection,
            idle === true ? "idle" : "working",
            polledOf(words, worker, now),
            count(worker.hints),
            count(writing),
            alert(worker.writes.retrying),
            count(worker.counters["calls"] ?? 0),
            alert(worker.counters["retries"] ?? 0),
            alert(worker.counters["rateLimits"] ?? 0),
            count(worker.counters["writes"] ?? 0),
            count(worker.budget.running),
            count(worker.budget.waiting),
            leftOf(words, worker),
          ],
        ],
  )
  const head = [
    "worker",
    "",
    "polled",
    "hints",
    "writing",
    "retrying",
    "calls",
    "again",
    "too many",
    "writes",
    "under way",
    "wait",
    "budget left",
  ]
  return rows.length === 0 ? "" : `\n\n${table(head, rows)}`
}

const ownersOf = ({ colours, table }: Words, owners: TenantStatus["owners"]): string => {
  if (owners === undefined || owners.length === 0) return ""
  const rows = owners.map(({ epoch, owner, what }) => [what, owner ?? colours.red("nobody"), String(epoch)])
  return `\n\n${table(["work", "owner", "epoch"], rows)}`
}

export const inWords = (words: Words, status: TenantStatus, now: number): string => {
  const { behind, behindMs, connections, owners, tenant } = status
  const { alert, colours, count, table } = words
  if (connections.length === 0) return `${colours.bold(tenant)} has no connection yet`
  const rows = connections.map((of) => [
    `${of.connection} ${colours.dim(of.provider)}`,
    stateOf(words, of),
    progressOf(words, of),
    count(of.linked),
    count(of.due),
    alert(of.questions),
    alert(of.conflicts),
    alert(of.issues.refused),
    alert(of.issues.quarantined),
    alert(of.issues.problem),
    count(of.issues.waiting),
  ])
  const many = behind >= 1000 ? `${count(behind)} or more` : count(behind)
  const deciding =
    behind === 0 ? "" : colours.cyan(`  ${many} facts still to be decided, the oldest ${span(behindMs)} old`)
  const troubles = connections.flatMap((of) => troublesOf(words, of, now)).map((one) => `\n${colours.red(one)}`)
  const said = troubles.length === 0 ? "" : `\n${troubles.join("")}`
  return `${colours.bold(tenant)}${deciding}\n${table(HEAD, rows)}${workersOf(words, connections, now)}${ownersOf(words, owners)}${said}`
}

export const status = Command.make("status", {}, () =>
  Effect.gen(function* () {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const found = yield* ask((client, tenant) => client.status({ params: { tenant } }))
    const now = yield* Clock.currentTimeMillis
    yield* answer(found, (of) => inWords(words, of, now))
  }),
).pipe(Command.withDescription(SAYS.status))
