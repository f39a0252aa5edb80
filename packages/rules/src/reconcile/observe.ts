/** A record was observed: its groups are shown to the entity it is linked to, or a place is found for it. */
import { clear, opened } from "@concordat/model/events/envelope"
import type { RecordObserved } from "@concordat/model/events/record"
import type { ObjectMapping } from "../mapping/lens.ts"
import { connectionDoc, entityDoc, putRecord, recordDoc } from "../state/access.ts"
import type { RecordDoc } from "../state/documents.ts"
import { type Context, heldUnder, mappingOf, sameRecord } from "./context.ts"
import { EntityEdit } from "./edit.ts"
import { finish } from "./finish.ts"
import { observeGroup } from "./group.ts"
import { keepAside, mappingFor, place, provenanceOf, type Seen } from "./place.ts"
import { relink } from "./gone.ts"
import { wakeRefused } from "./refusals.ts"

/** Shows every group that was read to the entity. */
export const observeFields = (edit: EntityEdit, mapping: ObjectMapping, seen: Seen): void => {
  const { connection } = seen.data
  const raw = opened(seen.data.values)
  const provenance = provenanceOf(seen)
  for (const lens of mapping.groups) {
    const held = heldUnder(edit.held(connection, lens.group), lens)
    const read = lens.read(raw, held.shadow ?? undefined)
    if (read._tag === "Unknown") continue
    if (read._tag === "Invalid") {
      edit.setHeld(connection, lens.group, { ...held, unread: read.problem, seen: provenance })
      continue
    }
    if (held.unread !== undefined) {
      const { unread: _, ...readable } = held
      edit.setHeld(connection, lens.group, readable)
    }
    observeGroup(edit, { connection, lens, view: read.view, provenance, by: seen.data.by })
  }
}

/** A record without a place is read in parts too: what this reading leaves out is as the one before had it. */
const completed = (seen: Seen, before: RecordDoc["observation"]): Seen => {
  if (before === undefined || !("clear" in seen.data.values)) return seen
  const [old, now] = [opened(before.data.values), opened(seen.data.values)]
  if (Object.keys(old).every((name) => Object.hasOwn(now, name))) return seen
  return { ...seen, data: { ...seen.data, values: clear({ ...old, ...now }) } }
}

export const recordObserved = (context: Context, data: RecordObserved): void => {
  const { tx } = context
  const { connection } = data
  const state = connectionDoc(tx, connection)
  if (state === null) return
  const record = { object: data.object, id: data.externalId }
  const seen: Seen = { data, event: tx.cause.event, at: tx.cause.at }
  tx.count(connection, "observed")
  const known = recordDoc(tx, connection, record)
  if (known !== null && known.state === "gone" && known.entity !== null && known.type !== null) {
    if (relink(context, state, record, known, seen)) return
  }
  if (known === null || known.state !== "linked" || known.entity === null || known.type === null) {
    place(context, state, completed(seen, known?.observation), { others: known?.others ?? [] })
    return
  }
  const doc = entityDoc(tx, known.type, known.entity)
  const mapping = mappingOf(context, state, record.object, known.type)
  if (doc === null || mapping === undefined) return
  // A duplicate is read and listed; it says nothing about the entity.
  if (!sameRecord(doc.links[connection]?.primary ?? null, record)) {
    keepAside(context, completed(seen, known.observation))
    return
  }
  // Another type now (a person became a company): it no longer speaks for this entity.
  if (
    mapping.matches(opened(data.values)) === false &&
    mappingFor(context, state, record.object, opened(data.values)) !== undefined
  ) {
    putRecord(tx, connection, record, { ...known, reason: "its type changed" })
    return
  }
  const edit = new EntityEdit(context, doc, doc)
  observeFields(edit, mapping, seen)
  const hasMoved = edit.doc.links[connection] !== doc.links[connection]
  finish(edit)
  // Shown as it was known to be, it lets nobody try again: that would be refused again, and read again, for ever.
  if (hasMoved) wakeRefused(context, connection, record)
}
