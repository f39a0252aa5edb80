/** Addresses of PostgreSQL: what each part may be, and that no part of the credentials is in an error. */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
import { parseAddress } from "./address.ts"

const parse = (text: string) => parseAddress(Redacted.make(text))
const parsed = (text: string) => Result.getOrThrow(parse(text))

describe("address of PostgreSQL", () => {
  it("has host, port, database, user and password, each decoded", () => {
    const { password, ...rest } = parsed("postgres://us%40er:p%2Fw%25@127.0.0.1:5433/my%20db")
    assert.deepStrictEqual(rest, { host: "127.0.0.1", port: 5433, database: "my db", username: "us@er", ssl: false })
    assert.strictEqual(Redacted.value(password), "p/w%")
    assert.strictEqual(parsed("postgresql://u@db/x").port, 5432)
    assert.strictEqual(parsed("postgres://u@[::1]/x").host, "::1")
  })

  it("verifies the server unless told otherwise, but for this machine itself", () => {
    const ssl = (text: string) => parsed(text).ssl
    assert.strictEqual(ssl("postgres://u:p@localhost/x"), false)
    assert.deepStrictEqual(ssl("postgres://u:p@db/x"), { rejectUnauthorized: true })
    assert.deepStrictEqual(ssl("postgres://u:p@localhost/x?sslmode=verify-full"), { rejectUnauthorized: true })
    assert.deepStrictEqual(ssl("postgres://u:p@db/x?sslmode=require"), { rejectUnauthorized: false })
    assert.strictEqual(ssl("postgres://u:p@db/x?sslmode=disable"), false)
    const own = ssl(`postgres://u:p@db/x?sslmode=require&sslrootcert=${encodeURIComponent(import.meta.filename)}`)
    assert.isTrue(own !== false && own.rejectUnauthorized === true && typeof own.ca === "string")
  })

  it("says what is wrong and never who", () => {
    const cases: ReadonlyArray<readonly [string, string]> = [
      ["", "can't be read"],
      ["user7:geheim@host/x", "begins with neither"],
      ["mysql://user7:geheim@host/x", "begins with neither"],
      ["postgres://user7:geheim@host", "names no database"],
      ["postgres://host/x", "names no user"],
      ["postgres://user7:geheim%@host/x", "is to be written %25"],
      ["postgres://user7:geheim@host/x?sslmode=geheim", "none of disable, require, verify-full"],
      ["postgres://user7:geheim@host/x?password=geheim", "parameters other than sslmode, sslrootcert"],
      ["postgres://user7:geheim@host/x?sslrootcert=/nowhere", "names /nowhere"],
    ]
    for (const [text, words] of cases) {
      const result = parse(text)
      assert.isTrue(Result.isFailure(result), text)
      const error = Result.getOrThrow(Result.flip(result))
      assert.strictEqual(error.reason, "invalid")
      assert.include(error.message, words)
      assert.notMatch(error.message, /geheim|user7/)
    }
  })
})
