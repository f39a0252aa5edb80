/** Generated histories: whatever people, providers and the network do, the properties of the contract hold. */
import { canonicalJson } from "@concordat/model/json"
import { assert, describe, it } from "vitest"
import { holds, mappingOf, references, heldUnder } from "../src/reconcile/context.ts"
import { connectionDoc } from "../src/state/access.ts"
import { Transaction } from "../src/state/transaction.ts"
import { Core, policyOf, TENANT } from "./core.ts"
import { lens, mapping, objectMapping } from "./lenses.ts"
import { calm, type Faults, random, type Store, storm, store, World, type Broken } from "./world.ts"
import type { Rule } from "../src/reconcile/context.ts"
import type { Value } from "@concordat/model/canonical/fields"

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
}

export const build = ({ broken, faults, rules, seed }: Scenario): World => {
  const rng = random(seed * 7 + 1)
  const lossyErp = rng.chance(0.5)
  const core = new Core({
    mappings: { app: people(), crm: people(), erp: people(lossyErp ? { lossy: lower } : {}) },
    policy: policyOf(rules ?? RULES[seed % RULES.length]!, rng.chance(0.5) ? ["erp", "crm"] : []),
  })
  core.open("app", { isApp: true, create: "always" })
  core.open("crm", { create: rng.chance(0.7) ? "always" : "never" })
  core.open("erp", { create: rng.chance(0.7) ? "always" : "never" })
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

/** Linked writable groups that are neither held nor parked, refused or quarantined. */
export const divergent = (world: World): ReadonlyArray<string> => {
  const { core } = world
  const tx = new Transaction(core.loaded, { tenant: TENANT, event: "", correlation: "", at: 0 })
  const context = { tx, compilers: core.compilers, policy: core.compilers.policy() }
  return core.entities("contact").flatMap((doc) =>
    Object.entries(doc.links).flatMap(([connection, link]) => {
      if (link.primary === null) return []
      const actual = world.stores.find((one) => one.connection === connection)!.records.get(link.primary.id)
      return mappingOf(context, connectionDoc(tx, connection)!, link.primary.object, "contact")!.groups.flatMap(
        (lens) => {
          const held = heldUnder(link.groups[lens.group], lens)
          if (
            doc.groups[lens.group] === undefined ||
            held.parked !== undefined ||
            held.quarantined === true ||
            held.refused !== undefined
          )
            return []
          const wanted = lens.get(doc.groups[lens.group]!.value, references(tx, connection))
          const shown = lens.read((actual?.values ?? {}) as never, held.shadow ?? undefined)
          const isHeld = wanted._tag === "View" && holds(lens, held, wanted.view, held.shadow)
          const isTrue = shown._tag === "Known" && held.shadow !== null && lens.same(shown.view, held.shadow)
          return isHeld && isTrue
            ? []
            : [
                `${connection} ${doc.id} ${lens.group}: ${canonicalJson(wanted)} ${canonicalJson(held)} ${canonicalJson(actual)}`,
              ]
        },
      )
    }),
  )
}

const SEEDS = Number(process.env["SEEDS"] ?? 150)
const each = (faults: Faults, edits: number, check: (world: World, seed: number) => void, broken: Broken = {}) => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const world = build({ seed, faults, edits, broken })
    try {
      live(world, edits)
      check(world, seed)
    } catch (thrown) {
      throw new Error(
        `seed ${seed}: ${thrown instanceof Error ? thrown.message : String(thrown)}\n${world.log.slice(-25).join("\n")}`,
        { cause: thrown },
      )
    }
  }
}

describe("generated histories", () => {
  it("[R20] converges on a calm network", () => each(calm, 6, (world) => assert.deepStrictEqual(divergent(world), [])))
  it("[R20] converges when hooks are dropped, reads stale and answers lost", () =>
    each(storm, 12, (world) => assert.deepStrictEqual(divergent(world), [])))
  it("[R21] nothing is due and nothing is written after quiescence", () =>
    each(storm, 8, (world) => {
      const { writes } = world
      world.quiesce()
      assert.strictEqual(world.writes, writes)
    }))
  it("[R22] replay gives the same events and the same documents, byte for byte", () =>
    each(storm, 8, (world) => {
      const again = world.core.replayed()
      assert.strictEqual(again.dump(), world.core.dump())
      assert.deepStrictEqual(again.outputs, world.core.outputs)
    }))
  it("[R23] an accepted repeat appends nothing", () =>
    each(calm, 4, (world) => {
      const { outputs } = world.core
      const before = outputs.length
      const observed = world.core.inputs.filter((event) => event.data._tag === "RecordObserved")
      const newest = new Map(observed.map((event) => [(event.data as { externalId: string }).externalId, event]))
      // Again as it is now, at a later time: the record holds what it held.
      for (const event of newest.values()) {
        const data = event.data
        const shown = world.stores.find((one) => one.connection === (data as { connection: string }).connection)
        const actual = shown?.records.get((data as { externalId: string }).externalId)
        if (data._tag !== "RecordObserved" || actual === undefined) continue
        const { ownId: _, ...values } = actual.values
        world.core.append(world.tick(), { ...data, values: { clear: values as never } })
      }
      assert.strictEqual(outputs.length, before)
    }))
})
