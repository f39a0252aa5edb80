/** The lens laws, for every group of the default mappings, over values from many seeds. */
import type { GroupValue } from "@concordat/model/canonical/fields"
import { canonicalJson } from "@concordat/model/json"
import { describe, expect, it } from "vitest"
import type { GroupLens, ObjectMapping, References, View } from "../lens.ts"
import { connections } from "./connections.ts"
import { dice, type Dice, groupValue, STAGES } from "./generator.ts"

const SEEDS = 150

/** Values that a person there could enter, by object: what the app's own enumerations leave open. */
const poolsOf = (object: string) => ({
  pipeline: ["default"],
  stage: object === "app" ? [...STAGES, "anything"] : STAGES,
  status: ["open", "won", "lost"],
  outcome: object === "meetings" ? ["completed", "no_show"] : ["Berg", "reached"],
  kind:
    object === "mail.activity" ? ["call", "task", "meeting", "email"] : ["call", "task", "note", "meeting", "email"],
})

interface Case {
  readonly lens: GroupLens
  readonly references: References
  readonly value: (d: Dice) => GroupValue
}

/**
 * One place there for several of ours: when a person empties it, the one that stood there is taken out and the next may
 * take its place, so that nothing is erased that was never shown. Such an edit is no case for the laws (see below).
 */
const oneOfMany = (lens: GroupLens): boolean =>
  (lens.group === "contacts" || lens.group === "deals") &&
  lens.sources.some((source) => ["partner_id", "opportunity_id", "@record"].includes(source))

/** A view that the connection can hold: what it holds of some value. */
const heldView = ({ lens, references, value }: Case, d: Dice): View => {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const got = lens.get(value(d), references)
    if (got._tag === "View" && !(oneOfMany(lens) && lens.empty(got.view))) return got.view
  }
  throw new Error(`no value can be held as ${lens.group}`)
}

const put = ({ lens, references }: Case, value: GroupValue, before: View | undefined, view: View): GroupValue => {
  const made = lens.put(value, before, view, references)
  if (made._tag === "Waiting") throw new Error(`${lens.group} waits for ${made.waiting.join()}`)
  return made.value
}

const view = ({ lens, references }: Case, value: GroupValue): View => {
  const got = lens.get(value, references)
  if (got._tag !== "View")
    throw new Error(`${lens.group} holds nothing of ${canonicalJson(value)}: ${canonicalJson(got)}`)
  return got.view
}

/** Runs the check for many seeds; a failure names the seed. */
const forSeeds = (check: (d: Dice) => void): void => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      check(dice(seed))
    } catch (cause) {
      throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  }
}

const casesOf = (name: string, mapping: ObjectMapping, lens: GroupLens, references: References): Case => ({
  lens,
  references,
  value: (d) => groupValue(d, mapping.type, lens.group, poolsOf(name === "app" ? "app" : mapping.object)),
})

it("an emptied place for one of many takes out the one that stood there, and no other", () => {
  const odoo = connections.find(({ name }) => name === "odoo")
  const lens = odoo?.mapping.objects
    .find(({ type }) => type === "deal")
    ?.groups.find(({ group }) => group === "contacts")
  if (odoo === undefined || lens === undefined) throw new Error("no lens")
  const before = { contacts: ["res.partner:1"] }
  const made = lens.put({ contacts: ["contact-1", "contact-3"] }, before, { contacts: [] }, odoo.references)
  expect(made).toEqual({ _tag: "Value", value: { contacts: ["contact-3"] }, waiting: [] })
})

for (const { name, mapping, references } of connections) {
  describe(name, () => {
    it("compiles without a field left out", () => {
      expect(mapping.problems).toEqual([])
    })
    for (const object of mapping.objects) {
      for (const lens of object.groups) {
        const one = casesOf(name, object, lens, references)
        describe(`${object.object} ${object.type}.${lens.group}`, () => {
          it("GetPut: what it holds already changes nothing", () => {
            forSeeds((d) => {
              const value = one.value(d)
              const got = lens.get(value, references)
              if (got._tag !== "View") return
              expect(put(one, value, got.view, got.view)).toEqual(value)
              // At first sight what is constant there fills what is empty, and changes nothing else.
              const first = put(one, value, undefined, got.view)
              const said = Object.entries(value).filter(([, held]) => held !== null)
              expect(first).toMatchObject(Object.fromEntries(said))
            })
          })

          it("PutGet: an edit is what it holds afterwards", () => {
            forSeeds((d) => {
              const value = one.value(d)
              const before = lens.get(value, references)
              const edit = heldView(one, d)
              const after = put(one, value, before._tag === "View" ? before.view : undefined, edit)
              if (!lens.same(view(one, after), edit)) {
                throw new Error(
                  `${canonicalJson(value)} + ${canonicalJson(edit)} = ${canonicalJson(after)} holds ${canonicalJson(view(one, after))}`,
                )
              }
            })
          })

          it("PutPut: of two edits the second stays", () => {
            forSeeds((d) => {
              const value = one.value(d)
              const before = lens.get(value, references)
              const from = before._tag === "View" ? before.view : undefined
              const first = heldView(one, d)
              const second = heldView(one, d)
              const twice = put(one, put(one, value, from, first), first, second)
              const once = put(one, value, from, second)
              expect(lens.same(view(one, twice), view(one, once))).toBe(true)
            })
          })

          it("leaves what it can't hold alone", () => {
            forSeeds((d) => {
              const value = { ...one.value(d), elsewhere: "kept" }
              const after = put(one, value, undefined, heldView(one, d))
              const others = Object.keys(value).filter((field) => !lens.fields.includes(field))
              for (const field of others) expect(after[field]).toEqual((value as GroupValue)[field])
            })
          })

          it("is stable under its own normalisers", () => {
            forSeeds((d) => {
              const image = lens.lossy(heldView(one, d))
              expect(lens.same(lens.lossy(image), image)).toBe(true)
            })
          })

          const written = (lens.direction !== "in" || lens.onCreate) && lens.sources.length > 0
          if (written)
            it("reads back what it wrote", () => {
              forSeeds((d) => {
                const sent = heldView(one, d)
                const raw = lens.write(sent)
                // What is not sent (a currency without an amount) is as it was.
                const whole = { ...Object.fromEntries(lens.sources.map((source) => [source, null])), ...raw }
                const read = lens.read(whole, undefined)
                if (read._tag === "Unknown" && lens.empty(sent)) return
                if (read._tag !== "Known" || !lens.same(read.view, sent)) {
                  throw new Error(`${canonicalJson(sent)} → ${canonicalJson(raw)} → ${canonicalJson(read)}`)
                }
                const again = lens.read(lens.write(read.view, read.view), read.view)
                expect(again._tag === "Known" && lens.same(again.view, sent)).toBe(true)
              })
            })

          it("knows nothing of what was not read", () => {
            const read = lens.read({ elsewhere: 1 }, undefined)
            expect(read._tag).toBe(lens.sources.length === 0 ? "Known" : "Unknown")
          })
        })
      }
    }
  })
}
