import { isStorable, restOfKey } from "@concordat/rules/state/typed-keys"
import { assert, describe, it } from "vitest"
import { KEY_CHARACTERS, keyFault } from "./keys.ts"

describe("the key of a document", () => {
  const typed = ["ada", "a".repeat(KEY_CHARACTERS - 2), "a".repeat(KEY_CHARACTERS - 1), "a\0", "\ud800", "😀", ""]
  it("is taken by the stores where the rules think so, and whatever was typed there is one that is", () => {
    for (const text of typed) {
      assert.strictEqual(isStorable(`k:${text}`), keyFault(`k:${text}`) === null)
      assert.isNull(keyFault(`k:${restOfKey("k:", text)}`))
    }
  })
})
