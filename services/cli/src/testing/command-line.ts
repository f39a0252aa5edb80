/** The command line against a running operator's API, as tests use it. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { layerOperatorHandlers, Running, type WorkerStatus } from "@concordat/all-in-one/operator-handlers"
import { layerOperatorInput } from "@concordat/all-in-one/operator-input"
import { layerOperatorToken } from "@concordat/all-in-one/operator-token"
import { OperatorApi } from "@concordat/api/operator/contract"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import type { State } from "@concordat/engine/ports/State"
import { emptyMetadata } from "@concordat/model/metadata"
import * as streams from "@concordat/model/streams"
import { EDITION } from "@concordat/rules/edition"
import type { ConflictDoc, ConnectionDoc, EntityDoc, IssueDoc, TenantDoc } from "@concordat/rules/state/documents"
import { encodeDocument } from "@concordat/rules/state/stored"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
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
import { commandOf } from "../command.ts"
import { layerPresenter } from "../presenter.ts"
import { type CommandName, SAYS } from "../says.ts"

/** What the command printed, and the failure that it ended with. */
export const concordat = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {},
) {
  const command = yield* Effect.promise(() => commandOf(Object.keys(SAYS) as ReadonlyArray<CommandName>))
  const before = (yield* TestConsole.logLines).length
  const errorsBefore = (yield* TestConsole.errorLines).length
  const failure = yield* Command.runWith(command, { version: "0" })(args).pipe(
    Effect.as(null),
    Effect.catch((error: unknown) => Effect.succeed(error)),
    Effect.provide([NodeServices.layer, layerPresenter, ConfigProvider.layer(ConfigProvider.fromUnknown(environment))]),
  )
  const lines = (yield* TestConsole.logLines).slice(before)
  const message = failure instanceof Error ? failure.message : null
  const errors = (yield* TestConsole.errorLines).slice(errorsBefore).join("\n")
  return {
    errors: stripVTControlCharacters(errors),
    output: stripVTControlCharacters(lines.join("\n")),
    failure,
    message,
  }
})

const TOKEN = "operators-token"
/** A worker that a 429 keeps waiting, one of whose objects can't be polled. Its clock stands at 0. */
const throttled: WorkerStatus = {
  idle: false,
  restarts: 2,
  stopped: "journal unavailable: disk",
  worker: {
    fault: { what: "partners.search: RateLimited", at: 0 },
    stoppedBy: null,
    waitsUntil: 60_000,
    budget: {
      waiting: 3,
      running: 1,
      buckets: [{ name: "default", capacity: 100, tokens: 0, day: 4_000, closedUntil: null }],
    },
    rereads: [],
    polls: [
      { object: "res.partner", at: -30_000, fault: null },
      { object: "crm.lead", at: -240_000, fault: "RequestRefused" },
    ],
    hints: 12,
    writes: { open: 2, retrying: 1, nextAt: 5_000 },
    counters: { calls: 1_234, retries: 7, rateLimits: 5, writes: 900 },
    calls: null,
  },
}
const nowhere: WorkerStatus = { idle: null, worker: null, restarts: 0, stopped: null }
const running = Layer.succeed(
  Running,
  Running.of({
    tenants: ["acme"],
    backfill: () => Effect.succeed(false),
    worker: (_, connection) => Effect.succeed(connection === "odoo" ? throttled : nowhere),
  }),
)
const server = HttpRouter.serve(
  HttpApiBuilder.layer(OperatorApi).pipe(
    Layer.provide(layerOperatorHandlers),
    Layer.provide([layerOperatorToken(Redacted.make(TOKEN)), layerOperatorInput]),
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
  create: { contact: "afterPlan" as const },
  pollEveryMs: 1000,
  mark: "abcdefgh",
  armed: false,
  edition: EDITION,
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
  merges: [{ from: "e9", at: 1, brought: { groups: {}, links: [], doc: {} }, kept: { groups: {}, links: [] } }],
  notSame: [],
  questions: [],
}
const issue = (kind: IssueDoc["kind"]): IssueDoc => ({ kind, code: "validation", message: "too long", at: 0 })
const gone: EntityDoc = {
  ...entity,
  id: "e3",
  links: { odoo: { ...entity.links["odoo"]!, primary: null, tombstone: { record: from.record, reason: "deleted" } } },
}
const tenant: TenantDoc = { connections: ["odoo", "zoho"], policy: null }
const conflict: ConflictDoc = { rule: "manual", ours: null, theirs: from, at: 0 }
const documents = [
  ["tenant", "", tenant],
  ["connection", "odoo", connection],
  ["connection", "zoho", { ...connection, opened: { ...opened, connection: "zoho" } }],
  [
    "binding",
    "odoo",
    { metadata: { ...emptyMetadata, fields: { "res.partner": { email: { type: "char" } } } }, mapping: null },
  ],
  ["count", "odoo|links", 1234],
  ["entity", "contact:e1", entity],
  ["entity", "contact:e2", { ...entity, id: "e2", merges: [], links: {} }],
  ["entity", "contact:e3", gone],
  ["conflict", "odoo|contact:e1|title", conflict],
  ["issue", "odoo|contact:e1|email", issue("refused")],
  ["issue", "odoo|contact:e1|phone", issue("quarantined")],
  ["question", "odoo|res.partner:12", { type: "contact", candidates: ["e1"], reason: "contradicting name", at: 0 }],
  ["due", "odoo|contact:e2", { seq: 1, kind: "create", groups: [], since: 0 }],
] as const

/** What the command line is told of the running API. */
export const asking = Effect.gen(function* () {
  const { address } = yield* HttpServer.HttpServer
  const port = "port" in address ? address.port : assert.fail("no port")
  const environment: Readonly<Record<string, string>> = {
    CONCORDAT_URL: `http://127.0.0.1:${port}`,
    CONCORDAT_TOKEN: TOKEN,
    USER: "kim",
  }
  return { environment }
})

/** Against a running API with one connection, and of everything that waits there one. */
export const against = <A, E>(
  name: string,
  test: (
    run: (...args: ReadonlyArray<string>) => ReturnType<typeof concordat>,
  ) => Effect.Effect<A, E, Commit | HttpServer.HttpServer | Journal | State>,
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
      const { environment } = yield* asking
      return yield* test((...args) => concordat(args, environment))
    }).pipe(Effect.provide(Layer.fresh(server))),
  )

export const requests = Effect.gen(function* () {
  const journal = yield* Journal
  const events = yield* journal.read(streams.request("acme"), { from: 0, direction: "forward", limit: 100 })
  return events.map(({ data }): unknown => JSON.parse(data))
})
