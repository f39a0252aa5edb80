/** What a verification found, to be read, and the exit code that says it. */
import { alert, count, table } from "../table.ts"
import type { StoreVerified } from "./run.ts"

/** 0: nothing. 1: drift. 2: some differences can't be judged, since facts are forgotten. */
export const codeOf = ({ tenants }: StoreVerified): 0 | 1 | 2 => {
  if (tenants.some(({ drift }) => drift > 0)) return 1
  return tenants.some(({ untold }) => untold > 0) ? 2 : 0
}

export const reportOf = ({ seconds, store, tenants }: StoreVerified): string => {
  const rows = tenants.map(({ drift, events, facts, later, streams, tenant, untold }) => [
    tenant,
    count(facts),
    count(events),
    count(streams),
    alert(drift),
    alert(untold),
    count(later),
  ])
  const head = ["tenant", "facts", "events compared", "streams", "drift", "can't be told", "decided since"]
  const differences = tenants.flatMap(({ differences }) =>
    differences.map(({ decided, detail, found, kind, revision, stream }) => [
      kind,
      `${stream}@${revision}`,
      found ?? decided ?? "",
      detail,
    ]),
  )
  const forgotten = tenants.flatMap(({ forgotten, tenant }) =>
    forgotten.count === 0
      ? []
      : [
          `${tenant}: facts are forgotten in ${count(forgotten.count)} places, and what was decided from them can't be ` +
            `decided again: ${forgotten.first.join("; ")}${forgotten.count > forgotten.first.length ? "; …" : ""}`,
        ],
  )
  const all = tenants.reduce((sum, { drift, untold }) => sum + drift + untold, 0)
  return [
    table(head, rows),
    ...(differences.length === 0 ? [] : [table(["what", "where", "event", ""], differences)]),
    ...(all > differences.length ? [`and ${count(all - differences.length)} more`] : []),
    ...forgotten,
    `${store}: ${all === 0 ? "everything is as its facts say" : `${count(all)} differences`}, in ${seconds.toFixed(1)} s`,
  ].join("\n\n")
}
