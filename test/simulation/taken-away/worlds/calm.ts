/** A world in which nothing fails by itself, for those that say only what is special about them. */
import { PERFECT } from "../../network.ts"
import type { Action, Script, SideName } from "../../script.ts"
import type { GroupName, Kind } from "../../world/things.ts"

export const SECOND = 1_000
export const MINUTE = 60 * SECOND

const CALM: Omit<Script, "sides"> = {
  seed: 1,
  things: { person: [], company: [], deal: [], activity: [] },
  actions: [],
  beside: [],
  rules: { fields: [], authority: [] },
  isApart: false,
  odoo: 19,
  pollMs: { hubspot: MINUTE, odoo: MINUTE },
  batch: {},
  indexLagMs: [0, 0],
  skewMs: {},
  webhooks: { drop: 0, duplicate: 0, reorder: 0, delayMs: [100, 100], forge: 0 },
  network: PERFECT,
  store: { writeMs: 0, readMs: 0, unmade: 0, unknown: 0 },
  bus: { redeliver: 0, reorder: 0 },
  app: { lostAnswer: 0, duplicate: 0, delayMs: 0 },
  reshaping: { mergeMintsId: false, mergeNamesChain: false, odooArchives: false },
  rewriting: [],
}

type Special = Partial<Omit<Script, "sides" | "things">> & {
  readonly sides: ReadonlyArray<SideName>
  readonly things?: Partial<Script["things"]>
}

export const calm = (special: Special): Script => ({
  ...CALM,
  ...special,
  things: { ...CALM.things, ...special.things },
})

/** So many things, each known to all of these from the beginning. */
export const known = (count: number, ...sides: ReadonlyArray<SideName>): ReadonlyArray<ReadonlyArray<SideName>> =>
  Array.from({ length: count }, () => sides)

/** `at`: ms after everything was armed. */
export const edit = (
  at: number,
  side: SideName,
  of: Kind,
  number: number,
  group: GroupName,
  how: { readonly empty?: boolean; readonly back?: boolean } = {},
): Action => ({ kind: "edit", at, side, of, number, group, empty: how.empty ?? false, back: how.back ?? false })

export const remove = (at: number, side: SideName, of: Kind, number: number): Action => ({
  kind: "remove",
  at,
  side,
  of,
  number,
})

export const restore = (at: number, side: SideName, of: Kind, number: number): Action => ({
  kind: "restore",
  at,
  side,
  of,
  number,
})

export const create = (at: number, side: SideName, of: Kind): Action => ({ kind: "create", at, side, of })

/** `other` becomes part of `number`. */
export const merge = (at: number, side: SideName, of: Kind, number: number, other: number): Action => ({
  kind: "merge",
  at,
  side,
  of,
  number,
  other,
})
