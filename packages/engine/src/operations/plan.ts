/** What arming a connection would do: to create, to overwrite, to park. Due rows exist for unarmed connections too. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { type CountDoc, type DueDoc, parseEntityKey } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { connectionOf, get, countOf, eachOf } from "./documents.ts"
import { issueCounts } from "./status.ts"
import type { Plan } from "./views.ts"

const add = (counts: Record<string, number>, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1
}

export const plan = Effect.fn("Operations.plan")(function* (tenant: string, connection: string) {
  const doc = yield* connectionOf(tenant, connection)
  const prefix = `${connection}|`
  const create: Record<string, number> = {}
  const archive: Record<string, number> = {}
  const overwrite = new Map<string, { readonly type: EntityType; readonly group: string; records: number }>()
  yield* eachOf<DueDoc>(tenant, "due", prefix, (key, due) => {
    const { type } = parseEntityKey(key.slice(prefix.length))
    if (due.kind === "create") return add(create, type)
    if (due.kind === "archive") return add(archive, type)
    for (const group of due.groups) {
      const row = overwrite.get(`${type}.${group}`) ?? { type, group, records: 0 }
      row.records += 1
      overwrite.set(`${type}.${group}`, row)
    }
  })
  const answer: Plan = {
    connection,
    armed: doc.armed,
    backfill: doc.backfill.state,
    linked: (yield* get<CountDoc>(tenant, "count", `${connection}|links`)) ?? 0,
    create,
    archive,
    overwrite: [...overwrite.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
    park: {
      matches: yield* countOf(tenant, "question", prefix),
      conflicts: yield* countOf(tenant, "conflict", prefix),
    },
    issues: yield* issueCounts(tenant, connection),
  }
  return answer
})
