/** What happens in some of the runs only, drawn from the seed: what the tenant's operators do, and edits at the worst moment. */
import type { Way } from "./oracle/mapped.ts"
import type { Chance } from "./random.ts"
import type { Action, SideName, Story } from "./script.ts"
import { type FieldRule, type GroupName, type Kind, KINDS, type Rule } from "./world/things.ts"

const MINUTE = 60_000

const OTHER_RULES: Readonly<Record<Kind, ReadonlyArray<Rule>>> = {
  person: ["app", "asked"],
  company: ["app", "asked"],
  deal: ["crm", "app"],
  activity: ["crm", "asked"],
}

/** In some runs the tenant's rules are changed while people work, and in some of those once more, or back. */
export const rulingsOf = (
  chance: Chance,
  counts: Readonly<Record<Kind, number>>,
  last: number,
): ReadonlyArray<Action> => {
  if (!chance.isLess(0.12)) return []
  const kinds = KINDS.filter((kind) => counts[kind] > 0)
  const chosen = () => {
    const some = kinds.filter(() => chance.isLess(0.6))
    return (some.length === 0 ? [chance.pick(kinds)] : some).map((kind) => [kind, chance.pick(OTHER_RULES[kind])])
  }
  const first = chance.between(0, last)
  const then = chance.isLess(0.3) ? [Object.fromEntries(chance.isLess(0.5) ? [] : chosen())] : []
  return [Object.fromEntries(chosen()), ...then].map((rules, n): Action => {
    return { kind: "rules", at: n === 0 ? first : chance.between(first, last), rules }
  })
}

const RULED: Readonly<Record<Kind, ReadonlyArray<GroupName>>> = {
  person: ["title", "title", "phone", "address", "name", "email"],
  company: ["name", "phone"],
  deal: ["title", "closeDate", "money"],
  activity: ["subject"],
}

/**
 * In some runs fields have rules of their own: the newest wins, or one system alone says what stands. From the beginning, from some
 * moment on, or both, and in some of those until later. Where there are two CRMs somebody may have said which of them is the stronger.
 */
export const fieldRulesOf = (
  chance: Chance,
  sides: ReadonlyArray<SideName>,
  counts: Readonly<Record<Kind, number>>,
  mappings: ReadonlyArray<Action>,
  last: number,
): { readonly begins: Story["rules"]; readonly actions: ReadonlyArray<Action> } => {
  const crms = sides.filter((one) => one !== "app")
  const authority = crms.length > 1 && chance.isLess(0.3) ? (chance.isLess(0.5) ? crms : crms.toReversed()) : []
  if (!chance.isLess(0.2)) return { begins: { fields: [], authority }, actions: [] }
  const kinds = KINDS.filter((kind) => counts[kind] > 0)
  const rule = (of: Kind, group: GroupName): FieldRule => {
    // A system that does not have the field says nothing of it.
    const able = sides.filter((side) => !mappings.some((one) => "group" in one && one.of === of && one.side === side))
    return { of, group, rule: chance.isLess(0.5) ? "newest" : `strict:${chance.pick(able)}` }
  }
  const chosen = (): ReadonlyArray<FieldRule> => {
    const fields = Array.from({ length: chance.between(1, 3) }, () => {
      const of = chance.pick(kinds)
      return rule(of, chance.pick(RULED[of]))
    })
    return fields.filter(({ group, of }, at) => at === fields.findIndex((one) => one.of === of && one.group === group))
  }
  const begins = chance.isLess(0.5) ? chosen() : []
  const at = chance.between(0, last)
  const first: ReadonlyArray<Action> =
    begins.length > 0 && chance.isLess(0.5) ? [] : [{ kind: "fields", at, fields: chosen() }]
  const then: ReadonlyArray<Action> = chance.isLess(0.3)
    ? [{ kind: "fields", at: chance.between(at, last), fields: chance.isLess(0.6) ? [] : chosen() }]
    : []
  return { begins: { fields: begins, authority }, actions: [...first, ...then] }
}

const WAYS: ReadonlyArray<ReadonlyArray<Way>> = [
  ["off", "both"],
  ["off", "both"],
  ["in", "both"],
  ["both", "in"],
  ["both", "off"],
  ["both", "off", "both"],
]

