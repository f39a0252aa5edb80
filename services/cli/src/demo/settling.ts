/** Waiting until nothing moves: not "nothing is due", since what is refused or parked stays so, but "nothing changes". */
import type { ConnectionStatus, TenantStatus } from "@concordat/api/operator/views"
import { knock, type Addresses } from "./oracle/fetch.ts"
import type { Operator } from "./operator.ts"

const LOOK_MS = 200
/** Webhooks come late by less than this, and an index is behind by less. */
const QUIET_MS = 1_500
/** Longer than the pause that a fault of a provider makes. */
const DUE_QUIET_MS = 25_000

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface AppStats {
  readonly pending: number
  readonly counts: Readonly<Record<string, number>>
}

export const appStats = async (at: Addresses): Promise<AppStats> => (await knock(at.app, "stats", [])) as AppStats

/** What would differ if anything had happened: facts and decisions, and not how often somebody looked. */
const moving = (status: TenantStatus): string =>
  JSON.stringify(
    status.connections.map(({ backfill, connection, counters, due, linked, questions, writing }) => [
      connection,
      backfill.state,
      counters["observed"] ?? 0,
      counters["written.create"] ?? 0,
      counters["written.update"] ?? 0,
      counters["refused"] ?? 0,
      due,
      linked,
      questions,
      writing,
    ]),
  )

/**
 * Whether its worker has asked for changes of everything since a moment, has come to the end of what it reads again, and has
 * looked at all that it was told of.
 */
const isReadSince = ({ worker }: ConnectionStatus, since: number): boolean =>
  worker !== null &&
  worker.hints === 0 &&
  worker.polls.every(({ at }) => at !== null && at > since) &&
  worker.rereads.every(({ finished }) => finished)

export interface Watch {
  /** Called at each look. */
  readonly look?: (status: TenantStatus) => void
  /** Throws when there is nothing to wait for any more. */
  readonly alive: () => void
}

/**
 * `still`: resolves when nothing moves. `settled`: when, besides, every connection was asked for its changes since, so
 * that what no webhook told of has come too. Fails after `patienceMs`.
 */
const wait = async (
  operator: Operator,
  at: Addresses,
  watch: Watch,
  isRead: boolean,
  patienceMs = 300_000,
): Promise<TenantStatus> => {
  const until = Date.now() + patienceMs
  let last = ""
  let since = Date.now()
  for (;;) {
    watch.alive()
    const status = await operator.status()
    watch.look?.(status)
    const app = await appStats(at)
    const now = `${moving(status)}|${app.counts["applied"]}|${app.counts["edits"]}`
    if (now !== last || app.pending > 0 || status.behind > 0) {
      last = now
      since = Date.now()
    }
    const quiet = Date.now() - since
    // What stays due, since its provider can't take it now, is waited for longer.
    const isDue = status.connections.some((one) => one.armed && (one.due > 0 || one.writing > 0))
    const hasCome = !isRead || status.connections.every((one) => isReadSince(one, since + QUIET_MS))
    if (isDue ? quiet >= DUE_QUIET_MS : quiet >= QUIET_MS && hasCome) return status
    if (Date.now() > until) throw new Error(`still moving after ${patienceMs / 1000} s: ${now}`)
    await pause(LOOK_MS)
  }
}

/** Resolves when everything that was due is written; the echoes of it may still be on their way. */
export const written = async (operator: Operator, watch: Watch, patienceMs = 300_000): Promise<void> => {
  const until = Date.now() + patienceMs
  for (let since = Date.now(); ;) {
    watch.alive()
    const status = await operator.status()
    if (status.behind > 0 || status.connections.some((one) => one.due > 0 || one.writing > 0)) since = Date.now()
    if (Date.now() - since >= QUIET_MS) return
    if (Date.now() > until) throw new Error(`not everything is written after ${patienceMs / 1000} s`)
    await pause(LOOK_MS)
  }
}

export const still = (operator: Operator, at: Addresses, watch: Watch): Promise<TenantStatus> =>
  wait(operator, at, watch, false)
export const settled = (operator: Operator, at: Addresses, watch: Watch): Promise<TenantStatus> =>
  wait(operator, at, watch, true)

/** Resolves when every connection has read everything once. */
export const backfilled = async (operator: Operator, watch: Watch, patienceMs = 300_000): Promise<TenantStatus> => {
  const until = Date.now() + patienceMs
  for (;;) {
    watch.alive()
    const status = await operator.status()
    watch.look?.(status)
    if (status.behind === 0 && status.connections.every((one) => one.backfill.state === "done")) return status
    if (Date.now() > until) throw new Error(`the first sync has not ended after ${patienceMs / 1000} s`)
    await pause(LOOK_MS)
  }
}
