/** What a connection should hold of each group, and whether it does: for people who ask, where nothing is to be written. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { fieldOf } from "@concordat/model/canonical/types"
import type { View } from "../mapping/lens.ts"
import {
  type Compilers,
  type Context,
  heldUnder,
  holds,
  mappingOf,
  objectMappings,
  references,
  valueOf,
} from "../reconcile/context.ts"
import { nothing, wantedView } from "../reconcile/due.ts"
import { connectionDoc, entityDoc, linkOf, tenantDoc } from "../state/access.ts"
import { entityKey } from "../state/documents.ts"
import { type Loaded, Transaction } from "../state/transaction.ts"

export interface Expected {
  /** The provider's names that the group is read from there. */
  readonly sources: ReadonlyArray<string>
  /** The view that is to be held; null: nothing can be held there (now). */
  readonly wanted: View | null
  readonly isHeld: boolean
  /** Whether references stand there that are linked to nothing of their type: they are left alone. */
  readonly besides: boolean
  /** Why a difference is not written; null: it is. */
  readonly readOnly: string | null
  /** Entities (`type:id`) that have no record there yet. */
  readonly waitsFor: ReadonlyArray<string>
}

/**
 * By group, of those that the mapping of the entity's record there has; null: no mapping is known. Throws `Missing` for
 * what is not loaded, like `reconcile`.
 */
export const expected = (
  loaded: Loaded,
  compilers: Compilers,
  tenant: string,
  connection: string,
  type: EntityType,
  id: string,
): ReadonlyMap<string, Expected> | null => {
  const tx = new Transaction(loaded, { tenant, event: "", correlation: "", at: 0 })
  const context: Context = { tx, compilers, policy: compilers.policy(tenantDoc(tx)) }
  const state = connectionDoc(tx, connection)
  const doc = entityDoc(tx, type, id)
  if (state === null || doc === null) return null
  const link = linkOf(doc, connection)
  const mapping =
    link.primary === null
      ? objectMappings(context, state).find((one) => one.type === type)
      : mappingOf(context, state, link.primary.object, type)
  if (mapping === undefined) return null
  const found = new Map<string, Expected>()
  for (const lens of mapping.groups) {
    if (doc.groups[lens.group] === undefined) continue
    const held = heldUnder(link.groups[lens.group], lens)
    const waitsFor: Array<string> = []
    const wanted = wantedView(context, doc, connection, lens, held, {
      ...nothing,
      waiting: ({ fields }, ids) => {
        const to = fields.map((field) => fieldOf(type, field)?.to).find((one) => one !== undefined)
        if (to !== undefined) waitsFor.push(...ids.map((one) => entityKey(to, one)))
      },
    })
    const plain = lens.get(valueOf(doc, lens.group), references(tx, connection))
    found.set(lens.group, {
      sources: lens.sources,
      wanted,
      isHeld: wanted !== null && holds(lens, held, wanted, held.shadow),
      besides: wanted !== null && plain._tag === "View" && !lens.same(plain.view, wanted),
      readOnly: lens.direction === "in" ? "only read from there" : lens.readOnly,
      waitsFor,
    })
  }
  return found
}
