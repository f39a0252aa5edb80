/** Whatever people can ask for can be asked for on the command line, and what waits can be seen there. */
import { Request } from "@concordat/api/operator/requests"
import { WAITING_KINDS } from "@concordat/api/operator/views"
import { connectionEvents } from "@concordat/model/events/connection"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { against, requests } from "./testing/command-line.ts"

const ENTITY = { type: "contact", id: "e1" }

/** A line for each request, and what it becomes in the journal. */
const LINES: ReadonlyArray<readonly [line: string, request: object]> = [
  ["arm odoo --yes", { _tag: "ArmRequested", connection: "odoo", writesPerHour: null }],
  ["pause odoo", { _tag: "PauseRequested", connection: "odoo" }],
  ["resume odoo", { _tag: "ResumeRequested", connection: "odoo" }],
  [
    "resolve odoo contact:e1 title --keep entity",
    { _tag: "ResolveRequested", connection: "odoo", entity: ENTITY, group: "title", keep: "entity" },
  ],
  [
    "match odoo res.partner:12 contact:e1",
    { _tag: "MatchRequested", connection: "odoo", record: { object: "res.partner", id: "12" }, entity: ENTITY },
  ],
  [
    "match odoo res.partner:12 --new",
    { _tag: "MatchRequested", connection: "odoo", record: { object: "res.partner", id: "12" }, entity: null },
  ],
  ["merge contact:e2 contact:e1", { _tag: "MergeRequested", from: { type: "contact", id: "e2" }, into: ENTITY }],
  ["split contact:e1 e9", { _tag: "SplitRequested", entity: ENTITY, merged: "e9" }],
  ["split contact:e1 contact:e9", { _tag: "SplitRequested", entity: ENTITY, merged: "e9" }],
  ["replay odoo contact:e1", { _tag: "ReplayRequested", connection: "odoo", entity: ENTITY }],
  ["release odoo contact:e1 phone", { _tag: "ReleaseRequested", connection: "odoo", entity: ENTITY, group: "phone" }],
  [
    "create-again odoo contact:e3",
    { _tag: "ReleaseRequested", connection: "odoo", entity: { type: "contact", id: "e3" }, group: null },
  ],
]

describe("requests on the command line", () => {
  against("each of them reaches the journal", (run) =>
    Effect.gen(function* () {
      for (const [line] of LINES) {
        const { failure } = yield* run(...line.split(" "))
        assert.strictEqual(failure, null, line)
      }
      assert.deepStrictEqual(
        yield* requests,
        LINES.map(([, request]) => ({ ...request, by: "kim" })),
      )
      const known = Object.keys(connectionEvents).filter((name) => name.endsWith("Requested"))
      const asked = LINES.map(([, request]) => ("_tag" in request ? request._tag : ""))
      assert.deepStrictEqual([...new Set(asked)].toSorted(), known.toSorted())
      const taken = Request.members.map((member) => member.fields._tag.schema.literal)
      assert.deepStrictEqual(taken.toSorted(), known.toSorted())
    }),
  )

  against("a request that would do nothing is refused in words", (run) =>
    Effect.gen(function* () {
      const wrong: ReadonlyArray<readonly [string, string]> = [
        ["merge contact:e1 contact:e1", "contact:e1 and contact:e1 are one already"],
        ["merge contact:e1 company:c1", "a contact can't be merged into a company"],
        ["split contact:e1 e7", "there is no merge of e7 into e1; there is: e9"],
        ["release odoo contact:e1 email", "there is no quarantine of email of contact:e1 at odoo; there is: phone"],
        ["create-again odoo contact:e1", "there is no tombstone of contact:e1 at odoo"],
        ["match odoo res.partner:12 deal:d1", "there is no entity deal:d1"],
      ]
      for (const [line, message] of wrong) assert.strictEqual((yield* run(...line.split(" "))).message, message, line)
      assert.deepStrictEqual(yield* requests, [])
    }),
  )

  against("what waits is listed with its reason, page by page, and with what to do about it", (run) =>
    Effect.gen(function* () {
      const { output } = yield* run("waiting")
      assert.match(output, /match\s+odoo\s+res\.partner:12\s+contradicting name: may be contact:e1/)
      assert.match(output, /refused\s+odoo\s+contact:e1\s+email\s+validation: too long/)
      assert.match(output, /tombstone\s+odoo\s+contact:e3 res\.partner:12\s+deleted: not created there again/)
      assert.match(output, /due\s+odoo\s+contact:e2\s+create: its connection is not armed/)
      assert.include(output, "tombstone: concordat create-again <connection> <entity>")
      const first = yield* run("waiting", "--limit", "2")
      const more = /--after '([^']+)'/.exec(first.output)?.[1] ?? assert.fail(first.output)
      const rest = yield* run("waiting", "--after", more, "--json")
      assert.deepStrictEqual(
        (JSON.parse(rest.output) as { items: ReadonlyArray<{ kind: string }> }).items.map(({ kind }) => kind),
        ["refused", "quarantined", "tombstone", "due"],
      )
      for (const kind of WAITING_KINDS) assert.strictEqual((yield* run("waiting", "--kind", kind)).failure, null, kind)
    }),
  )

  against("issues are listed with what to do about those that there are", (run) =>
    Effect.gen(function* () {
      const { output } = yield* run("issues")
      assert.include(output, "try a refused one again: concordat replay <connection> <entity>")
      assert.include(output, "write a quarantined one again: concordat release <connection> <entity> <group>")
      assert.notInclude(output, "--kind reference")
      const refused = yield* run("issues", "--kind", "refused")
      assert.notInclude(refused.output, "concordat release")
    }),
  )

  against("every command is in docs/operations.md", (run) =>
    Effect.gen(function* () {
      const { output } = yield* run("--help")
      const commands = [...output.slice(output.indexOf("SUBCOMMANDS")).matchAll(/^ {2}([a-z-]+) {2,}/gm)]
      const documented = readFileSync(join(import.meta.dirname, "../../../docs/operations.md"), "utf8")
      assert.isAbove(commands.length, 20)
      for (const [, name] of commands) assert.include(documented, `\`${name}`, name)
    }),
  )
})
