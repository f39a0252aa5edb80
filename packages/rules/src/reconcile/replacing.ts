/**
 * References that are due, mostly in the place of another entity, or in a set beside one. Once those two are one, what stands there is
 * as good as what was due; once the record that is referred to is gone, it can't be written. Nothing else would say so: whoever
 * refers to them has not moved. Only what is due of records that are there is noted: of a first sync nearly nothing.
 */
import type { EntityType } from "@concordat/model/canonical/fields"
import { referringFields } from "@concordat/model/canonical/types"
import { editionOf } from "../edition.ts"
import { entityDoc, linkOf } from "../state/access.ts"
import { type EntityDoc, entityKey, parseEntityKey } from "../state/documents.ts"
import { type Context, references, stoodFor } from "./context.ts"
import type { Due } from "./due.ts"
import { EntityEdit } from "./edit.ts"
import { finish } from "./finish.ts"
import { idsIn, waiterOf } from "./waits.ts"

const KIND = "replacing"
const prefixOf = (type: EntityType, id: string): string => `${entityKey(type, id)}|`

interface Place {
  readonly connection: string
  readonly group: string
  readonly field: string
  readonly to: EntityType
}

/** Of what a field refers to, those for which nothing stands there; before edition 3 only where something stands for another. */
const missing = ({ tx }: Context, doc: EntityDoc, { connection, field, group, to }: Place): ReadonlyArray<string> => {
  const there = idsIn(linkOf(doc, connection).groups[group]?.shadow?.[field])
  const isAll = editionOf(tx) >= 3
  if (there.length === 0 && !isAll) return there
  const refs = references(tx, connection)
  const absent = idsIn(doc.groups[group]?.value[field]).filter((id) => {
    const external = refs.external(to, id)
    return external !== undefined && !there.includes(external)
  })
  const owners = absent.map((id) => entityDoc(tx, to, id)!.id)
  if (absent.length === 0 || isAll) return owners
  const standing = there.flatMap((external) => stoodFor(tx, connection, to, external) ?? [])
  if (standing.length === 0) return standing
  return owners.filter((id) => !standing.includes(id))
}

/** What is due of an entity in a connection was computed: notes what that would put in the place of another, and forgets what it did before. */
export const noteReplacing = (edit: EntityEdit, connection: string, due: Due | null): void => {
  const { context, original } = edit
  const wasDue = original !== null && linkOf(original, connection).due.hash !== null
  for (const [field, { group, to }] of referringFields(edit.type)) {
    const isDue = due?.kind === "update" && due.groups[group] !== undefined
    if (!isDue && !wasDue) continue
    const place = { connection, group, field, to }
    const is = isDue ? missing(context, edit.doc, place) : []
    const was = wasDue ? missing(context, original, place) : []
    const keyOf = (id: string) => `${prefixOf(to, id)}${connection}|${waiterOf(edit, group)}`
    for (const id of was) if (!is.includes(id)) context.tx.put(KIND, keyOf(id), null)
    // Looked at again, it was taken out of the notes before that.
    for (const id of is) if (edit.afresh !== null || !was.includes(id)) context.tx.put(KIND, keyOf(id), true)
  }
}

/** These became one, or are two again, or one has no record any more: what was due to refer to them is looked at again. */
export const replaceAgain = (context: Context, type: EntityType, ids: ReadonlyArray<string>): void => {
  const { tx } = context
  const noted = new Set<string>()
  tx.each(ids, (id) => {
    const prefix = prefixOf(type, id)
    for (const key of tx.range(KIND, prefix)) {
      tx.put(KIND, key, null)
      noted.add(key.slice(prefix.length, key.lastIndexOf("|")))
    }
  })
  tx.each(noted, (name) => {
    const at = name.indexOf("|")
    const its = parseEntityKey(name.slice(at + 1))
    const doc = entityDoc(tx, its.type, its.id)
    if (doc === null) return
    const edit = new EntityEdit(context, doc, doc)
    edit.afresh = name.slice(0, at)
    finish(edit)
  })
}
