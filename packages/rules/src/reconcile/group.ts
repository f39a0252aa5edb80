/** A connection shows a value of one group: the six cases of an observation, tried in order, and what each means. */
import type { GroupValue } from "@concordat/model/canonical/fields"
import type { Provenance } from "@concordat/model/events/entity"
import { clear } from "@concordat/model/events/envelope"
import { type JsonObject, sameJson } from "@concordat/model/json"
import { editionOf } from "../edition.ts"
import type { GroupLens, View } from "../mapping/lens.ts"
import { connectionDoc } from "../state/access.ts"
import type { HeldState, Intent } from "../state/documents.ts"
import { isStronger, reopensForeign, settle, type Side } from "./conflict.ts"
import {
  heldUnder,
  holds,
  isCarriedOn,
  isEmptyFor,
  isSet,
  mappingOf,
  references,
  referredTo,
  refersAlike,
  type Rule,
  valueOf,
} from "./context.ts"
import type { EntityEdit } from "./edit.ts"
import { isReference } from "./lenses.ts"
import { reactiveHops } from "./oscillation.ts"
import { waitForRecords } from "./waits.ts"

export interface Observed {
  readonly connection: string
  readonly lens: GroupLens
  readonly view: View
  readonly provenance: Provenance
  readonly by: string | null
  /** Instead of the shadow: what was there before references in it were waited for. */
  readonly before?: View | null
  /** What stands there in truth, where the view is an edit that our write stood over. */
  readonly covered?: View
}

export const sideOf = (edit: EntityEdit, provenance: Provenance): Side => ({
  provenance,
  isApp: connectionDoc(edit.context.tx, provenance.connection)?.opened.isApp ?? false,
})

