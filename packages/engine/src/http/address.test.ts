/** Which addresses a user-given URL may lead to. */
import { assert, describe, it } from "@effect/vitest"
import { isPublicAddress, literalAddress } from "./address.ts"

const PRIVATE = [
  "127.0.0.1",
  "127.255.255.254",
  "0.0.0.0",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::1",
  "::",
  "fe80::1",
  "fe80::1%eth0",
  "fc00::1",
  "fd12:3456::1",
  "ff02::1",
  "::ffff:10.0.0.1",
  "::ffff:7f00:1",
  "64:ff9b::a00:1",
  "2002:a00:1::1",
  "not an address",
]
const PUBLIC = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"]

describe("addresses", () => {
  it("refuses private, loopback, link-local, shared, translated and multicast ones", () => {
    assert.deepStrictEqual(PRIVATE.filter(isPublicAddress), [])
  })
  it("lets public ones through", () => {
    assert.deepStrictEqual(PUBLIC.filter(isPublicAddress), PUBLIC)
  })
  it("sees through the ways to write an address in a URL", () => {
    const forms = [
      "http://2130706433/",
      "http://0x7f.1/",
      "http://0177.0.0.1/",
      "http://127.1/",
      "http://[::ffff:7f00:1]/",
    ]
    for (const form of forms) {
      const address = literalAddress(new URL(form))
      assert.isNotNull(address, form)
      assert.isFalse(isPublicAddress(address!), form)
    }
    assert.isNull(literalAddress(new URL("http://localhost/")))
  })
})
