/** Faults of a configuration that would otherwise show at the first call, in a worker's log, or never. */
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { makeCatalogue } from "../providers.ts"
import { readMapping, readRules } from "./documents.ts"
import { readConfig } from "./read.ts"

const { providers } = makeCatalogue()
const environment = { TOKEN: "operators-token", KEY: "s3cret-key", SHORT: "s3cret-hook", BREAK: "s3cret-key\n" }

interface Parts {
  readonly http?: string
  readonly tenant?: string
  readonly provider?: string
  readonly settings?: string
  readonly credentials?: string
  readonly connection?: string
}

const fileOf = (parts: Parts): string => `http: { ${parts.http ?? 'token: "${TOKEN}"'} }
tenants:
  - name: acme
    ${parts.tenant ?? "region: DE"}
    connections:
      - name: odoo
        provider: ${parts.provider ?? "odoo"}
        settings: { ${parts.settings ?? "url: https://acme.example.com"}, database: acme, login: kim }
        credentials: { ${parts.credentials ?? 'apiKey: "${KEY}"'} }
        ${parts.connection ?? ""}
`

/** Each fault as `field (value) message`, or none. */
const said = (text: string): ReadonlyArray<string> => {
  const readers = { providers, mapping: readMapping, rules: readRules, store: () => null, file: () => null }
  const read = readConfig({ name: "concordat.yaml", text }, environment, readers)
  if (Result.isSuccess(read)) return []
  assert.notInclude(read.failure.message, "s3cret")
  return read.failure.problems.map(({ field, message, value }) => `${field.split(".").at(-1)} (${value}) ${message}`)
}

describe("the configuration, before anything is called,", () => {
  it("takes what is sound", () => {
    assert.deepStrictEqual(said(fileOf({})), [])
    const local = { settings: "url: http://localhost:8069", connection: "allowPrivateAddresses: true" }
    assert.deepStrictEqual(said(fileOf(local)), [])
  })

  it("refuses private addresses where they are not allowed", () => {
    for (const host of ["127.0.0.1", "10.0.0.3:8069", "[::1]", "2130706433", "localhost", "odoo.localhost"]) {
      const [fault, ...others] = said(fileOf({ settings: `url: "http://${host}"` }))
      assert.include(fault, `url (http://${host}) is a private address: where that is meant, set allowPrivateAddresses`)
      assert.lengthOf(others, 0)
    }
  })

  it("refuses addresses with a credential in them, and shows none", () => {
    for (const url of [
      "https://kim:s3cret@acme.example.com",
      "https://acme.example.com/?key=s3cret",
      "ftp://k:s3cret@x",
    ])
      assert.match(said(fileOf({ settings: `url: "${url}"` })).join(), /^url \(not shown\) has /)
    const publicUrl = said(fileOf({ http: 'token: "${TOKEN}", publicUrl: "https://x.example.com/?a=s3cret"' }))
    assert.deepStrictEqual(publicUrl, ["publicUrl (not shown) has to end before its ? or #"])
  })

  it("refuses credentials that would never be taken", () => {
    assert.deepStrictEqual(said(fileOf({ credentials: 'apiKey: "${BREAK}"' })), [
      "apiKey (not shown) names the variable BREAK, whose value has white space at an end or a line break in it",
    ])
    assert.deepStrictEqual(said(fileOf({ credentials: 'apiKey: "${KEY}", webhookSecret: "${SHORT}"' })), [
      "webhookSecret (not shown) names a variable whose value has to be of 16 characters or more",
    ])
  })

  it("refuses settings and codes that the provider would stumble over, or nobody", () => {
    const url = "url: https://acme.example.com"
    assert.deepStrictEqual(
      said(fileOf({ settings: `${url}, keepDoneActivities: false, protocol: xmlrpc, companies: a` })),
      [
        "keepDoneActivities (false) has to be one of: yes, no",
        "protocol (xmlrpc) has to be one of: auto, jsonrpc, json2",
        'companies (a) has to be ids separated by commas, in quotes: "1, 3"',
      ],
    )
    assert.deepStrictEqual(said(fileOf({ settings: `${url}, companies: 1` })), [])
    assert.deepStrictEqual(said(fileOf({ tenant: "region: UK" })), ["region (UK) is written GB"])
    assert.deepStrictEqual(said(fileOf({ connection: "currency: EUO" })), [
      "currency (EUO) is no currency of ISO 4217, such as EUR",
    ])
  })

  it("says one thing of one mistake, in words of the file", () => {
    assert.deepStrictEqual(said(fileOf({ credentials: "apiKey: 12345678" })), [
      "apiKey (not shown) has to be text: in quotes where it looks like a number, true, false or null",
    ])
    assert.deepStrictEqual(said(fileOf({ http: 'token: "${TOKEN}", port: "4400"' })), [
      "port (4400) has to be a number, without quotes",
    ])
    assert.deepStrictEqual(said(fileOf({ connection: "pollEvery: 60" })), [
      'pollEvery (60) has to be a duration such as "30s" or "5m"',
    ])
    assert.deepStrictEqual(said(`${fileOf({})}---\na: b\n`), [
      " () begins a second document, by a line of ---: only one is read",
    ])
  })

  it("never falls over what it is given", () => {
    assert.deepStrictEqual(said(fileOf({ provider: "constructor" })), [
      "provider (constructor) is no provider; allowed: app, hubspot, odoo",
    ])
    const tenfold = (name: string) => `[${Array.from({ length: 10 }, () => name).join(", ")}]`
    const bomb = `a: &a ${tenfold("x")}\nb: &b ${tenfold("*a")}\nc: &c ${tenfold("*b")}\ntenants: ${tenfold("*c")}\n`
    assert.match(said(bomb).join(), /so often that it can't be laid out/)
  })
})
