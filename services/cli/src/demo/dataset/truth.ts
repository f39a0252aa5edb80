/** What the records of the seeds really are: the answer sheet that the oracle judges by. */
import type { EntityType } from "@concordat/model/canonical/fields"
import type { System } from "./sizes.ts"
import type { Ambiguity, Label } from "./things.ts"

export interface RealThing {
  readonly label: Label
  readonly type: EntityType
}

export interface Truth {
  /** By `recordKey`. */
  readonly records: Readonly<Record<string, RealThing>>
  /** Things that no rule can tell from the records alone; a question about any other thing is one too many. */
  readonly ambiguous: Readonly<Record<Label, Ambiguity>>
  /** By `recordKey`: records that say too little to be one thing; whichever of these they were linked to is right. */
  readonly either: Readonly<Record<string, ReadonlyArray<Label>>>
  /** Things that come with a system (users of Odoo are contacts there): nobody promised them to the others. */
  readonly staff: ReadonlyArray<Label>
  /** Activities by their subjects, each of which is there once: an activity of Odoo becomes a new record when it is done. */
  readonly subjects: Readonly<Record<string, Label>>
  /** What people took out of a system, and nobody is to put back. */
  readonly removed: ReadonlyArray<{ readonly system: System; readonly label: Label }>
}

/** `odoo|res.partner|123`. */
export const recordKey = (system: System, object: string, id: string): string => `${system}|${object}|${id}`

/** What an edit makes true. */
export interface Learnt {
  readonly records?: Truth["records"]
  readonly ambiguous?: Truth["ambiguous"]
  readonly subjects?: Truth["subjects"]
  readonly removed?: Truth["removed"]
}

export const learn = (truth: Truth, learnt: Learnt): Truth => ({
  records: { ...truth.records, ...learnt.records },
  ambiguous: { ...truth.ambiguous, ...learnt.ambiguous },
  either: truth.either,
  staff: truth.staff,
  subjects: { ...truth.subjects, ...learnt.subjects },
  removed: [...truth.removed, ...(learnt.removed ?? [])],
})
