/** Every entity with its records and what keeps a group from being held there: no values, paged. */
import type { EntityType } from "@concordat/model/canonical/fields"
import type { EntityDoc, HeldState, LinkState } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { pageOf } from "./documents.ts"
import type { EntityAt, EntityLinks, Listed } from "./views.ts"

export interface LinksOptions {
  /** null: all types. */
  readonly type: EntityType | null
  readonly after: string | null
  readonly limit: number
}

const groupsWhere = (link: LinkState, holds: (held: HeldState) => boolean): ReadonlyArray<string> =>
  Object.entries(link.groups).flatMap(([group, held]) => (holds(held) ? [group] : []))

const entityAt = (connection: string, link: LinkState): EntityAt => ({
  connection,
  primary: link.primary,
  duplicates: link.duplicates,
  tombstone: link.tombstone,
  due: link.due.hash !== null,
  parked: groupsWhere(link, (held) => held.parked !== undefined),
  quarantined: groupsWhere(link, (held) => held.quarantined === true),
  refused: groupsWhere(link, (held) => held.refused !== undefined),
  problems: groupsWhere(link, (held) => held.problem !== undefined),
})

/** At most 1,000 in one page. */
export const links = Effect.fn("Operations.links")(function* (tenant: string, options: LinksOptions) {
  const limit = Math.min(Math.max(options.limit, 1), 1000)
  const prefix = options.type === null ? "" : `${options.type}:`
  const { docs, next } = yield* pageOf<EntityDoc>(tenant, "entity", prefix, { after: options.after, limit })
  const items = docs.map(({ doc }): EntityLinks => ({
    type: doc.type,
    id: doc.id,
    archived: doc.archived,
    mergedInto: doc.mergedInto,
    at: Object.entries(doc.links).map(([connection, link]) => entityAt(connection, link)),
  }))
  return { items, next } as Listed<EntityLinks>
})
