/** Histories that a seed makes: people who edit in three systems under rules that the seed picks, and what a network does to it. */
import type { Value } from "@concordat/model/canonical/fields"
import { EDITION } from "../src/edition.ts"
import type { Rule } from "../src/reconcile/context.ts"
import { Core, policyOf } from "./core.ts"
import { lens, mapping, objectMapping } from "./lenses.ts"
import { type Broken, type Faults, random, type Store, store, World } from "./world.ts"

const lower = (value: Value): Value => (typeof value === "string" ? value.toLowerCase().trim() : value)
const people = (options: Parameters<typeof lens>[2] = {}) =>
  mapping(
    objectMapping(
      "person",
      "contact",
      ["email", "phone", "name", "title", "otherEmails"].map((group) =>
        lens("contact", group, group === "title" || group === "name" ? options : {}),
      ),
    ),
  )

const RULES: ReadonlyArray<Readonly<Record<string, Rule>>> = [
  {},
  { contact: { _tag: "App" } },
  { contact: { _tag: "Newest" } },
  { contact: { _tag: "Manual" } },
  { "contact.title": { _tag: "Strict", connection: "crm" } },
  { contact: { _tag: "Conservative" } },
]

export interface Scenario {
  readonly seed: number
  readonly faults: Faults
  readonly edits: number
  readonly broken?: Broken
  readonly rules?: Readonly<Record<string, Rule>>
  /** Of the rules of the core; default: the newest. */
  readonly edition?: number
}

export const build = ({ broken, edition = EDITION, faults, rules, seed }: Scenario): World => {
  const rng = random(seed * 7 + 1)
  const lossyErp = rng.chance(0.5)
  const core = new Core({
    mappings: { app: people(), crm: people(), erp: people(lossyErp ? { lossy: lower } : {}) },
    policy: policyOf(rules ?? RULES[seed % RULES.length]!, rng.chance(0.5) ? ["erp", "crm"] : []),
  })
  core.open("app", { isApp: true, create: "always", edition })
  core.open("crm", { create: rng.chance(0.7) ? "always" : "never", edition })
  core.open("erp", { create: rng.chance(0.7) ? "always" : "never", edition })
  const squeeze = (values: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        ["title", "firstName", "lastName"].includes(name) ? lower(value as Value) : value,
      ]),
    )
  const stores: ReadonlyArray<Store> = [
    store("app", { hasStamps: false }),
    store("crm", { answersValues: rng.chance(0.7) }),
    store("erp", {
      store: lossyErp ? squeeze : (values) => values,
      answersValues: rng.chance(0.5),
      hasStamps: rng.chance(0.5),
    }),
  ]
  return new World(core, stores, seed, faults, broken)
}

const NAMES = ["Ada Lovelace", "Grace Hopper", "Kurt Gödel"]
const TITLES = ["Countess", "Rear Admiral", "Logician", null]
export const live = (world: World, edits: number): void => {
  const { rng } = world
  const addresses = [0, 1, 2]
  const blank = (n: number) => {
    const [firstName, lastName] = NAMES[n]!.split(" ") as [string, string]
    return {
      email: `p${n}@people.org`,
      phone: null,
      firstName,
      lastName,
      title: rng.pick(TITLES),
      otherEmails: [] as Array<string>,
    }
  }
  for (const n of addresses)
    for (const one of world.stores) if (rng.chance(0.7)) world.edit(one, `${one.connection}-${n}`, blank(n))
  world.quiesce()
  for (let step = 0; step < edits; step++) {
    const one = rng.pick(world.stores)
    const ids = [...one.records.keys()].toSorted()
    if (ids.length === 0) continue
    const id = rng.pick(ids)
    const [name, value] = rng.pick([
      ["title", rng.pick(TITLES)],
      ["phone", rng.pick(["+493012345", "+4917012345", null])],
      ["firstName", rng.pick(["Ada", "Augusta", "Grace"])],
      ["otherEmails", rng.pick([[], ["a@x.org"], ["a@x.org", "b@x.org"]])],
    ] as const)
    world.edit(one, id, { [name]: value })
    if (rng.chance(0.3)) world.push(rng.pick(world.stores))
    if (rng.chance(0.3)) world.settle()
    if (rng.chance(0.2)) world.poll(rng.pick(world.stores))
    if (rng.chance(0.3)) world.deliverReads()
  }
  world.quiesce()
}
