import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { OperatorClient } from "@concordat/api/operator/Client"
import { OperatorApi } from "@concordat/api/operator/contract"
import { appendTo } from "@concordat/engine/operations/append"
import { Commit } from "@concordat/engine/ports/Commit"
import type { Journal } from "@concordat/engine/ports/Journal"
import type { State } from "@concordat/engine/ports/State"
import { VERSION } from "@concordat/engine/version"
import * as streams from "@concordat/model/streams"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import { layerOperatorHandlers, Running } from "./operator-handlers.ts"
import { layerOperatorInput } from "./operator-input.ts"
import { layerOperatorToken } from "./operator-token.ts"

const TOKEN = Redacted.make("operators-token")

const running = Layer.succeed(
  Running,
  Running.of({
    tenants: ["acme"],
    backfill: (tenant, connection) => Effect.succeed(`${tenant} ${connection}` === "acme hubspot"),
    worker: () => Effect.succeed({ idle: null, worker: null, restarts: 0, stopped: null }),
  }),
)

const store = sqlite({ path: ":memory:", inPlace: true })
const server = HttpRouter.serve(
  HttpApiBuilder.layer(OperatorApi).pipe(
    Layer.provide(layerOperatorHandlers),
    Layer.provide([layerOperatorToken(TOKEN), layerOperatorInput]),
  ),
  { disableLogger: true, disableListenLog: true },
).pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, gracefulShutdownTimeout: "50 millis" })),
  Layer.provideMerge(running),
  Layer.provideMerge(store),
)

/** Asks over a real socket, as the CLI does. */
const asked = <A, E>(
  name: string,
  question: (client: OperatorClient["Service"]["operator"]) => Effect.Effect<A, E, Commit | Journal | State>,
  token = TOKEN,
) =>
  it.live(name, () =>
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const port = "port" in address ? address.port : assert.fail("no port")
      const client = OperatorClient.layer({ baseUrl: `http://127.0.0.1:${port}`, token })
      return yield* Effect.flatMap(OperatorClient, ({ operator }) => question(operator)).pipe(
        Effect.provide(client.pipe(Layer.provide(FetchHttpClient.layer))),
      )
    }).pipe(Effect.provide(Layer.fresh(server))),
  )

