/** `mapping check`: whose mapping it is has to be clear, and every fault is said in one go. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { against } from "./testing/command-line.ts"

const folder = mkdtempSync(join(tmpdir(), "concordat-mapping-"))
afterAll(() => rmSync(folder, { recursive: true }))

/** `x_title` is no field of the connection; `colour` is none of ours. */
const file = join(folder, "odoo.yaml")
writeFileSync(file, "objects:\n  res.partner.person:\n    fields:\n      title: x_title\n      colour: color\n")

describe("mapping check", () => {
  against("says what is wrong with the file and what does not fit the connection together, line by line", (run) =>
    Effect.gen(function* () {
      const { failure, output } = yield* run("mapping", "check", file, "--connection", "odoo")
      assert.propertyVal(failure, "code", 1)
      const lines = output.split("\n").filter((line) => line.includes(file))
      assert.match(lines.join("\n"), /odoo\.yaml:4 [^\n]*x_title/)
      assert.match(lines.join("\n"), /odoo\.yaml:5 [^\n]*colour/)
      assert.strictEqual(new Set(lines).size, lines.length)
    }),
  )

  against("takes the provider from the connection, and no other one beside it", (run) =>
    Effect.gen(function* () {
      const both = yield* run("mapping", "check", file, "--provider", "hubspot", "--connection", "odoo")
      assert.strictEqual(both.message, "--provider hubspot: the connection odoo is of odoo; leave --provider out")
      const neither = yield* run("mapping", "check", file)
      assert.match(neither.message ?? "", /^give --connection, .* or --provider/)
      const nowhere = yield* run("mapping", "check", file, "--connection", "sheets")
      assert.strictEqual(nowhere.message, "there is no connection sheets; there are: odoo, zoho")
      const nobody = yield* run("mapping", "check", file, "--provider", "sap")
      assert.match(nobody.message ?? "", /^--provider sap is no provider; there are: app, hubspot, odoo/)
      const gone = yield* run("mapping", "check", join(folder, "none.yaml"), "--provider", "odoo")
      assert.match(gone.message ?? "", /none\.yaml can't be read: ENOENT$/)
    }),
  )

  against("an object that the provider does not have is a fault, not a mapping of its own", (run) =>
    Effect.gen(function* () {
      const misspelt = join(folder, "misspelt.yaml")
      writeFileSync(misspelt, "objects:\n  res.partnr.person: { type: contact, fields: { email: email } }\n")
      const { failure, output } = yield* run("mapping", "check", misspelt, "--provider", "odoo")
      assert.propertyVal(failure, "code", 1)
      assert.match(output, /misspelt\.yaml:2 res\.partnr\.person .*is no object of odoo/)
      const nobody = yield* run("mapping", "check", misspelt, "--provider", "constructor")
      assert.match(nobody.message ?? "", /^--provider constructor is no provider/)
    }),
  )
})
