/** What is answered without loading anything says the same as what is loaded. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { asksForHelp, helpText } from "./help.ts"
import { VERSION } from "./root.ts"
import { asked } from "./run.ts"
import { FLAGS, SAYS } from "./says.ts"
import { concordat } from "./testing/command-line.ts"

const MAIN = join(import.meta.dirname, "main.ts")
const squeezed = (text: string): string => text.replaceAll(/\s+/g, " ")

describe("help", () => {
  it.effect("lists every command and flag as the commands themselves do", () =>
    Effect.gen(function* () {
      const { output } = yield* concordat(["--help"])
      const [theirs, ours] = [squeezed(output), squeezed(helpText())]
      for (const [name, says] of Object.entries(SAYS)) {
        assert.include(theirs, `${name} ${says}`)
        assert.include(ours, `${name} ${says}`)
      }
      for (const [name, { says, value }] of Object.entries(FLAGS)) {
        const flag = squeezed(`--${name} ${value} ${says}`)
        assert.include(theirs, flag)
        assert.include(ours, flag)
      }
    }),
  )

  it.effect("of a command says what each argument and flag is", () =>
    Effect.gen(function* () {
      for (const name of Object.keys(SAYS).flatMap((one) => (one === "mapping" ? ["mapping check"] : [one]))) {
        const { output } = yield* concordat([...name.split(" "), "--help"])
        assert.include(output, "USAGE")
        const bare = /^ {2}(--)?[a-z-]+(, -\w)?( (string|choice|integer))?\s*(\([^)]*\))?\s*$/
        assert.deepStrictEqual(
          output.split("\n").filter((line) => bare.test(line)),
          [],
          name,
        )
      }
    }),
  )

  it("is what no command at all, and help alone, are answered with", () => {
    assert.deepStrictEqual([[], ["--help"], ["-h"], ["help"], ["status", "--help"], ["--json"]].map(asksForHelp), [
      true,
      true,
      true,
      true,
      false,
      false,
    ])
    const { status, stdout } = spawnSync(process.execPath, [MAIN], { encoding: "utf8" })
    assert.deepStrictEqual([status, stdout], [0, `${helpText()}\n`])
  })

  it("names the version that the packages have", () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8"))
    assert.strictEqual(VERSION, version)
  })

  it("needs no module of effect", () => {
    const { stderr } = spawnSync(process.execPath, [MAIN, "--help"], {
      encoding: "utf8",
      env: { ...process.env, NODE_DEBUG: "esm" },
    })
    assert.include(stderr, "help.ts")
    assert.notInclude(stderr, "node_modules/effect")
  })

  it("loads the commands that the words may mean, and all where they mean none", () => {
    assert.deepStrictEqual(asked(["--tenant", "demo", "status"]), ["demo", "status"])
    assert.deepStrictEqual(asked(["plan", "odoo"]), ["plan"])
    assert.strictEqual(asked(["nonsense"]).length, Object.keys(SAYS).length)
  })

  it("tells of a word that is no command, and of a command whose name is a flag's value", () => {
    const wrong = spawnSync(process.execPath, [MAIN, "statsu"], { encoding: "utf8" })
    assert.strictEqual(wrong.status, 1)
    assert.include(wrong.stderr, 'Unknown subcommand "statsu"')
    const nobody = ["--url", "http://127.0.0.1:9", "--tenant", "demo", "status"]
    const asking = spawnSync(process.execPath, [MAIN, ...nobody], { encoding: "utf8" })
    assert.include(asking.stderr, "nothing answers at http://127.0.0.1:9")
  })
})
