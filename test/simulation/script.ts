/** What happens in one run, as data: drawn from the seed, shrunk when it fails, replayed as it stands. */
import { type Batches, batchesOf } from "./batch.ts"
import type { NetworkFaults } from "./network.ts"
import type { Way } from "./oracle/mapped.ts"
import type { StoreFaults } from "./deployment.ts"
import { importsOf } from "./imports.ts"
import {
  decisionsOf,
  fieldRulesOf,
  intrusionsOf,
  joinsOf,
  mappingsOf,
  rewritingOf,
  rulingsOf,
  spendingOf,
} from "./operating.ts"
import { type Chance, makeChance } from "./random.ts"
import { reshapingsOf } from "./reshapings.ts"
import { type Extent, EXTENTS, type Size, sizeOf } from "./size.ts"
import { type FieldRule, type GroupName, type Kind, KINDS, type Rule } from "./world/things.ts"

export type SideName = "app" | "hubspot" | "odoo"

/** Something that somebody does, `at` ms after everything was armed. `number` counts the things of a kind. */
export type Action =
  | {
      readonly kind: "edit"
      readonly at: number
      readonly side: SideName
      readonly of: Kind
      readonly number: number
      readonly group: GroupName
      readonly empty: boolean
      /** Back to what it was before the last edit. */
      readonly back: boolean
      /** As a row of a file. */
      readonly imported?: true
    }
  | {
      readonly kind: "create"
      readonly at: number
      readonly side: SideName
      readonly of: Kind
      readonly imported?: true
    }
  | {
      readonly kind: "remove"
      readonly at: number
      readonly side: SideName
      readonly of: Kind
      readonly number: number
    }
  | {
      readonly kind: "restore"
      readonly at: number
      readonly side: SideName
      readonly of: Kind
      readonly number: number
    }
  | {
      /** `other` becomes part of `number`. */
      readonly kind: "merge"
      readonly at: number
      readonly side: SideName
      readonly of: Kind
      readonly number: number
      readonly other: number
    }
  | {
      /** An operator says of two of a kind that they are one, or, later, that they are not. */
      readonly kind: "join" | "part"
      readonly at: number
      readonly of: Kind
      readonly number: number
      readonly other: number
    }
  | {
      readonly kind: "crash"
      readonly at: number
      readonly victim: number
      readonly turns: number
      readonly downMs: number
    }
  | Trouble
  | Spending
  | {
      /** The tenant's rules are these from then on; what is not named is as it is by default. */
      readonly kind: "rules"
      readonly at: number
      readonly rules: Partial<Readonly<Record<Kind, Rule>>>
    }
  | {
      /** These fields have a rule of their own from then on, and no others. */
      readonly kind: "fields"
      readonly at: number
      readonly fields: ReadonlyArray<FieldRule>
    }
  | Remapped
  /** Somebody edits a field just before the engine's next write of it there takes effect. */
  | { readonly kind: "intrude"; readonly at: number; readonly side: SideName }
  /** Somebody looks at what waits for a decision, and decides; once more at the end. */
  | { readonly kind: "decide"; readonly at: number }
  | { readonly kind: "loseBus"; readonly at: number }
  | { readonly kind: "dropState"; readonly at: number }

/** HubSpot: no calls left for the day, a token that ends or is replaced, a property that every record must have. */
export interface Trouble {
  readonly kind: "trouble"
  readonly at: number
  readonly what: "day" | "token" | "rotation" | "rule"
  readonly forMs: number
}

/** The day's calls of Odoo's account, or those that the product may make, are used up. */
export interface Spending {
  readonly kind: "spent"
  readonly at: number
  readonly side: "app" | "odoo"
  readonly forMs: number
  /** Whether it says how long to wait. */
  readonly tells: boolean
}

/** A field of a system is mapped otherwise from then on. */
export interface Remapped {
  readonly kind: "mapping"
  readonly at: number
  readonly side: SideName
  readonly of: Kind
  readonly group: GroupName
  /** As it was until then: of the first one, since the beginning. */
  readonly from: Way
  readonly way: Way
}

