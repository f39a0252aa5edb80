import { assert, describe, it } from "@effect/vitest"
import { checkValues } from "./validate.ts"

const said = (values: Parameters<typeof checkValues>[1]): ReadonlyArray<string> =>
  checkValues("contact", values).map(({ field, message }) => `${field}: ${message}`)

describe("the app's values", () => {
  it("that are too long are told so, in a list and in a field of its own too", () => {
    const long = "a".repeat(100_001)
    const message = "has 100001 characters: send at most 100000"
    assert.deepStrictEqual(said({ title: long, otherPhones: [long], "custom.note": long }), [
      `title: ${message}`,
      `otherPhones: ${message}`,
      `custom.note: ${message}`,
    ])
    assert.deepStrictEqual(said({ title: long.slice(1), "custom.note": long.slice(1) }), [])
  })

  it("hold no characters that nobody can keep", () => {
    const message = "has a NUL character or half a surrogate pair: send it without"
    assert.deepStrictEqual(said({ title: "a\0b", "custom.note": "\ud800", "custom.tags": ["x", "\udc00"] }), [
      `title: ${message}`,
      `custom.note: ${message}`,
      `custom.tags: ${message}`,
    ])
    assert.deepStrictEqual(said({ title: "\u{1f600}", "custom.note": "line\nand\ttab" }), [])
  })

  it("of a field of its own have a name that can be one", () => {
    const names = ["custom.", "custom.a.b", "custom.Ab", "custom.a b", `custom.${"a".repeat(64)}`]
    const faults = said(Object.fromEntries(names.map((name) => [name, 1])))
    assert.lengthOf(faults, names.length)
    for (const fault of faults) assert.include(fault, "name it custom. and then a-z")
    assert.deepStrictEqual(said({ "custom.aB_1": 1 }), [])
  })
})