export const observeGroup = (edit: EntityEdit, seen: Observed): void => {
  const { connection, lens, provenance, view } = seen
  const { tx } = edit.context
  const { group } = lens
  const known = heldUnder(edit.held(connection, group), lens)
  const again = seen.before !== undefined
  const { carried = false, covered } = known
  if (covered !== undefined && lens.same(covered, view)) return
  // What the record before it had and this one lacks, was not emptied by anybody: a field of the one is none of the other.
  const lacks = carried && lens.empty(view)
  const shadow = again ? (seen.before ?? null) : lacks ? null : (covered ?? known.shadow)
  if (!again && shadow !== null && lens.same(shadow, view)) {
    if (carried) edit.setHeld(connection, group, settled(known))
    if (isEchoOf(known.wrote, provenance) && lens.same(known.wrote.view, view)) tx.count(connection, "echo")
    return
  }
  const { rendering } = known
  const held = shown(known, lens, view, provenance)
  edit.setHeld(connection, group, held)
  // Looked at once more, it stands after what was there before it, and may be anybody's return to what we wrote.
  const before = seen.before != null && editionOf(tx) >= 2 ? seen.before : null
  const last = before === null ? known : { ...known, shadow: before }
  const sent = echoed(edit.link(connection).intents, last, lens, view)

  const refs = references(tx, connection)
  const value = valueOf(edit.doc, group)
  const got = lens.get(value, refs)
  const current = edit.doc.groups[group]

  // 1. Agreement. What is constant there agrees with no value too, and fills it.
  if (got._tag === "View" && lens.same(got.view, view)) {
    const fills = lens.sources.length === 0 || (isEmptyFor(value, lens) && !lens.empty(view))
    const filled = shadow === null && fills ? lens.put(value, undefined, view, refs) : null
    if (filled?._tag === "Value" && !sameJson(filled.value, value))
      edit.change(group, filled.value, "filled", provenance)
    else agree(edit, seen, held, value)
    if (sent !== undefined) {
      resolve(edit, seen, sent)
      edit.setHeld(connection, group, { ...edit.held(connection, group)!, wrote: { view: sent, at: tx.cause.at } })
    }
    return
  }
  // 2. The echo of a write of ours, come before or without its answer, as sent or as this provider's normaliser has it.
  if (sent !== undefined) {
    resolve(edit, seen, sent)
    edit.setHeld(connection, group, {
      ...held,
      wrote: { view: sent, at: tx.cause.at },
      ...(lens.same(sent, view) ? {} : { rendering: { sent, held: view } }),
    })
    tx.count(connection, "echo")
    return
  }

  // The record that stands for one that was merged away is nobody's choice, also where our value has moved on meanwhile.
  if (shadow !== null && covered === undefined && isCarriedOn(tx, connection, edit.type, lens, shadow, view)) return

  const put = lens.put(value, shadow ?? undefined, view, refs)
  // What is not linked yet says nothing yet: the same view is observed again when it is.
  const waits = put.waiting.length > 0 ? { ...held, before: shadow } : held
  if (waits !== held) {
    edit.setHeld(connection, group, waits)
    waitForRecords(edit, connection, group, put.waiting)
  }
  if (put._tag === "Waiting") return
  const next = put.value
  // Of a set the first look has counted it, whatever of it was not linked.
  const isCounted = shadow === null || (again && isSet(edit.type, lens))
  const hops = isCounted ? waits : reactiveHops(edit, seen, waits, { held: known, shadow })
  if (hops !== waits) edit.setHeld(connection, group, hops)
  if (lens.direction === "out") return

  // A reference to a thing of another kind says nothing of this one.
  if (isReference(edit.type, lens) && sameJson(next, value)) return
  const rule = edit.context.policy.rule(edit.type, group)
  // 3. The first link: an empty side fills and never wins, and of two forms of one value the richer stays.
  if (shadow === null && firstLink(edit, seen, { next, value, wanted: got._tag === "View" ? got.view : null })) return
  // 4. Strict for the other side.
  if (shadow !== null && isRefused(edit, seen, rule, next)) return
  const ours = current === undefined ? null : sideOf(edit, current.provenance)
  const theirs = sideOf(edit, provenance)
  if (ours !== null && isOthersToReopen(edit, seen, rule, { ...ours, value }, { ...theirs, value: next })) return
  // 5. A later edit: this side held the value that is now edited, or is where it came from.
  const heldBefore =
    shadow !== null &&
    ((got._tag === "View" &&
      (holds(lens, { ...held, ...(rendering === undefined ? {} : { rendering }) }, got.view, shadow) ||
        refersAlike(tx, connection, edit.type, lens, got.view, shadow))) ||
      // Emptied it may be because of that, and nobody's choice.
      (!lens.empty(view) && referredTo(tx, connection, edit.type, lens, value, shadow)))
  const fromHere = current?.provenance.connection === connection && shadow !== null
  if (ours === null || heldBefore || fromHere || isSet(edit.type, lens)) {
    unpark(edit, connection, group, "edited")
    if (!sameJson(next, value)) edit.change(group, next, shadow === null ? "filled" : "edit", provenance)
    return
  }
  // 6. Both moved.
  conflict(edit, seen, rule, { ...ours, value }, { ...theirs, value: next })
}

/** Whether the rule is strict for another side, which is linked: then nothing that is said here is taken. */
export const isRefused = (
  edit: EntityEdit,
  { connection, lens: { group }, provenance }: Observed,
  rule: Rule,
  next: GroupValue,
): boolean => {
  if (rule._tag !== "Strict" || rule.connection === connection) return false
  const authority = edit.doc.links[rule.connection]
  if (authority === undefined || authority.primary === null) return false
  edit.defended(group, `strict:${rule.connection}`, { value: next as JsonObject, provenance })
  edit.context.tx.count(connection, "strict")
  return true
}

/** Whether it would open again what another CRM has closed, which alone may. */
export const isOthersToReopen = (
  edit: EntityEdit,
  { lens: { group }, provenance }: Observed,
  rule: Rule,
  ours: Valued,
  theirs: Valued,
): boolean => {
  if (rule._tag !== "Conservative" || !reopensForeign(group, ours.value, theirs.value, ours, theirs)) return false
  edit.defended(group, "reopened only by the CRM that closed it", { value: theirs.value as JsonObject, provenance })
  return true
}

