/** What a decision has written is what it reads next, however much that is. */
import { assert, describe, it } from "@effect/vitest"
import { type Loaded, Transaction } from "./transaction.ts"

const stored: Loaded = { get: () => null, range: (_, prefix) => [`${prefix}stored`] }
const cause = { tenant: "acme", event: "e", correlation: "e", at: 0 }

describe("a transaction", () => {
  for (const count of [3, 16, 17, 200])
    it(`finds each of ${count} documents that it wrote, as it was written last, and says each once`, () => {
      const tx = new Transaction(stored, cause)
      for (let n = 0; n < count; n++) tx.put(n % 2 === 0 ? "even" : "odd", `key${n}`, { n })
      for (let n = 0; n < count; n++)
        tx.put(n % 2 === 0 ? "even" : "odd", `key${n}`, n === 1 ? null : { n, again: true })
      for (let n = 0; n < count; n++) {
        assert.deepStrictEqual(tx.get(n % 2 === 0 ? "even" : "odd", `key${n}`), n === 1 ? null : { n, again: true })
        assert.isNull(tx.get(n % 2 === 0 ? "odd" : "even", `key${n}`))
      }
      const { documents } = tx.decision()
      assert.strictEqual(documents.length, count)
      assert.strictEqual(new Set(documents.map(({ kind, key }) => `${kind} ${key}`)).size, count)
      const even = Array.from({ length: Math.ceil(count / 2) }, (_, n) => `key${2 * n}`)
      assert.deepStrictEqual(tx.range("even", "key"), [...even, "keystored"].toSorted())
      assert.notInclude(tx.range("odd", "key"), "key1")
    })
})