export interface WebhookFaults {
  readonly drop: number
  readonly duplicate: number
  readonly reorder: number
  readonly delayMs: readonly [number, number]
  /** Share of deliveries that are followed by one that is nobody's. */
  readonly forge: number
}

/** What becomes of whole records. */
export interface Reshaped {
  /** HubSpot: a merge makes a third record, which names those of earlier merges too. */
  readonly mergeMintsId: boolean
  readonly mergeNamesChain: boolean
  /** Odoo: what people want to be rid of is archived and not deleted. */
  readonly odooArchives: boolean
}

/** Of one tenant. */
export interface Story {
  readonly sides: ReadonlyArray<SideName>
  /** Which sides know each thing at the beginning. */
  readonly things: Readonly<Record<Kind, ReadonlyArray<ReadonlyArray<SideName>>>>
  readonly actions: ReadonlyArray<Action>
  /** What of the tenant's rules differs from the default at the beginning. */
  readonly rules: { readonly fields: ReadonlyArray<FieldRule>; readonly authority: ReadonlyArray<SideName> }
}

export interface Script extends Story {
  readonly seed: number
  /** What the people of other tenants do meanwhile. */
  readonly beside: ReadonlyArray<Story>
  readonly isApart: boolean
  readonly odoo: 17 | 19
  readonly pollMs: Readonly<Record<string, number>>
  readonly batch: Batches
  readonly indexLagMs: readonly [number, number]
  readonly skewMs: Readonly<Record<string, number>>
  readonly webhooks: WebhookFaults
  readonly network: NetworkFaults
  readonly store: StoreFaults
  readonly bus: { readonly redeliver: number; readonly reorder: number }
  readonly app: { readonly lostAnswer: number; readonly duplicate: number; readonly delayMs: number }
  readonly reshaping: Reshaped
  /** Systems in which an automation rewrites the titles of people that come over the interface. */
  readonly rewriting: ReadonlyArray<SideName>
}

const MINUTE = 60_000

const BY_DEFAULT: Story["rules"] = { fields: [], authority: [] }

/** A fault that is on in some runs only, so that they do not hide each other. */
const sometimes = (chance: Chance, rate: number, most: number): number =>
  chance.isLess(rate) ? chance.next() * most : 0

const WORLDS: ReadonlyArray<ReadonlyArray<SideName>> = [
  ["app", "hubspot"],
  ["app", "odoo"],
  ["app", "hubspot", "odoo"],
]

const EDITED: Readonly<Record<Kind, ReadonlyArray<GroupName>>> = {
  person: ["title", "title", "phone", "address", "name", "email"],
  company: ["name", "phone", "phone"],
  deal: ["title", "closeDate", "money", "money", "company"],
  activity: ["subject"],
}

/** What the story is about: people only, or also what they work for and what is done with them. */
const thingsOf = (chance: Chance, sides: ReadonlyArray<SideName>, { companies, others }: Extent) => {
  const isWide = chance.isLess(0.6)
  const many = (most: number): number => (isWide ? chance.between(0, most) : 0)
  return {
    kind: (): Kind =>
      isWide ? chance.pick(["person", "person", "person", "company", "company", "deal", "deal", "activity"]) : "person",
    isWide,
    company: Array.from({ length: many(companies) }, () => {
      const known = sides.filter(() => chance.isLess(0.6))
      return known.length === 0 ? [chance.pick(sides)] : known
    }),
    // What resembles one of another system is shown to a person, so each begins in one.
    deal: Array.from({ length: many(others) }, () => [chance.pick(sides)]),
    activity: Array.from({ length: many(others) }, () => [chance.pick(sides)]),
  }
}