/** In some runs a field comes into the mapping of a system while people work, leaves it, or is only read for a while. */
export const mappingsOf = (
  chance: Chance,
  sides: ReadonlyArray<SideName>,
  counts: Readonly<Record<Kind, number>>,
  last: number,
): ReadonlyArray<Action> => {
  if (!chance.isLess(0.12)) return []
  const side = chance.pick(sides.filter((one) => one !== "app"))
  const fields = [
    ["person", "title"],
    ["person", "title"],
    ["person", "phone"],
    ["company", "phone"],
    ["deal", "closeDate"],
  ] as const
  const [of, group] = chance.pick(fields.filter(([kind]) => counts[kind] > 0))
  const ways = chance.pick(WAYS)
  const times = ways
    .slice(1)
    .map(() => chance.between(0, last))
    .toSorted((a, b) => a - b)
  return times.map((at, n) => ({ kind: "mapping", at, side, of, group, from: ways[n]!, way: ways[n + 1]! }))
}

/** In half of the runs in which something may wait for a person, somebody looks after it now and then. */
export const decisionsOf = (
  chance: Chance,
  actions: ReadonlyArray<Action>,
  begins: ReadonlyArray<FieldRule>,
  last: number,
): ReadonlyArray<Action> => {
  const fields = [begins, ...actions.map((one) => (one.kind === "fields" ? one.fields : []))].flat()
  const isAsked =
    fields.some(({ rule }) => rule === "newest") ||
    actions.some(
      (one) =>
        (one.kind === "edit" && one.of === "deal") ||
        (one.kind === "rules" && Object.values(one.rules).some((rule) => rule === "asked")),
    )
  if (!isAsked || !chance.isLess(0.5)) return []
  return Array.from({ length: chance.between(1, 3) }, () => ({ kind: "decide", at: chance.between(0, last) }))
}

/** In some runs an operator has two of a kind merged, and mostly split again. */
export const joinsOf = (
  chance: Chance,
  of: Kind,
  { [of]: count }: Readonly<Record<Kind, number>>,
  last: number,
): ReadonlyArray<Action> => {
  if (count < 2 || !chance.isLess(0.15)) return []
  const number = chance.between(0, count - 1)
  const pair = { of, number, other: (number + chance.between(1, count - 1)) % count }
  const at = chance.between(0, last)
  const joined: Action = { kind: "join", at, ...pair }
  return chance.isLess(0.7) ? [joined, { kind: "part", at: chance.between(at, last), ...pair }] : [joined]
}

/** In some runs the day's calls of Odoo's account, or of the product, are used up while people work. */
export const spendingOf = (chance: Chance, sides: ReadonlyArray<SideName>, last: number): ReadonlyArray<Action> => {
  if (!chance.isLess(0.15)) return []
  const side = chance.pick((["app", "odoo"] as const).filter((one) => sides.includes(one)))
  // The oracle takes nobody to be away for longer than a quarter of an hour, and edits of the product come late as it is.
  const forMs = chance.isLess(0.3)
    ? chance.between(1, 2 * MINUTE)
    : chance.between(MINUTE, (side === "app" ? 8 : 30) * MINUTE)
  return [{ kind: "spent", at: chance.between(0, last), side, forMs, tells: chance.isLess(0.5) }]
}

/** In some runs somebody edits a field while the engine's write of it is on its way, once or up to three times. */
export const intrusionsOf = (chance: Chance, sides: ReadonlyArray<SideName>, last: number): ReadonlyArray<Action> => {
  if (!chance.isLess(0.25)) return []
  const others = sides.filter((one) => one !== "app")
  return Array.from({ length: chance.between(1, 3) }, () => {
    return { kind: "intrude", at: chance.between(0, last), side: chance.pick(others) }
  })
}

/**
 * HubSpot says that it was no person, so that it can be told from one; a second system makes them answer each other. The product says it
 * of its own code, in runs whose rules stay as they are: of a title that was refused there and then left alone nobody can say afterwards
 * what it is later than.
 */
export const rewritingOf = (
  chance: Chance,
  sides: ReadonlyArray<SideName>,
  isRuledAlike: boolean,
): ReadonlyArray<SideName> => {
  const product: ReadonlyArray<SideName> = isRuledAlike && chance.fork("product").isLess(0.06) ? ["app"] : []
  if (!sides.includes("hubspot") || !chance.isLess(0.25)) return product
  return [...product, "hubspot", ...(sides.includes("odoo") && chance.isLess(0.7) ? (["odoo"] as const) : [])]
}
