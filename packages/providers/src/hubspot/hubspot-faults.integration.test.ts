/** The sandbox in its own process, with limits, lost answers and webhooks: for HubSpot's official client and for the connector. */
import { Signature } from "@hubspot/api-client"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "vitest"
import { makeBudget } from "@concordat/engine/budget/Budget"
import { makeProviderHttp } from "@concordat/engine/http/ProviderHttp"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { connect } from "./connector.ts"
import { definition } from "./definition.ts"
import { creating } from "./testing/portal.ts"
import { DEFAULT_SECRET } from "./sandbox/sandbox.ts"
import { verify } from "./webhook.ts"
import { useSandbox } from "./testing/process.ts"

const sandbox = useSandbox()
const { backdoor } = sandbox

describe("the official client, where things go wrong", () => {
  it("[HS15] gives the official client 429 without Retry-After", async () => {
    await backdoor("settings", { limits: { enforced: true } })
    const search = () =>
      sandbox.client.crm.contacts.searchApi.doSearch({
        filterGroups: [],
        limit: 1,
        properties: [],
        after: "0",
        sorts: [],
      })
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, search))
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [outcome.reason as { code: number; headers: Record<string, string> }] : [],
    )
    assert.isAtLeast(refused.length, 1)
    for (const { code, headers } of refused) {
      assert.strictEqual(code, 429)
      assert.notProperty(headers, "retry-after")
    }
  })

  it("[HS11] breaks the connection after the write took effect, and keeps the write in its log", async () => {
    const before = (await backdoor<ReadonlyArray<unknown>>("log")).length
    await backdoor("failNext", { status: 0, afterEffect: true })
    const lost = await sandbox.client.crm.deals.basicApi
      .create({ properties: { dealname: "Lost answer" }, associations: [] })
      .then(
        () => null,
        (error: unknown) => error,
      )
    assert.instanceOf(lost, Error)
    const log = (await backdoor("log", before)) as ReadonlyArray<{
      object: string
      kind: string
      properties: Record<string, string>
    }>
    assert.deepStrictEqual(
      log.map(({ object, kind, properties }) => [object, kind, properties["dealname"]]),
      [["deals", "create", "Lost answer"]],
    )
  })

  it("[HS31] delivers webhooks that verify over the bytes they came in", async () => {
    const bodies: Array<{ headers: Record<string, string>; body: Buffer }> = []
    const target = createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .on("end", () => {
          bodies.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks) })
          response.writeHead(204).end()
        })
    }).listen(0, "127.0.0.1")
    await once(target, "listening")
    const hook = `http://127.0.0.1:${(target.address() as AddressInfo).port}/hooks?c=1`
    await backdoor("settings", { webhooks: { target: hook, dropRate: 0, delayMs: [0, 0] } })
    await backdoor("put", { object: "contacts", properties: { email: "hooked@example.com", firstname: "Zoë" } })
    while (bodies.length === 0) await new Promise((resolve) => setTimeout(resolve, 30))
    target.close()
    const [delivery] = bodies
    const at = Number(delivery?.headers["x-hubspot-request-timestamp"])
    assert.isTrue(verify(Redacted.make(DEFAULT_SECRET), { method: "POST", url: hook, ...delivery! }, at))
    // The official client takes it too, and not with another body.
    const isValid = (requestBody: string) =>
      Signature.isValid({
        signatureVersion: "v3",
        signature: delivery!.headers["x-hubspot-signature-v3"]!,
        method: "POST",
        clientSecret: DEFAULT_SECRET,
        requestBody,
        url: hook,
        timestamp: at,
      })
    assert.isTrue(isValid(delivery!.body.toString()))
    assert.isFalse(isValid(`${delivery!.body} `))
  })
})

describe("the connector on the sandbox, through the engine's HTTP", () => {
  it("makes its property, creates once though the answer is lost, lists and finds what changed", () =>
    Effect.gen(function* () {
      const budget = yield* makeBudget(definition.limits)
      const http = yield* makeProviderHttp({ definition, budget, allowPrivateAddresses: true })
      const connector = yield* connect(
        {
          tenant: "acme",
          connection: "hubspot",
          settings: { baseUrl: sandbox.url },
          credentials: { token: Redacted.make("pat-na1-sandbox") },
          opaqueId: (id) => id,
        },
        http,
      )
      assert.isUndefined(connector.webhook)
      yield* connector.prepare!
      const options = { fields: ["name", "@contacts"], limit: 100 }
      const from = yield* connector.changesFrom!("companies")
      const row = creating("o-1", { name: "Through HTTP" }, "company")
      yield* Effect.promise(() => backdoor("failNext", { status: 0, afterEffect: true, match: "batch/create" }))
      const lost = yield* connector.write!("companies", [row]).pipe(Effect.flip)
      assert.deepInclude(lost.reason, { _tag: "Unavailable", effect: "unknown" })
      const [answer] = yield* connector.write!("companies", [row])
      assert.ok(answer?.outcome._tag === "Written" && answer.outcome.adopted === true)
      const { id } = answer.outcome
      const page = yield* connector.changes!("companies", from, options)
      assert.deepInclude(page.hints, { object: "companies", id, kind: "changed", about: "fields" })
      assert.isFalse(page.more)
      const list = yield* connector.backfill!("companies", null, options)
      assert.deepInclude(
        list.records.find((record) => record.id === id),
        { ownId: "o-1", values: { name: "Through HTTP", "@contacts": [] } },
      )
      const error = yield* connector.read!("companies", [id], options).pipe(
        Effect.andThen(Effect.promise(() => backdoor("settings", { tokens: [] }))),
        Effect.andThen(connector.read!("companies", [id], options)),
        Effect.flip,
      )
      assert.strictEqual(error.reason._tag, "AuthLost")
    }).pipe(Effect.scoped, Effect.runPromise))
})
