import { assert, describe, it } from "vitest"
import { canonicalJson, sameJson } from "./json.ts"

describe("sameJson", () => {
  it.each([
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: 1 }, { b: undefined, a: 1 }, true],
    [{ a: undefined }, {}, true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: null }, {}, false],
    [[], {}, false],
    [[1, 2], [2, 1], false],
    [JSON.parse('{"__proto__":{}}'), {}, false],
    [{ a: [{ b: "1" }] }, { a: [{ b: 1 }] }, false],
  ])("compares %j and %j", (a, b, same) => {
    assert.strictEqual(sameJson(a, b), same)
    assert.strictEqual(sameJson(b, a), same)
    assert.strictEqual(canonicalJson(a) === canonicalJson(b), same)
  })
})
