import type { Definition } from "@concordat/engine/ports/Provider"
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Config } from "./Config.ts"
import type { ConfigInvalid } from "./problems.ts"
import { readConfig } from "./read.ts"
import type { Readers } from "./readers.ts"

const definition: Definition = {
  provider: "odoo",
  class: "peer",
  objects: {
    "res.partner": {
      backfill: true,
      changes: "delta",
      read: true,
      write: [],
      census: true,
      rereadEveryMs: 3_600_000,
      batch: { list: 1, read: 1, write: 1 },
    },
  },
  limits: { buckets: {}, concurrency: 1, timeoutMs: 1000 },
  pollEveryMs: 15_000,
  secondLookMs: 0,
  indexLagMs: 0,
  creates: "ownId",
  preconditions: false,
  settings: {
    url: { required: true, description: "Address of the server" },
    language: { required: false, description: "Language", values: ["en", "de"] },
    waitSeconds: { required: false, description: "How long" },
  },
  credentials: { apiKey: { required: true, description: "API key of the user" } },
}

const lineOf = (text: string, word: string): number => text.slice(0, text.indexOf(word)).split("\n").length

const readers: Readers = {
  providers: {
    odoo: { definition, mapping: "" },
    app: {
      definition: { ...definition, provider: "app", isApp: true, objects: {}, settings: {}, credentials: {} },
      mapping: "",
    },
  },
  mapping: (_, override) =>
    override?.text === "broken"
      ? {
          document: null,
          problems: [{ file: override.name, line: 7, field: "objects", value: "", message: "is missing" }],
        }
      : { document: { override: override?.text ?? null }, problems: [] },
  rules: ({ name, text }) =>
    text.includes("nonsense")
      ? {
          document: null,
          problems: [
            { file: name, line: lineOf(text, "nonsense"), field: "contact", value: "", message: "is no rule" },
          ],
        }
      : { document: { text }, problems: [] },
  store: (path) => (path.startsWith("nowhere/") ? "is to be in a folder that does not exist" : null),
  file: (path) =>
    ({ "rules.yaml": "deletions: {}\nauthority: [odoo]\n", "odoo.yaml": "good", "broken.yaml": "broken" })[path] ??
    null,
}

const read = (text: string, environment: Record<string, string> = { TOKEN: "t", ODOO_KEY: "s3cret-key" }) =>
  readConfig({ name: "concordat.yaml", text }, environment, readers)

const good = (text: string, environment?: Record<string, string>): Config => Result.getOrThrow(read(text, environment))

const faults = (text: string, environment?: Record<string, string>): ConfigInvalid => {
  const result = read(text, environment)
  if (Result.isSuccess(result)) return assert.fail("the configuration was taken")
  return result.failure
}

const whole = `store: data/store.db
http:
  port: 4500
  token: \${TOKEN}
  publicUrl: https://sync.example.com/
tenants:
  - name: acme
    region: DE
    connections:
      - name: product
        provider: app
      - name: odoo
        provider: odoo
        settings:
          url: https://\${ODOO_HOST}
        credentials:
          apiKey: \${ODOO_KEY}
        create:
          contact: linkOnly
        mapping: odoo.yaml
        pollEvery: 2m
        rereadEvery: 6h
        allowPrivateAddresses: true
`