/** What is held once a view was shown: what was carried, covered, waited for or in the way was of the view before it. */
const shown = (known: HeldState, lens: GroupLens, view: View, seen: Provenance): HeldState => {
  if (isBare(known)) return { signature: known.signature, shadow: view, seen }
  const { before: _, carried: __, covered: ___, problem: ____, rendering, ...rest } = known
  const isRendered = rendering !== undefined && lens.same(rendering.held, view)
  return isRendered ? { ...rest, shadow: view, seen, rendering } : { ...rest, shadow: view, seen }
}

/** Whether nothing is known of it but what stands there. */
const isBare = (held: HeldState): boolean => {
  for (const name in held) if (name !== "signature" && name !== "shadow" && name !== "seen") return false
  return true
}

/** The record itself has shown it. */
const settled = (known: HeldState): HeldState => {
  const { carried: _, covered: __, ...held } = known
  return held
}

/** Whether nobody has read it between our write and this observation. */
const isEchoOf = (wrote: HeldState["wrote"], provenance: Provenance): wrote is NonNullable<HeldState["wrote"]> =>
  wrote !== undefined && provenance.after < wrote.at

/**
 * What we sent, where the view is it or its lossy image: by an intent without answer, by a write that nothing followed, or by a
 * create whose record was found again and is seen for the first time. Our value may have moved on since: it is no word of that record's.
 */
const echoed = (intents: ReadonlyArray<Intent>, known: HeldState, lens: GroupLens, view: View): View | undefined => {
  for (const intent of intents) {
    const sent = intent.groups[lens.group]
    if (sent !== undefined && (lens.same(sent, view) || lens.same(lens.lossy(sent), view))) return sent
  }
  const { parked, seen, shadow, wrote } = known
  if (wrote === undefined) return undefined
  // What was parked is shown again without its shadow, and was seen.
  const isFound = shadow === null && seen === undefined && parked === undefined
  if (isFound && lens.same(wrote.view, view)) return wrote.view
  const isLast = isFound || (shadow !== null && lens.same(wrote.view, shadow))
  return isLast && lens.same(lens.lossy(wrote.view), view) ? wrote.view : undefined
}

/**
 * A read has shown what was sent: the write is no longer open for this group, nor is any before it. Left open, it would
 * take a person's return to that value for its echo. A create names its record, and stays until its answer does.
 */
const resolve = (edit: EntityEdit, { connection, lens: { group, same } }: Observed, sent: View): void => {
  const link = edit.link(connection)
  const shown = link.intents.filter(({ groups, kind }) => {
    const one = groups[group]
    return kind !== "create" && one !== undefined && same(one, sent)
  })
  if (shown.length === 0) return
  const last = Math.max(...shown.map(({ due }) => due))
  const intents = link.intents
    .map((one) => {
      if (one.kind === "create" || one.due > last) return one
      const { [group]: _, ...groups } = one.groups
      return { ...one, groups }
    })
    .filter((one) => one.kind === "create" || Object.keys(one.groups).length > 0)
  edit.setLink(connection, { ...link, intents })
}

const agree = (edit: EntityEdit, seen: Observed, held: HeldState, value: GroupValue): void => {
  const { connection, lens, provenance, view } = seen
  const { group } = lens
  unpark(edit, connection, group, "agreed")
  const current = edit.doc.groups[group]
  // What we referred to may have been merged there since: the record that stands for it is nobody's choice either.
  const explains = (sent: View | undefined): boolean =>
    sent !== undefined &&
    (lens.same(sent, view) || refersAlike(edit.context.tx, connection, edit.type, lens, sent, view))
  const explained =
    explains(held.wrote?.view) || edit.link(connection).intents.some(({ groups }) => explains(groups[group]))
  if (explained) {
    edit.context.tx.count(connection, "echo")
    return
  }
  if (lens.sources.length === 0 && isEmptyFor(value, lens)) {
    // What is constant there agrees with an empty value too, and is the first to say anything.
    const { tx } = edit.context
    const said = lens.put(value, undefined, view, references(tx, connection))
    if (said._tag === "Value" && !sameJson(said.value, value)) {
      edit.change(group, said.value, "filled", provenance)
      return
    }
  }
  if (current === undefined) {
    edit.seeEmpty(group, value, provenance)
    return
  }
  const rule = edit.context.policy.rule(edit.type, group)
  if (isStronger(edit.context.policy, rule, sideOf(edit, current.provenance), sideOf(edit, provenance))) {
    edit.doc = { ...edit.doc, groups: { ...edit.doc.groups, [group]: { ...current, value, provenance } } }
  }
}

