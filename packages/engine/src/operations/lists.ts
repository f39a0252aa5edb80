/** Lists that wait for a person: parked conflicts with both values, parked matches, and what can't be written. */
import type { GroupValue } from "@concordat/model/canonical/fields"
import {
  type ConflictDoc,
  type EntityDoc,
  entityKey,
  type IssueDoc,
  parseEntityKey,
  parseRecordKey,
  type QuestionDoc,
} from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { connectionOf, getMany, pageOf, parts } from "./documents.ts"
import type { ConflictItem, IssueItem, IssueKind, Listed, MatchItem, RecordAt } from "./views.ts"

/** `connection: null` lists those of all. `limit` is at most 1,000. */
export interface ListOptions {
  readonly connection: string | null
  readonly after: string | null
  readonly limit: number
}

/** A connection that there is not would have an empty list for ever. */
const prefixOf = Effect.fnUntraced(function* (tenant: string, { connection }: ListOptions) {
  if (connection === null) return ""
  yield* connectionOf(tenant, connection)
  return `${connection}|`
})
const bounded = (options: ListOptions) => ({ after: options.after, limit: Math.min(Math.max(options.limit, 1), 1000) })

/** Holds personal values: to be shown to an operator, never logged. */
export const conflicts = Effect.fn("Operations.conflicts")(function* (tenant: string, options: ListOptions) {
  const { docs, next } = yield* pageOf<ConflictDoc>(
    tenant,
    "conflict",
    yield* prefixOf(tenant, options),
    bounded(options),
  )
  const named = docs.map(({ key, doc }) => {
    const [connection = "", entity = "", group = ""] = parts(key, 3)
    return { connection, entity, group, doc }
  })
  const entities = yield* getMany<EntityDoc>(
    tenant,
    "entity",
    named.map(({ entity }) => entity),
  )
  const items = named.map(({ connection, entity, group, doc }, i): ConflictItem => {
    const found = entities[i]
    const value: GroupValue | null = found?.groups[group]?.value ?? null
    return {
      connection,
      ...parseEntityKey(entity),
      group,
      rule: doc.rule,
      at: doc.at,
      ours: { value, from: doc.ours },
      theirs: { view: found?.links[connection]?.groups[group]?.shadow ?? null, from: doc.theirs },
    }
  })
  return { items, next } as Listed<ConflictItem>
})

/** The entity's records, primary ones first at each connection. */
export const recordsOf = (doc: EntityDoc): ReadonlyArray<RecordAt & { readonly primary: boolean }> =>
  Object.entries(doc.links).flatMap(([connection, link]) => [
    ...(link.primary === null ? [] : [{ connection, ...link.primary, primary: true }]),
    ...link.duplicates.map((record) => ({ connection, ...record, primary: false })),
  ])

export const matches = Effect.fn("Operations.matches")(function* (tenant: string, options: ListOptions) {
  const { docs, next } = yield* pageOf<QuestionDoc>(
    tenant,
    "question",
    yield* prefixOf(tenant, options),
    bounded(options),
  )
  const keys = [...new Set(docs.flatMap(({ doc }) => doc.candidates.map((id) => entityKey(doc.type, id))))]
  const found = yield* getMany<EntityDoc>(tenant, "entity", keys)
  const entities = new Map(keys.map((key, i) => [key, found[i] ?? null]))
  const items = docs.map(({ key, doc }): MatchItem => {
    const [connection = "", record = ""] = parts(key, 2)
    return {
      connection,
      ...parseRecordKey(record),
      type: doc.type,
      reason: doc.reason,
      at: doc.at,
      candidates: doc.candidates.map((id) => {
        const entity = entities.get(entityKey(doc.type, id)) ?? null
        const records = entity === null ? [] : recordsOf(entity)
        return { id, records: records.map(({ connection, object, id }) => ({ connection, object, id })) }
      }),
    }
  })
  return { items, next } as Listed<MatchItem>
})

/** With a `kind` a page can be shorter than its limit and still have a next one. */
export const issues = Effect.fn("Operations.issues")(function* (
  tenant: string,
  options: ListOptions & { readonly kind: IssueKind | null },
) {
  const { docs, next } = yield* pageOf<IssueDoc>(tenant, "issue", yield* prefixOf(tenant, options), bounded(options))
  const items = docs.flatMap(({ key, doc }): ReadonlyArray<IssueItem> => {
    if (options.kind !== null && doc.kind !== options.kind) return []
    const [connection = "", entity = "", group = ""] = parts(key, 3)
    return [{ connection, ...parseEntityKey(entity), group, ...doc }]
  })
  return { items, next } as Listed<IssueItem>
})
