/**
 * Which groups of an entity a decision moved. A reading brings most of its groups under one rule, so the event says rule and
 * provenance once for all of them: of a new contact's event they had been seven tenths.
 */
import * as Schema from "effect/Schema"
import { type Change, Provenance } from "./entity.ts"

/** One group that was moved. */
export interface Moved {
  readonly group: string
  readonly rule: string
  readonly provenance: Provenance
  /** Where the value came from that lost; null: there was no conflict. */
  readonly loser: Provenance | null
}

/** By what it says, whoever holds it: decided again, what was one object may be two that are alike. */
const isAlike = (a: Provenance, b: Provenance): boolean =>
  a === b ||
  (a.event === b.event &&
    a.connection === b.connection &&
    a.record.id === b.record.id &&
    a.record.object === b.record.object &&
    a.after === b.after &&
    a.until === b.until &&
    a.provider === b.provider)

const isOf = (a: Provenance | null, b: Provenance | null): boolean =>
  a === null || b === null ? a === b : isAlike(a, b)

/** In the order in which they were moved: what follows under the same rule from the same source is one entry. */
export const together = (moves: ReadonlyArray<Moved>): ReadonlyArray<Change> => {
  const entries: Array<{ readonly groups: Array<string>; readonly of: Moved }> = []
  for (const move of moves) {
    const last = entries.at(-1)
    if (
      last !== undefined &&
      last.of.rule === move.rule &&
      isAlike(last.of.provenance, move.provenance) &&
      isOf(last.of.loser, move.loser) &&
      !last.groups.includes(move.group)
    )
      last.groups.push(move.group)
    else entries.push({ groups: [move.group], of: move })
  }
  return entries.map(({ groups, of: { loser, provenance, rule } }) => ({ groups, rule, provenance, loser }))
}

/** Each group by itself again. */
export const apart = (changes: ReadonlyArray<Change>): ReadonlyArray<Moved> =>
  changes.flatMap(({ groups, loser, provenance, rule }) => groups.map((group) => ({ group, rule, provenance, loser })))

const isMoves = Schema.is(
  Schema.Array(
    Schema.Struct({
      group: Schema.String,
      rule: Schema.String,
      provenance: Provenance,
      loser: Schema.NullOr(Provenance),
    }),
  ),
)

/** Version 1 of `Created` and `Changed` said rule and provenance again for each group. What says neither is left for its reader to refuse. */
export const fromVersion1 = (data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const { changes } = data
  return isMoves(changes) ? { ...data, changes: together(changes) } : data
}
