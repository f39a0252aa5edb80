/** Generated histories: whatever people, providers and the network do, the properties of the contract hold. */
import { canonicalJson } from "@concordat/model/json"
import { assert, describe, it } from "vitest"
import { holds, mappingOf, references, heldUnder } from "../src/reconcile/context.ts"
import { connectionDoc } from "../src/state/access.ts"
import { Transaction } from "../src/state/transaction.ts"
import { TENANT } from "./core.ts"
import { build, live } from "./living.ts"
import { type Broken, calm, type Faults, storm, type World } from "./world.ts"

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
