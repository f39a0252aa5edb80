/** `concordat status`: how every connection of the tenant is doing. */
import type { ConnectionStatus, TenantStatus } from "@concordat/api/operator/views"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { lazy } from "../lazy.ts"

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

export const inWords = (words: Words, { behind, connections, tenant }: TenantStatus): string => {
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
  const deciding = behind === 0 ? "" : colours.cyan(`  ${count(behind)} facts still to be decided`)
  return `${colours.bold(tenant)}${deciding}\n${table(HEAD, rows)}`
}

export const status = Command.make("status", {}, () =>
  Effect.gen(function* () {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const found = yield* ask((client, tenant) => client.status({ params: { tenant } }))
    yield* answer(found, (of) => inWords(words, of))
  }),
).pipe(Command.withDescription("How every connection is doing, and what waits for a person"))
