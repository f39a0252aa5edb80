/** The closing table of the demo, and the same as one line of JSON. */
import type { TenantStatus } from "@concordat/api/operator/views"
import Table from "cli-table3"
import type { Verdict } from "./oracle/judge.ts"

export interface Report {
  readonly divergent: number
  readonly duplicates: number
  readonly missing: number
  readonly unexplained: number
  readonly records: number
  readonly entities: number
  readonly links: number
  readonly conflicts: Readonly<Record<string, number>>
  /** Conflicts and pairs that a person has to settle; `pairs` are counted apart, and how many of them need not have been asked. */
  readonly parked: { readonly conflicts: number; readonly pairs: number; readonly needless: number }
  readonly refused: number
  readonly writes: Readonly<Record<string, number>>
  readonly echoes: number
  /** Calls to the providers that were made again, before and after the kill. */
  readonly retries: number
  readonly seconds: number
}

const sum = (status: TenantStatus, name: string): number =>
  status.connections.reduce((all, one) => all + (one.counters[name] ?? 0), 0)

/** By what follows the prefix: `conflict.crm` → `crm`. */
const byName = (status: TenantStatus, prefix: string): Readonly<Record<string, number>> => {
  const found: Record<string, number> = {}
  for (const { counters } of status.connections) {
    for (const [name, count] of Object.entries(counters)) {
      if (name.startsWith(prefix)) found[name.slice(prefix.length)] = (found[name.slice(prefix.length)] ?? 0) + count
    }
  }
  return found
}

export const makeReport = (
  status: TenantStatus,
  verdict: Verdict,
  counts: {
    readonly records: number
    readonly entities: number
    readonly seconds: number
    readonly retries: number
    readonly writes: Readonly<Record<string, number>>
  },
): Report => ({
  divergent: verdict.divergent.length,
  duplicates: verdict.duplicates.length,
  missing: verdict.missing.length,
  unexplained: verdict.unexplained.length,
  records: counts.records,
  entities: counts.entities,
  links: status.connections.reduce((all, one) => all + one.linked, 0),
  conflicts: byName(status, "conflict."),
  parked: {
    conflicts: status.connections.reduce((all, one) => all + one.conflicts, 0),
    pairs: verdict.parkedPairs.length,
    needless: verdict.parkedPairs.filter(({ ambiguous }) => !ambiguous).length,
  },
  refused: status.connections.reduce((all, one) => all + one.issues.refused, 0),
  writes: counts.writes,
  echoes: sum(status, "echo"),
  retries: counts.retries,
  seconds: counts.seconds,
})

const shown = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(", ") || "none"

export const tableOf = (report: Report): string => {
  const table = new Table({ head: ["at the end", ""], style: { head: [], border: [] } })
  table.push(
    ["records read", report.records],
    ["entities", report.entities],
    ["links", report.links],
    ["conflicts by rule", shown(report.conflicts)],
    ["parked conflicts", report.parked.conflicts],
    ["parked pairs (needless)", `${report.parked.pairs} (${report.parked.needless})`],
    ["refused", report.refused],
    ["writes", shown(report.writes)],
    ["echoes absorbed", report.echoes],
    ["calls made again", report.retries],
    ["missing", report.missing],
    ["divergent", report.divergent],
    ["duplicates", report.duplicates],
    ["seconds", report.seconds],
  )
  return table.toString()
}