/** People work in bursts: several things within one tick, within seconds, and then for long nothing. */
const timesOf = (chance: Chance, count: number, spanMs: number): ReadonlyArray<number> => {
  const times: Array<number> = []
  let at = 0
  for (let n = 0; n < count; n += 1) {
    const draw = chance.next()
    if (draw < 0.2) at += 0
    else if (draw < 0.45) at += chance.between(1, 2_000)
    else if (draw < 0.75) at += chance.between(1_000, MINUTE)
    else at += chance.between(MINUTE, Math.max(2 * MINUTE, (4 * spanMs) / count))
    times.push(at)
  }
  return times
}

/** Who is there, and what people do. */
const storyOf = (chance: Chance, extent: Extent): Story => {
  const sides = chance.pick(WORLDS.filter(({ length }) => length <= extent.systems))
  const people = Array.from({ length: chance.between(...extent.people) }, (): ReadonlyArray<SideName> => {
    const known = sides.filter(() => chance.isLess(0.6))
    return known.length === 0 ? [chance.pick(sides)] : known
  })
  const spanMs = chance.between(...extent.minutes) * MINUTE
  const does = timesOf(chance.fork("when"), chance.between(...extent.deeds), spanMs)
  const acts = chance.fork("what")
  const removing = sometimes(acts, 0.3, 0.08)
  const { isWide, kind: kindOf, ...others } = thingsOf(chance.fork("things"), sides, extent)
  const things = { person: people, ...others }
  const actions = does.map((at): Action => {
    const draw = acts.next()
    const of = kindOf()
    const count = Math.max(1, things[of].length)
    if (draw < 0.06) return { kind: "create", at, side: acts.pick(sides), of }
    if (draw < 0.06 + removing)
      return { kind: "remove", at, side: acts.pick(sides), of, number: acts.between(0, count) }
    return {
      kind: "edit",
      at,
      side: acts.pick(sides),
      of,
      // A few are edited again and again.
      number: Math.floor(acts.next() ** 2 * count),
      group: acts.pick(isWide && of === "person" ? [...EDITED.person, "company", "company"] : EDITED[of]),
      empty: acts.isLess(0.08),
      back: acts.isLess(0.1),
    }
  })
  return { sides, things, actions, rules: BY_DEFAULT }
}

