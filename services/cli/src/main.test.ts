import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { layerOperatorHandlers, Running } from "@concordat/all-in-one/operator-handlers"
import { layerOperatorToken } from "@concordat/all-in-one/operator-token"
import { OperatorApi } from "@concordat/api/operator/contract"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import type { State } from "@concordat/engine/ports/State"
import * as streams from "@concordat/model/streams"
import type { ConflictDoc, ConnectionDoc, EntityDoc, TenantDoc } from "@concordat/rules/state/documents"
import { encodeDocument } from "@concordat/rules/state/stored"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Command from "effect/cli/Command"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Redacted from "effect/Redacted"
import * as TestConsole from "effect/testing/TestConsole"
import { createServer } from "node:http"
import { stripVTControlCharacters } from "node:util"
import { vi } from "vitest"
import { command } from "./main.ts"

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

/** What the command printed, and the failure that it ended with. */
const concordat = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {},
) {
  const before = (yield* TestConsole.logLines).length
  const failure = yield* Command.runWith(command, { version: "0" })(args).pipe(
    Effect.as(null),
    Effect.catch((error: unknown) => Effect.succeed(error)),
    Effect.provide([NodeServices.layer, ConfigProvider.layer(ConfigProvider.fromUnknown(environment))]),
  )
  const lines = (yield* TestConsole.logLines).slice(before)
  const message = failure instanceof Error ? failure.message : null
  return { output: stripVTControlCharacters(lines.join("\n")), failure, message }
})

const TOKEN = "operators-token"
const running = Layer.succeed(
  Running,
  Running.of({ tenants: ["acme"], backfill: () => null, idle: () => Effect.succeed(null) }),
)
const server = HttpRouter.serve(
  HttpApiBuilder.layer(OperatorApi).pipe(
    Layer.provide(layerOperatorHandlers),
    Layer.provide(layerOperatorToken(Redacted.make(TOKEN))),
  ),
  { disableLogger: true, disableListenLog: true },
).pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, gracefulShutdownTimeout: "50 millis" })),
  Layer.provideMerge(running),
  Layer.provideMerge(sqlite({ path: ":memory:", inPlace: true })),
)

const opened = {
  _tag: "ConnectionOpened" as const,
  connection: "odoo",
  provider: "odoo",
  class: "peer" as const,
  isApp: false,
  settings: {},
  create: {},
  pollEveryMs: 1000,
  mark: "abcdefgh",
  armed: false,
}
const connection: ConnectionDoc = {
  opened,
  armed: false,
  armedAt: null,
  writesPerHour: null,
  paused: [],
  closed: false,
  backfill: { state: "done", startedAt: 1, finishedAt: 2 },
  gone: [],
}
const from = {
  connection: "odoo",
  record: { object: "res.partner", id: "12" },
  event: "e",
  after: 0,
  until: 0,
  provider: false,
}
const entity: EntityDoc = {
  type: "contact",
  id: "e1",
  revision: 0,
  groups: { title: { value: { title: "CEO" }, revision: 0, provenance: from } },
  links: {
    odoo: {
      primary: from.record,
      duplicates: [],
      tombstone: null,
      groups: { title: { signature: "s", shadow: { function: "Boss" }, parked: { rule: "manual", theirs: from } } },
      intents: [],
      due: { seq: 0, hash: null },
    },
  },
  keys: [],
  archived: null,
  mergedInto: null,
  merges: [],
  notSame: [],
  questions: [],
}
const tenant: TenantDoc = { connections: ["odoo"], policy: null }
const conflict: ConflictDoc = { rule: "manual", ours: null, theirs: from, at: 0 }
const documents = [
  ["tenant", "", tenant],
  ["connection", "odoo", connection],
  ["count", "odoo|links", 1234],
  ["entity", "contact:e1", entity],
  ["conflict", "odoo|contact:e1|title", conflict],
  ["due", "odoo|contact:e2", { seq: 1, kind: "create", groups: [], since: 0 }],
] as const

/** Against a running API with one connection, one due create and one conflict. */
const against = <A, E>(
  name: string,
  test: (
    run: (...args: ReadonlyArray<string>) => ReturnType<typeof concordat>,
  ) => Effect.Effect<A, E, Commit | Journal | State>,
) =>
  it.effect(name, () =>
    Effect.gen(function* () {
      const commit = yield* Commit
      yield* commit.commit({
        appends: [],
        documents: documents.map(([kind, key, value]) => ({
          tenant: "acme",
          kind,
          key,
          value: encodeDocument(kind, value),
        })),
        commands: [],
        checkpoint: null,
      })
      const { address } = yield* HttpServer.HttpServer
      const port = "port" in address ? address.port : assert.fail("no port")
      const environment = { CONCORDAT_URL: `http://127.0.0.1:${port}`, CONCORDAT_TOKEN: TOKEN, USER: "kim" }
      return yield* test((...args) => concordat(args, environment))
    }).pipe(Effect.provide(Layer.fresh(server))),
  )

const requests = Effect.gen(function* () {
  const journal = yield* Journal
  const events = yield* journal.read(streams.request("acme"), { from: 0, direction: "forward", limit: 10 })
  return events.map(({ data }): unknown => JSON.parse(data))
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

  against("shows how connections are doing", (run) =>
    Effect.gen(function* () {
      const { output } = yield* run("status")
      assert.match(output, /^acme\n/)
      assert.match(output, /odoo odoo\s+observes only\s+1,234\s+1\s+0\s+1\s/)
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
      assert.strictEqual((yield* run("plan", "zoho")).message, "there is no connection zoho")
      assert.strictEqual((yield* run("status", "--tenant", "nobody")).message, "there is no tenant nobody")
      assert.match((yield* run("explain", "contact", "e2")).message ?? "", /there is no entity contact:e2/)
      assert.match((yield* run("backfill", "odoo")).message ?? "", /no worker runs for odoo/)
    }),
  )
})