/** True when the first link settled it without a conflict. */
const firstLink = (
  edit: EntityEdit,
  seen: Observed,
  { next, value, wanted }: { readonly next: GroupValue; readonly value: GroupValue; readonly wanted: View | null },
): boolean => {
  const { connection, lens, provenance, view } = seen
  const { group } = lens
  const current = edit.doc.groups[group]
  if (lens.empty(view)) {
    if (current === undefined) edit.seeEmpty(group, next, provenance)
    return true
  }
  if (current === undefined || isEmptyFor(value, lens)) {
    edit.change(group, next, "filled", provenance)
    return true
  }
  if (wanted !== null && lens.same(lens.lossy(wanted), view)) {
    edit.setHeld(connection, group, { ...edit.held(connection, group)!, rendering: { sent: wanted, held: view } })
    return true
  }
  const from = current.provenance.connection
  if (from === connection) {
    edit.change(group, next, "edit", provenance)
    return true
  }
  return richer(edit, from, group, next, provenance)
}

/** What `from` holds is only its lossy image of the value seen here: the richer one becomes the value. */
const richer = (edit: EntityEdit, from: string, group: string, next: GroupValue, provenance: Provenance): boolean => {
  const { context } = edit
  const link = edit.link(from)
  const other = connectionDoc(context.tx, from)
  if (other === null || link.primary === null) return false
  const lens = mappingOf(context, other, link.primary.object, edit.type)?.groups.find((one) => one.group === group)
  const held = edit.held(from, group)
  if (lens === undefined || held === undefined || held.shadow === null || held.signature !== lens.signature)
    return false
  const sent = lens.get(next, references(context.tx, from))
  if (sent._tag !== "View" || !lens.same(lens.lossy(sent.view), held.shadow)) return false
  edit.change(group, next, "richer", provenance)
  edit.setHeld(from, group, { ...held, rendering: { sent: sent.view, held: held.shadow } })
  return true
}

const ruleName = (rule: Rule): string =>
  rule._tag === "Strict" ? `strict:${rule.connection}` : rule._tag.toLowerCase()

type Valued = Side & { readonly value: GroupValue }

export const conflict = (edit: EntityEdit, seen: Observed, rule: Rule, ours: Valued, theirs: Valued): void => {
  const { connection, lens } = seen
  const { group } = lens
  const { policy, tx } = edit.context
  const name = ruleName(rule)
  switch (settle(policy, rule, edit.type, group, ours, theirs)) {
    case "theirs":
      unpark(edit, connection, group, "decided")
      edit.change(group, theirs.value, name, theirs.provenance, {
        value: ours.value as JsonObject,
        provenance: ours.provenance,
      })
      tx.count(connection, `conflict.${name}`)
      return
    case "ours":
      unpark(edit, connection, group, "decided")
      edit.defended(group, name, { value: theirs.value as JsonObject, provenance: theirs.provenance })
      tx.count(connection, `conflict.${name}`)
      return
    case "park": {
      const held = edit.held(connection, group)!
      edit.setHeld(connection, group, {
        ...held,
        ...(seen.covered === undefined ? {} : { shadow: seen.view, covered: seen.covered }),
        parked: { rule: name, theirs: theirs.provenance },
      })
      edit.say("ConflictParked", {
        type: edit.type,
        connection,
        group,
        rule: name,
        values: clear({ ours: ours.value as JsonObject, theirs: theirs.value as JsonObject }),
        ours: ours.provenance,
        theirs: theirs.provenance,
      })
      if (held.parked === undefined) tx.count(connection, `parked.${name}`)
    }
  }
}

/** The group is no longer between the entity and this connection. */
export const unpark = (edit: EntityEdit, connection: string, group: string, how: string): void => {
  const held = edit.held(connection, group)
  if (held?.parked === undefined) return
  const { covered, parked: _, ...free } = held
  edit.setHeld(connection, group, covered === undefined ? free : { ...free, shadow: covered })
  edit.say("ConflictSettled", { type: edit.type, connection, group, how })
}