/** `size`: null leaves it to the seed. */
export const scriptOf = (seed: number, size: Size | null = null): Script => {
  const chance = makeChance(`concordat ${seed}`)
  const extents = EXTENTS[size ?? sizeOf(seed)]
  const { actions, sides, things } = storyOf(chance, extents.own)
  const does = actions.map(({ at }) => at)
  const others = chance.fork("tenants")
  const beside = Array.from(
    { length: others.isLess(extents.tenants.rate) ? others.between(1, extents.tenants.most) : 0 },
    (_, at) => storyOf(others.fork(String(at)), extents.beside),
  )
  const faults = chance.fork("faults")
  const last = does.at(-1) ?? 0
  const isCrashing = faults.isLess(0.6)
  const crashes = Array.from({ length: isCrashing ? faults.between(1, extents.crashes) : 0 }, (): Action => {
    const near = faults.pick(does)
    return {
      kind: "crash",
      at: faults.isLess(0.7) ? near + faults.between(0, 3_000) : faults.between(0, last),
      victim: faults.between(0, 9),
      turns: faults.between(1, faults.isLess(0.5) ? 60 : 1_000),
      downMs: faults.isLess(0.7) ? 0 : faults.between(0, 10 * MINUTE),
    }
  })
  const whole = chance.fork("reshaping")
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, things[kind].length])) as Readonly<Record<Kind, number>>
  const more: Array<Action> = [...reshapingsOf(whole, sides, counts, actions)]
  const rulings = rulingsOf(chance.fork("rules"), counts, last)
  more.push(...rulings)
  const mappings = mappingsOf(chance.fork("mapping"), sides, counts, last)
  const ruled = fieldRulesOf(chance.fork("fields"), sides, counts, mappings, last)
  more.push(...ruled.actions, ...mappings)
  const isRuledAlike = rulings.length === 0 && ruled.actions.length === 0
  more.push(...decisionsOf(chance.fork("decisions"), [...actions, ...more], ruled.begins.fields, last))
  more.push(...joinsOf(chance.fork("joins"), "person", counts, last))
  for (const kind of ["company", "deal"] as const)
    more.push(...joinsOf(chance.fork(`joins of ${kind}`), kind, counts, last))
  more.push(
    ...intrusionsOf(chance.fork("intrusions"), sides, last),
    ...spendingOf(chance.fork("spending"), sides, last),
    ...importsOf(chance.fork("imports"), sides, counts, last),
  )
  if (faults.isLess(0.2)) more.push({ kind: "loseBus", at: faults.between(0, last) })
  if (faults.isLess(0.1)) more.push({ kind: "dropState", at: faults.between(0, last) })
  const troubles = chance.fork("troubles")
  if (sides.includes("hubspot") && troubles.isLess(0.4)) {
    const what = troubles.pick(["day", "token", "rotation", "rule"] as const)
    const forMs = troubles.isLess(0.5) ? troubles.between(1, 2 * MINUTE) : troubles.between(MINUTE, 30 * MINUTE)
    more.push({ kind: "trouble", at: troubles.between(0, last), what, forMs })
  }
  const isLossy = faults.isLess(0.5)
  return {
    seed,
    sides,
    things,
    beside,
    rules: ruled.begins,
    actions: [...actions, ...crashes, ...more].toSorted((a, b) => a.at - b.at),
    isApart: faults.isLess(0.5),
    odoo: faults.pick([17, 19]),
    pollMs: { hubspot: faults.pick([30_000, 60_000, 300_000]), odoo: faults.pick([15_000, 60_000, 300_000]) },
    batch: batchesOf(chance.fork("batch"), sides),
    indexLagMs: faults.pick([
      [0, 0],
      [2_000, 10_000],
      [10_000, 50_000],
    ]),
    skewMs: {
      hubspot: faults.isLess(0.3) ? faults.between(-5 * MINUTE, 5 * MINUTE) : 0,
      odoo: faults.isLess(0.3) ? faults.between(-5 * MINUTE, 5 * MINUTE) : 0,
    },
    webhooks: {
      drop: faults.isLess(0.2) ? 1 : sometimes(faults, 0.6, 0.6),
      duplicate: sometimes(faults, 0.5, 0.3),
      reorder: sometimes(faults, 0.5, 0.5),
      delayMs: faults.isLess(0.3) ? [1_000, 2 * MINUTE] : [100, 3_000],
      forge: sometimes(faults, 0.3, 0.2),
    },
    network: {
      latency: faults.isLess(0.3) ? [50, 2_000] : [20, 200],
      // Together at most one call in ten: what takes thirty calls in a row would never get through more.
      lost: isLossy ? sometimes(faults, 0.5, 0.02) : 0,
      unanswered: isLossy ? sometimes(faults, 0.5, 0.03) : 0,
      tooMany: isLossy ? sometimes(faults, 0.5, 0.02) : 0,
      broken: isLossy ? sometimes(faults, 0.5, 0.03) : 0,
      brokenAfter: faults.next(),
    },
    store: {
      writeMs: faults.isLess(0.5) ? faults.between(1, 40) : 0,
      readMs: faults.isLess(0.3) ? faults.between(1, 5) : 0,
      unmade: sometimes(faults, 0.3, 0.1),
      unknown: sometimes(faults, 0.3, 0.1),
    },
    bus: { redeliver: sometimes(faults, 0.3, 0.5), reorder: sometimes(faults, 0.3, 1) },
    app: {
      lostAnswer: sometimes(faults, 0.4, 0.3),
      duplicate: sometimes(faults, 0.4, 0.3),
      delayMs: faults.isLess(0.4) ? faults.between(0, 30_000) : 0,
    },
    rewriting: rewritingOf(chance.fork("rewriting"), sides, isRuledAlike),
    reshaping: {
      mergeMintsId: whole.isLess(0.5),
      mergeNamesChain: whole.isLess(0.5),
      odooArchives: whole.isLess(0.5),
    },
  }
}
