import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { vi } from "vitest"
import { against, asking, concordat, requests } from "./testing/command-line.ts"

const demos = vi.hoisted((): Array<unknown> => [])
vi.mock("./demo/run.ts", async () => {
  const { sync } = await import("effect/Effect")
  return {
    runDemo: (options: { readonly seed: number }) =>
      sync(() => {
        demos.push(options)
        return options.seed === 13 ? 3 : 0
      }),
  }
})

describe("command line", () => {
  it.effect("takes the flags of the demo, before and after its name", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* concordat(["demo", "--once", "--json"])).failure, null)
      assert.strictEqual(
        (yield* concordat(["--json", "demo", "--seed", "7", "--port", "0", "--dir", "/d"])).failure,
        null,
      )
      assert.deepStrictEqual(demos, [
        { once: true, json: true, seed: 1 },
        { once: false, json: true, seed: 7, port: 0, dir: "/d" },
      ])
    }),
  )

  it.effect("ends with the code that the demo ended with", () =>
    Effect.gen(function* () {
      const { failure } = yield* concordat(["demo", "--seed", "13"])
      assert.propertyVal(failure, "code", 3)
    }),
  )

  it.effect("says that nothing runs at the address", () =>
    Effect.gen(function* () {
      const { message } = yield* concordat(["status", "--url", "http://127.0.0.1:9"])
      assert.match(message ?? "", /^nothing answers at http:\/\/127\.0\.0\.1:9\. Is "concordat up" running there\?/)
    }),
  )

  it.effect("asks for nothing that it can see to be wrong", () =>
    Effect.gen(function* () {
      const both = yield* concordat(["match", "odoo", "res.partner:1", "contact:e1", "--new"])
      assert.strictEqual(both.message, "either an entity is given, or --new")
      const type = yield* concordat(["resolve", "odoo", "person:1", "title", "--keep", "entity"])
      assert.strictEqual(type.message, "person is no type of entity; there are: contact, company, deal, activity")
      const keep = yield* concordat(["resolve", "odoo", "contact:e1", "title", "--keep", "mine"])
      assert.propertyVal(keep.failure, "_tag", "ShowHelp")
    }),
  )

  it.effect("says what is wrong with a line first, and how it is written after it, in a few lines", () =>
    Effect.gen(function* () {
      const { errors, output } = yield* concordat(["pause"])
      assert.strictEqual(output, "")
      assert.deepStrictEqual(errors.split("\n"), [
        "Missing required argument: connection",
        "usage: concordat pause [flags] <connection>",
        "more:  concordat pause --help",
      ])
      const name = yield* concordat(["plan", "My CRM"])
      assert.match(name.errors, /"My CRM" is no name of a connection: those are of a-z, 0-9 and _/)
      const word = yield* concordat(["statsu"])
      assert.match(word.errors, /^Unknown subcommand "statsu" for "concordat"[^\n]*\n(.*\n)*commands: arm, backfill, /)
    }),
  )

  against("tells a missing token from a wrong one", (run) =>
    Effect.gen(function* () {
      const { environment } = yield* asking
      const none = yield* concordat(["status"], { ...environment, CONCORDAT_TOKEN: "" })
      assert.match(none.message ?? "", /^CONCORDAT_TOKEN is not set: export the operator's token/)
      const wrong = yield* concordat(["status"], { ...environment, CONCORDAT_TOKEN: "guessed" })
      assert.match(wrong.message ?? "", /does not take this token: CONCORDAT_TOKEN has to be the operator's/)
      assert.strictEqual((yield* run("status")).failure, null)
    }),
  )

  against("shows how connections are doing", (run) =>
    Effect.gen(function* () {
      const { output } = yield* run("status")
      assert.match(output, /^acme\n/)
      assert.match(output, /odoo odoo\s+observes only\s+1,234\s+1\s+1\s+1\s+1\s+1\s/)
      assert.match(
        output,
        /odoo\s+working\s+4 min ago\s+12\s+0\s+1\s+1,234\s+7\s+5\s+900\s+1\s+3\s+0\/100, 4,000 today/,
      )
      for (const trouble of [
        "odoo: its worker has stopped 2 times in a row: journal unavailable: disk",
        "odoo: partners.search: RateLimited (0 s ago)",
        "odoo: no call goes out before 1970-01-01 00:01:00",
        "odoo: crm.lead can't be polled: RequestRefused",
        "zoho: nothing works on it: it is not in the running configuration",
      ])
        assert.include(output, trouble)
      const json = yield* run("status", "--json")
      assert.propertyVal(JSON.parse(json.output), "tenant", "acme")
    }),
  )

  against("shows a plan, and arms only when told to", (run) =>
    Effect.gen(function* () {
      assert.match((yield* run("plan", "odoo")).output, /to create\s+1\s+contact 1/)
      const asked = yield* run("arm", "odoo")
      assert.match(asked.message ?? "", /nobody is there to confirm the plan/)
      assert.deepStrictEqual(yield* requests, [])
      assert.include(
        (yield* run("arm", "odoo", "--yes", "--writes-per-hour", "0")).message,
        "--writes-per-hour 0: give 1",
      )
      for (const list of ["conflicts", "matches", "waiting", "issues"])
        for (const limit of ["0", "1001"])
          assert.include((yield* run(list, "--limit", limit)).message, `--limit ${limit}: give a number from 1 to 1000`)
      assert.strictEqual((yield* run("arm", "odoo", "--yes", "--writes-per-hour", "50")).failure, null)
      assert.deepStrictEqual(yield* requests, [
        { _tag: "ArmRequested", by: "kim", connection: "odoo", writesPerHour: 50 },
      ])
    }),
  )

  against("lists a conflict with both values, and settles it", (run) =>
    Effect.gen(function* () {
      const { output } = yield* run("conflicts")
      assert.match(output, /odoo\s+contact:e1\s+title\s+"CEO"\s+"Boss"\s+manual/)
      const settled = yield* run("resolve", "odoo", "contact:e1", "title", "--keep", "connection")
      assert.strictEqual(settled.output, "contact:e1 title: the connection's value will stay")
      const entity = { type: "contact", id: "e1" }
      assert.deepStrictEqual(yield* requests, [
        { _tag: "ResolveRequested", by: "kim", connection: "odoo", entity, group: "title", keep: "connection" },
      ])
    }),
  )

  against("says in words what the API says in codes", (run) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run("plan", "sheets")).message, "there is no connection sheets; there are: odoo, zoho")
      assert.strictEqual(
        (yield* run("status", "--tenant", "nobody")).message,
        "there is no tenant nobody; there is: acme",
      )
      for (const list of ["conflicts", "matches", "waiting", "issues"])
        assert.match(
          (yield* run(list, "sheets")).message ?? "",
          /^there is no connection sheets; there are: odoo, zoho/,
        )
      for (const list of ["conflicts", "matches", "issues"])
        assert.strictEqual((yield* run(list, "--after", "zz")).output, "nothing comes after zz", list)
      assert.match((yield* run("status", "--tenant", "A B")).message ?? "", /^--tenant "A B" is no name of a tenant/)
      assert.match(
        (yield* run("tail", "--after", "zzz")).message ?? "",
        /^after zzz is no position of this journal: give/,
      )
      assert.match(
        (yield* run("arm", "odoo", "--yes", "--writes-per-hour", "1000001")).message ?? "",
        /^--writes-per-hour 1000001: give 1 to 1000000/,
      )
      assert.match((yield* run("explain", "contact", "e4")).message ?? "", /there is no entity contact:e4/)
      assert.match((yield* run("backfill", "odoo")).message ?? "", /no worker runs for odoo/)
    }),
  )
})
