/** One entity while an event changes it: collects what happened, and at the end says it in as few events as there are. */
import type { EntityType, GroupValue } from "@concordat/model/canonical/fields"
import { entityEventType } from "@concordat/model/events/stored"
import { type Moved, together } from "@concordat/model/events/changes"
import type { Link, Provenance } from "@concordat/model/events/entity"
import { clear } from "@concordat/model/events/envelope"
import type { JsonObject } from "@concordat/model/json"
import * as streams from "@concordat/model/streams"
import { linkOf, putEntity, withLink } from "../state/access.ts"
import {
  type EntityDoc,
  entityKey,
  type GroupState,
  type HeldState,
  type LinkState,
  recordKey,
} from "../state/documents.ts"
import type { Context } from "./context.ts"

export class EntityEdit {
  readonly context: Context
  readonly original: EntityDoc | null
  doc: EntityDoc
  #created: Link | null = null
  #moves: Array<Moved> = []
  #values: Record<string, JsonObject> = {}
  #events: Array<readonly [type: string, data: unknown]> = []
  /** Connections whose primary record changed: whoever waits for it is looked at again. */
  readonly relinked = new Set<string>()
  /** Made by this edit and in no other hands until `flush`, so changed in place: a new record changes every group it has. */
  #ownGroups: Record<string, GroupState> | null = null
  readonly #ownHeld = new Map<string, Record<string, HeldState>>()
  /** A connection, or `*` for each, where what is due is computed anew: what it follows from beside the entity changed. */
  afresh: string | null = null

  constructor(context: Context, doc: EntityDoc, original: EntityDoc | null) {
    this.context = context
    this.doc = doc
    this.original = original
  }

  get type(): EntityType {
    return this.doc.type
  }

  static start(context: Context, type: EntityType, id: string, link: Link): EntityEdit {
    const doc: EntityDoc = {
      type,
      id,
      revision: -1,
      groups: {},
      links: {},
      keys: [],
      archived: null,
      mergedInto: null,
      merges: [],
      notSame: [],
      questions: [],
    }
    const edit = new EntityEdit(context, doc, null)
    edit.#created = link
    return edit
  }

  link(connection: string): LinkState {
    return linkOf(this.doc, connection)
  }

  setLink(connection: string, link: LinkState): void {
    const before = this.link(connection).primary
    if ((before === null ? "" : recordKey(before)) !== (link.primary === null ? "" : recordKey(link.primary))) {
      this.relinked.add(connection)
    }
    this.doc = withLink(this.doc, connection, link)
  }

  held(connection: string, group: string): HeldState | undefined {
    return this.link(connection).groups[group]
  }

  setHeld(connection: string, group: string, held: HeldState): void {
    const link = this.link(connection)
    const own = this.#ownHeld.get(connection)
    if (own !== undefined && link.groups === own) {
      own[group] = held
      return
    }
    const groups = { ...link.groups, [group]: held }
    this.#ownHeld.set(connection, groups)
    this.doc = withLink(this.doc, connection, { ...link, groups })
  }

  #setGroup(group: string, state: GroupState): void {
    if (this.#ownGroups !== null && this.doc.groups === this.#ownGroups) {
      this.#ownGroups[group] = state
      return
    }
    this.#ownGroups = { ...this.doc.groups, [group]: state }
    this.doc = { ...this.doc, groups: this.#ownGroups }
  }

  /** The group's new value, who brought it under which rule, and who lost. */
  change(
    group: string,
    value: GroupValue,
    rule: string,
    provenance: Provenance,
    lost?: { value: JsonObject; provenance: Provenance },
  ): void {
    const revision = (this.doc.groups[group]?.revision ?? -1) + 1
    this.#setGroup(group, { value, revision, provenance })
    this.#say(group, value, rule, provenance, lost)
  }

  /** A group that was seen and is empty: known from now on, and nothing to say. */
  seeEmpty(group: string, value: GroupValue, provenance: Provenance): void {
    this.#setGroup(group, { value, revision: 0, provenance })
  }

  /** A conflict that the value survived: nothing changes, and the loser is known. */
  defended(group: string, rule: string, lost: { value: JsonObject; provenance: Provenance }): void {
    const { provenance, value } = this.doc.groups[group]!
    this.#say(group, value, rule, provenance, lost)
  }

  #say(
    group: string,
    value: GroupValue,
    rule: string,
    provenance: Provenance,
    lost?: { value: JsonObject; provenance: Provenance },
  ) {
    if (this.#values[group] !== undefined)
      this.#moves = this.#moves.filter((move) => move.group !== group || move.loser !== null)
    this.#moves.push({ group, rule, provenance, loser: lost?.provenance ?? null })
    this.#values[group] = { value: value as JsonObject, ...(lost === undefined ? {} : { loser: lost.value }) }
  }

  say(type: string, data: unknown): void {
    this.#events.push([type, data])
  }

  sayLinked(link: Link): void {
    if (this.#created === null) this.say(entityEventType(this.type, "Linked"), { type: this.type, link })
  }

  /** Decides the events and keeps the document. */
  flush(): void {
    const { tx } = this.context
    const stream = streams.entity(this.type, tx.cause.tenant, this.doc.id)
    let revision = this.doc.revision
    const said = () => ({ type: this.type, values: clear(this.#values), changes: together(this.#moves) })
    if (this.#created !== null) {
      revision = tx.emit(stream, revision, entityEventType(this.type, "Created"), { ...said(), link: this.#created })
    } else if (this.#moves.length > 0) {
      revision = tx.emit(stream, revision, entityEventType(this.type, "Changed"), said())
    }
    for (const [type, data] of this.#events) revision = tx.emit(stream, revision, type, data)
    if (revision !== this.doc.revision) this.doc = { ...this.doc, revision }
    // Of a million that are listed after a first sync most are as they were: nothing of them is written again.
    if (this.doc !== this.original) putEntity(tx, this.doc)
    this.#ownGroups = null
    this.#ownHeld.clear()
    this.#created = null
    this.#moves = []
    this.#values = {}
    this.#events = []
  }

  get key(): string {
    return entityKey(this.type, this.doc.id)
  }
}
