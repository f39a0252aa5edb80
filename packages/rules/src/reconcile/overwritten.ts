/** An edit that our write stood over: the side lost it without a say, so it is a conflict as if both had been seen. */
import type { Provenance } from "@concordat/model/events/entity"
import { opened } from "@concordat/model/events/envelope"
import type { EditOverwritten } from "@concordat/model/events/record"
import { type JsonObject, sameJson } from "@concordat/model/json"
import type { GroupLens, View } from "../mapping/lens.ts"
import { connectionDoc, entityDoc } from "../state/access.ts"
import type { HeldState } from "../state/documents.ts"
import { sameRecord, type Context, heldUnder, mappingOf, references, valueOf } from "./context.ts"
import { EntityEdit } from "./edit.ts"
import { finish } from "./finish.ts"
import { conflict, isOthersToReopen, isRefused, sideOf, unpark } from "./group.ts"

/** What stands there: while an edit that a write stood over is being asked about, not that one. */
const standingOf = ({ covered, parked, shadow }: HeldState): View | null =>
  parked !== undefined && covered !== undefined ? covered : shadow

/** What stands there is still what we wrote: nobody has edited it since, which would have been the last word there. */
const isOurs = ({ rendering, wrote }: HeldState, standing: View, lens: GroupLens): boolean =>
  wrote !== undefined &&
  (lens.same(wrote.view, standing) ||
    (rendering !== undefined && lens.same(rendering.sent, wrote.view) && lens.same(rendering.held, standing)))

/** Of two edits of one side, both by its clock: histories need not be read in the order of the writes. */
const isEarlier = (edit: Provenance, than: Provenance): boolean =>
  edit.provider && than.provider && edit.until < than.until

export const editOverwritten = (context: Context, data: EditOverwritten): void => {
  const { tx } = context
  const { connection } = data
  const state = connectionDoc(tx, connection)
  const doc = entityDoc(tx, data.entity.type, data.entity.id)
  if (state === null || doc === null) return
  tx.count(connection, "overwritten")
  const record = { object: data.object, id: data.externalId }
  if (!sameRecord(doc.links[connection]?.primary ?? null, record)) return
  const edit = new EntityEdit(context, doc, doc)
  const raw = opened(data.values)
  const provenance: Provenance = {
    connection,
    record,
    event: tx.cause.event,
    after: data.readBefore,
    until: data.stamp ?? tx.cause.at,
    provider: data.stamp !== null,
  }
  for (const lens of mappingOf(context, state, record.object, edit.type)?.groups ?? [])
    if (lens.sources.some((source) => source in raw)) stoodOver(edit, lens, raw, provenance, data)
  finish(edit)
}

const stoodOver = (
  edit: EntityEdit,
  lens: GroupLens,
  raw: JsonObject,
  provenance: Provenance,
  { by, connection }: EditOverwritten,
): void => {
  const { group } = lens
  const held = heldUnder(edit.held(connection, group), lens)
  const standing = standingOf(held)
  const current = edit.doc.groups[group]
  if (standing === null || current === undefined || lens.direction === "out" || !isOurs(held, standing, lens)) return
  const read = lens.read(raw, standing)
  if (read._tag !== "Known" || lens.same(read.view, standing)) return
  // The last of them is asked about.
  if (held.parked !== undefined && isEarlier(provenance, held.parked.theirs)) return
  const value = valueOf(edit.doc, group)
  const put = lens.put(value, standing, read.view, references(edit.context.tx, connection))
  if (put._tag !== "Value" || sameJson(put.value, value)) return
  const seen = { connection, lens, view: read.view, provenance, by, covered: standing }
  const rule = edit.context.policy.rule(edit.type, group)
  // Nor would it have been taken if it had been seen.
  if (isRefused(edit, seen, rule, put.value)) return
  const ours = { ...sideOf(edit, current.provenance), value }
  const theirs = { ...sideOf(edit, provenance), value: put.value }
  if (isOthersToReopen(edit, seen, rule, ours, theirs)) return
  if (current.provenance.connection !== connection) return conflict(edit, seen, rule, ours, theirs)
  // Our value came from there: no two sides have moved, and of what one says the last word stands, whatever the rule asks of two.
  if (isEarlier(provenance, current.provenance)) return
  unpark(edit, connection, group, "edited")
  edit.change(group, put.value, "edit", provenance)
}