describe("operator's API", () => {
  asked("knows a configured tenant before anything is known of it", (client) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* client.tenants(), ["acme"])
      const status = yield* client.status({ params: { tenant: "acme" } })
      assert.deepStrictEqual(status, { tenant: "acme", version: VERSION, behind: 0, behindMs: 0, connections: [] })
    }),
  )

  asked(
    "answers nobody without the token",
    (client) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(client.status({ params: { tenant: "acme" } }))
        assert.strictEqual(error._tag, "Unauthorized")
      }),
    Redacted.make("guessed"),
  )

  asked("says what is not there", (client) =>
    Effect.gen(function* () {
      const tenant = yield* Effect.flip(client.status({ params: { tenant: "nobody" } }))
      assert.strictEqual(tenant.message, "there is no tenant nobody; there is: acme")
      const connection = yield* Effect.flip(client.plan({ params: { tenant: "acme", connection: "odoo" } }))
      assert.strictEqual(connection.message, "there is no connection odoo")
      // An empty list would say that nothing waits there.
      const query = { connection: "odoo" }
      const at = (tenant: string) => ({ params: { tenant }, query })
      const lists = (tenant: string) => [
        Effect.asVoid(client.conflicts(at(tenant))),
        Effect.asVoid(client.matches(at(tenant))),
        Effect.asVoid(client.issues(at(tenant))),
        Effect.asVoid(client.waiting(at(tenant))),
      ]
      for (const list of lists("nobody"))
        assert.strictEqual((yield* Effect.flip(list)).message, "there is no tenant nobody; there is: acme")
      for (const list of lists("acme"))
        assert.strictEqual((yield* Effect.flip(list)).message, "there is no connection odoo")
      const payload = { _tag: "PauseRequested" as const, connection: "odoo", by: "kim" }
      const request = yield* Effect.flip(client.request({ params: { tenant: "acme" }, payload }))
      assert.strictEqual(request.message, "there is no connection odoo")
    }),
  )

  asked("takes a name that could not be one for no question at all", (client) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(client.status({ params: { tenant: "../acme" } }))
      assert.notStrictEqual(error._tag, "NotFound")
    }),
  )

  asked("names the argument of a list or a log that is no place in it", (client) =>
    Effect.gen(function* () {
      const params = { tenant: "acme" }
      const tail = yield* Effect.flip(client.tail({ params, query: { after: "zzz" } }))
      assert.strictEqual(tail._tag, "Invalid")
      assert.match(tail.message, /^after zzz is no position of this journal: give start, end, or a position/)
      const waiting = yield* Effect.flip(client.waiting({ params, query: { after: "zzz" } }))
      assert.match(waiting.message, /^after zzz is no place in this list/)
    }),
  )

  it.live("says what is wrong with a request, field by field", () =>
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const base = `http://127.0.0.1:${"port" in address ? address.port : ""}/operator/tenants/acme`
      const asks = (path: string, body?: unknown) =>
        Effect.promise(async () => {
          const answer = await fetch(`${base}${path}`, {
            method: body === undefined ? "GET" : "POST",
            headers: { authorization: `Bearer ${Redacted.value(TOKEN)}`, "content-type": "application/json" },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          })
          return [answer.status, ((await answer.json()) as { problems: unknown }).problems] as const
        })
      const arm = { _tag: "ArmRequested", connection: "odoo", by: "kim" }
      for (const value of [0, -1, 0.5, 1_000_001]) {
        assert.deepStrictEqual(yield* asks("/requests", { ...arm, writesPerHour: value }), [
          400,
          [
            {
              field: "writesPerHour",
              value: String(value),
              message: "has to be a whole number from 1 to 1000000, or null for no cap",
            },
          ],
        ])
      }
      const long = { _tag: "PauseRequested", connection: "odoo", by: "k".repeat(501) }
      assert.match(JSON.stringify(yield* asks("/requests", long)), /"field":"by".*"has to be 1 to 500 characters"/)
      const [status, problems] = yield* asks("/requests", { _tag: "Nope" })
      assert.strictEqual(status, 400)
      assert.match(JSON.stringify(problems), /"_tag","value":"Nope","message":"has to be one of: ArmRequested, Match/)
      assert.deepStrictEqual(yield* asks("/issues?limit=2000"), [
        400,
        [{ field: "limit", value: "2000", message: "has to be 1 to 1000" }],
      ])
    }).pipe(Effect.provide(Layer.fresh(server))),
  )

  asked("reads a connection again where its worker is, and says where there is none", (client) =>
    Effect.gen(function* () {
      const commit = yield* Commit
      const value = JSON.stringify({ opened: {} })
      const documents = [{ tenant: "acme", kind: "connection", key: "odoo", value }]
      yield* commit.commit({ appends: [], documents, commands: [], checkpoint: null })
      yield* client.backfill({ params: { tenant: "acme", connection: "hubspot" } })
      const stopped = yield* Effect.flip(client.backfill({ params: { tenant: "acme", connection: "odoo" } }))
      assert.strictEqual(stopped._tag, "NotRunning")
      const missing = yield* Effect.flip(client.backfill({ params: { tenant: "acme", connection: "zoho" } }))
      assert.strictEqual(missing._tag, "NotFound")
    }),
  )

  asked("streams what happens, history first and then live", (client) =>
    Effect.gen(function* () {
      const said = (connection: string) => [
        { type: "PauseRequested", data: { _tag: "PauseRequested", connection, by: "kim" } },
      ]
      const stream = streams.request("acme")
      yield* appendTo(stream, said("first"))
      const told = yield* client.tail({ params: { tenant: "acme" }, query: { after: "start" } })
      yield* Effect.forkChild(Effect.andThen(Effect.sleep("100 millis"), appendTo(stream, said("second"))))
      const events = yield* told.pipe(
        Stream.filter((item) => item._tag === "Event"),
        Stream.map((item) => item.event.connection),
        Stream.take(2),
        Stream.runCollect,
      )
      assert.deepStrictEqual(events, ["first", "second"])
    }),
  )
})
