import { assert, describe, it } from "vitest"
import { retryAfterMs } from "./retry-after.ts"

describe("Retry-After", () => {
  it("is read where it is a wait in seconds", () => {
    assert.strictEqual(retryAfterMs("7"), 7_000)
    assert.strictEqual(retryAfterMs(" 0 "), 0)
    assert.strictEqual(retryAfterMs("1.5"), 1_500)
    assert.strictEqual(retryAfterMs("86400"), 86_400_000)
  })

  it("is nothing to go by where a connection would stand for as good as ever, or at once ask again", () => {
    for (const header of [
      "1e99",
      "86401",
      "999999999",
      "-5",
      "",
      "soon",
      "0x10",
      "Infinity",
      "Wed, 21 Oct 2026 07:28:00 GMT",
    ])
      assert.isNull(retryAfterMs(header), header)
    assert.isNull(retryAfterMs(undefined))
  })
})