describe("configuration", () => {
  it("is read whole, with variables put in and defaults filled", () => {
    const config = good(whole, { TOKEN: "t", ODOO_KEY: "s3cret-key", ODOO_HOST: "erp.example.com" })
    assert.strictEqual(config.store, "data/store.db")
    assert.strictEqual(config.http.host, "127.0.0.1")
    assert.strictEqual(config.http.port, 4500)
    assert.strictEqual(config.http.publicUrl, "https://sync.example.com")
    assert.strictEqual(Redacted.value(config.http.token), "t")
    const [app, odoo] = config.tenants[0]!.connections
    assert.deepStrictEqual(app!.create, { contact: "always", company: "always", deal: "always", activity: "always" })
    assert.deepStrictEqual(odoo!.settings, { url: "https://erp.example.com" })
    assert.strictEqual(Redacted.value(odoo!.credentials["apiKey"]!), "s3cret-key")
    assert.deepStrictEqual(odoo!.create, {
      contact: "linkOnly",
      company: "afterPlan",
      deal: "afterPlan",
      activity: "afterPlan",
    })
    assert.strictEqual(odoo!.pollEveryMs, 120_000)
    assert.strictEqual(odoo!.rereadEveryMs, 6 * 3_600_000)
    assert.notProperty(app!, "rereadEveryMs")
    const never = good(whole.replace("rereadEvery: 6h", "rereadEvery: never"), {
      TOKEN: "t",
      ODOO_KEY: "s3cret-key",
      ODOO_HOST: "erp.example.com",
    })
    assert.isNull(never.tenants[0]!.connections[1]!.rereadEveryMs)
    assert.deepStrictEqual(odoo!.mapping, { override: "good" })
  })

  it("names every fault at once, with line, field, value and what is allowed", () => {
    const text = `store: a.db
http:
  port: 70000
  token: \${TOKEN}
tenants:
  - name: Acme
    conections: []
    connections:
      - name: one
        provider: hubspott
      - name: one
        provider: odoo
        settings:
          langage: de
        credentials:
          apiKey: s3cret-key
        create:
          contact: sometimes
        pollEvery: soon
        rereadEvery: daily
      - name: two
        provider: odoo
        settings:
          url: http://x
        credentials:
          apiKey: \${NOT_SET}
        mapping: broken.yaml
`
    const { problems } = faults(text)
    const said = problems.map(
      ({ file, line, field, value, message }) => `${file}:${line} ${field} [${value}] ${message}`,
    )
    assert.deepStrictEqual(said, [
      "broken.yaml:7 objects [] is missing",
      "concordat.yaml:3 http.port [70000] has to be a value between 0 and 65535",
      "concordat.yaml:6 tenants[0].name [Acme] has to be a name of a-z, 0-9 and _, at most 63 characters, that begins with no _",
      "concordat.yaml:7 tenants[0].conections [not shown] is not known here; allowed: name, region, rules, connections",
      "concordat.yaml:10 tenants[0].connections[0].provider [hubspott] is no provider; allowed: app, odoo",
      "concordat.yaml:11 tenants[0].connections[1].name [one] is the name of another connection above",
      "concordat.yaml:13 tenants[0].connections[1].settings.url [] is missing: Address of the server",
      "concordat.yaml:14 tenants[0].connections[1].settings.langage [not shown] is not known here; allowed: url, language, waitSeconds",
      "concordat.yaml:16 tenants[0].connections[1].credentials.apiKey [not shown] is a credential and has to be the name of a variable: ${NAME}",
      'concordat.yaml:18 tenants[0].connections[1].create.contact [sometimes] has to be "never" | "linkOnly" | "afterPlan" | "always"',
      'concordat.yaml:19 tenants[0].connections[1].pollEvery [soon] has to be a duration such as "30s" or "5m"',
      'concordat.yaml:20 tenants[0].connections[1].rereadEvery [daily] has to be a duration such as "30m" or "6h", or "never"',
      "concordat.yaml:26 tenants[0].connections[2].credentials.apiKey [not shown] names the variable NOT_SET, which is not set",
    ])
  })

  it("looks at what a connection means against what its provider declares", () => {
    const { problems } = faults(`http:
  token: \${TOKEN}
tenants:
  - name: acme
    connections:
      - name: odoo
        provider: odoo
        settings:
          langage: de
        mapping: nowhere.yaml
      - name: odoo
        provider: app
        rereadEvery: 1h
`)
    const said = problems.map(({ line, field, message }) => `${line} ${field} ${message}`)
    assert.deepStrictEqual(said, [
      "6 tenants[0].connections[0].credentials.apiKey is missing: API key of the user",
      "8 tenants[0].connections[0].settings.url is missing: Address of the server",
      "9 tenants[0].connections[0].settings.langage is not known here; allowed: url, language, waitSeconds",
      "10 tenants[0].connections[0].mapping is no file that can be read, looked for beside the configuration",
      "11 tenants[0].connections[1].name is the name of another connection above",
      "13 tenants[0].connections[1].rereadEvery means nothing here: all changes of app are found without; leave it out",
    ])
  })

  it("never shows a credential that stands in the file itself", () => {
    const error = faults(`http:\n  token: s3cret-token\ntenants: []\n`)
    assert.include(error.message, "concordat.yaml:2")
    assert.include(error.message, "has to be the name of a variable: ${NAME}")
    assert.notInclude(error.message, "s3cret-token")
    assert.notInclude(JSON.stringify(error.problems), "s3cret-token")
  })

  it("gives faults of rules that stand in the file itself this file's lines", () => {
    const { problems } = faults(`http:
  token: \${TOKEN}
tenants:
  - name: acme
    rules:
      contact: nonsense
    connections: []
`)
    assert.deepStrictEqual(
      problems.map(({ line, field }) => [line, field]),
      [[6, "contact"]],
    )
  })

  it("gives faults of rules that stand within braces their own lines too", () => {
    const { problems } = faults(`http:
  token: \${TOKEN}
tenants:
  - name: acme
    rules: { authority: [odoo],

      contact: nonsense }
    connections: []
`)
    const lines: Array<string> = []
    readConfig(
      {
        name: "concordat.yaml",
        text: `http: { token: "\${TOKEN}" }\ntenants:\n  - name: acme\n    rules: { a: 1,\n      b: 2 }\n    connections: []\n`,
      },
      { TOKEN: "t" },
      { ...readers, rules: ({ text }) => (lines.push(...text.split("\n")), { document: {}, problems: [] }) },
    )
    assert.deepStrictEqual(lines, ["", "", "", "           { a: 1,", "      b: 2 }"])
    assert.isAbove(problems.length, 0)
  })

  it("shows a list where a map has to be, and no list that may hold a credential", () => {
    const text = `http: { token: "\${TOKEN}" }
tenants:
  - name: acme
    rules: [crm]
    connections:
      - name: odoo
        provider: odoo
        credentials: [hunter2]
`
    const said = faults(text).message
    assert.include(
      said,
      'concordat.yaml:4  tenants[0].rules (["crm"]) has to be the name of a file, or a map of rules, authority, deletions, quarantine',
    )
    assert.notInclude(said, "hunter2")
  })

  it("takes rules only of connections that there are, whichever file they stand in", () => {
    const { problems } = faults(`http:
  token: \${TOKEN}
tenants:
  - name: acme
    rules:
      authority: [odoo, hubspot]
      rules:
        contact:
          title: { strict: erp }
    connections:
      - name: odoo
        provider: app
  - name: other
    rules: rules.yaml
    connections: []
`)
    assert.deepStrictEqual(
      problems.map(({ field, file, line, message }) => `${file}:${line} ${field} ${message}`),
      [
        "concordat.yaml:6 tenants[0].rules.authority[1] names hubspot, which is no connection of this tenant; there are: odoo",
        "concordat.yaml:9 tenants[0].rules.rules.contact.title names erp, which is no connection of this tenant; there are: odoo",
        "rules.yaml:2 authority[0] names odoo, which is no connection of this tenant; there are none",
      ],
    )
  })

  it("looks at the form of addresses, numbers, times, keys and the store's place", () => {
    const { problems } = faults(
      `store: nowhere/a.db
key: \${KEY}
http:
  token: \${TOKEN}
tenants:
  - name: acme
    connections:
      - name: odoo
        provider: odoo
        settings:
          url: erp.example.com
          waitSeconds: five
          language: fr
        credentials:
          apiKey: \${ODOO_KEY}
`,
      { KEY: "short", TOKEN: "t", ODOO_KEY: "k" },
    )
    assert.deepStrictEqual(
      problems.map(({ field, line, message, value }) => `${line} ${field} [${value}] ${message}`),
      [
        "1 store [nowhere/a.db] is to be in a folder that does not exist",
        "2 key [not shown] names a variable of less than 16 characters: openssl rand -hex 32 makes a key",
        "11 tenants[0].connections[0].settings.url [erp.example.com] has to be an address: https://…",
        "12 tenants[0].connections[0].settings.waitSeconds [five] has to be a whole number of seconds",
        "13 tenants[0].connections[0].settings.language [fr] has to be one of: en, de",
      ],
    )
    const never = faults(`http:\n  token: \${TOKEN}\ntenants:
  - name: acme
    connections: [{ name: a, provider: app, pollEvery: 0s }]
`)
    assert.include(never.message, 'pollEvery (0s) has to be a duration such as "30s"')
  })

  it("shows no credential, wherever in the file it was put", () => {
    const misplaced = faults(`http:
  token: \${TOKEN}
tenants:
  - name: acme
    connections:
      - name: odoo
        provider: odoo
        apiKey: s3cret-key
        password: s3cret-key
        settings: { url: https://x.example, apiKey: s3cret-key, clientSecret: s3cret-key }
`)
    assert.notInclude(misplaced.message, "s3cret-key")
    assert.include(misplaced.message, "settings.apiKey (not shown) is not known here")
    const misspelt = (member: string, setting: string) =>
      faults(`http: { token: "\${TOKEN}"${member} }
tenants:
  - name: acme
    connections:
      - { name: odoo, provider: odoo, settings: { url: https://x.example${setting} } }
`).message
    const strange = [
      ["http.tokn", misspelt(", tokn: s3cret", "")],
      ["settings.apikye", misspelt("", ", apikye: s3cret")],
      ["settings.constructor", misspelt("", ", constructor: s3cret")],
    ] as const
    for (const [name, message] of strange) {
      assert.notInclude(message, "s3cret")
      assert.include(message, `${name} (not shown) is not known here`)
    }
    for (const broken of [
      'credentials: { token: ${T} }\n  - x: "s3cret-key"\n',
      "a: *s3cret-key\n",
      "a: [s3cret-key\nb: }\n",
    ])
      assert.notInclude(faults(broken).message, "s3cret-key")
  })

  it("says one thing of what is no YAML, and how a variable is written within braces", () => {
    const { problems } = faults("http: { token: ${TOKEN} }\ntenants:\n  - a\n  - b: [\n")
    assert.deepStrictEqual(
      problems.map(({ line }) => line),
      [1],
    )
    assert.include(problems[0]!.message, 'Within { } a variable has to stand in quotes: "${NAME}"')
    assert.match(faults("").message, /^the configuration has 1 fault:\n.*has to be a map of store, key, http, tenants$/)
  })

  it("says where the file is no YAML, and that a key stands there twice", () => {
    const [first] = faults(`http:\n  token: \${TOKEN}\n  token: \${TOKEN}\ntenants: []\n`).problems
    assert.strictEqual(first?.line, 3)
    assert.match(first?.message ?? "", /is no valid YAML: Map keys must be unique/)
  })

  it("misses what has to be there", () => {
    const said = faults("store: a.db\n").problems.map(({ line, field, message }) => `${line} ${field} ${message}`)
    assert.deepStrictEqual(said, ["1 http is missing", "1 tenants is missing"])
  })
})
