/** A connector on an in-process portal with a clock that the test moves, and chance from a seed. */
import type { Connector, WriteAnswer, WriteOutcome, WriteRow } from "@concordat/engine/ports/Provider"
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import type { HttpCall } from "@concordat/engine/ports/ProviderHttp"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { connect } from "../connector.ts"
import { DEFAULT_SECRET, makeHubspotSandbox, type HubspotSandbox } from "../sandbox/sandbox.ts"
import type { SettingsPatch } from "../sandbox/shapes.ts"
import { transportTo } from "../sandbox/transport.ts"

/** 2026-10-01T08:00:00Z. */
export const START = 1_790_841_600_000

/** As much of HubSpot's bodies as the tests look at. */
export interface Answer {
  readonly id: string
  readonly message: string
  readonly category?: string
  readonly policyName?: string
  readonly correlationId: string
  readonly total: number
  readonly properties: Readonly<Record<string, string | null>>
  readonly results: ReadonlyArray<{
    readonly id: string
    readonly properties: Readonly<Record<string, string | null>>
    readonly to?: ReadonlyArray<{ readonly toObjectId: unknown }>
  }>
  readonly errors?: ReadonlyArray<{
    readonly category: string
    readonly subCategory?: string
    readonly context: Readonly<Record<string, ReadonlyArray<string>>>
  }>
  readonly paging?: { readonly next: { readonly after: string } }
}

export interface TestPortal {
  readonly sandbox: HubspotSandbox
  readonly connector: Required<
    Pick<
      Connector,
      "backfill" | "changes" | "changesFrom" | "read" | "write" | "lookup" | "census" | "prepare" | "webhook"
    >
  > &
    Connector
  readonly calls: ReadonlyArray<HttpCall>
  /** A raw request past the connector: status, and the body as JSON. */
  readonly raw: (
    method: string,
    url: string,
    body?: unknown,
  ) => { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly json: Answer }
}

/** Park-Miller: enough to spread lags and drops. */
const seeded = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

export const openPortal = (settings: SettingsPatch = {}): Effect.Effect<TestPortal, ProviderError> =>
  Effect.gen(function* () {
    const sandbox = makeHubspotSandbox({
      now: () => START,
      random: seeded(7),
      settings: { limits: { enforced: false }, ...settings },
    })
    const http = transportTo(sandbox)
    const connector = yield* connect(
      {
        tenant: "acme",
        connection: "hubspot",
        settings: {},
        credentials: { token: Redacted.make("pat-na1-sandbox"), clientSecret: Redacted.make(DEFAULT_SECRET) },
        opaqueId: (id) => id,
      },
      http,
    )
    const raw: TestPortal["raw"] = (method, url, body) => {
      const answer = sandbox.handle({
        method,
        url,
        headers: { authorization: "Bearer pat-na1-sandbox" },
        body: body === undefined ? "" : JSON.stringify(body),
      })
      return {
        status: answer.status,
        headers: answer.headers,
        // Errors of the network come as HTML.
        json: JSON.parse(answer.body.startsWith("{") ? answer.body : "{}") as Answer,
      }
    }
    return { sandbox, connector: connector as TestPortal["connector"], calls: http.calls, raw }
  })

export const creating = (ownId: string, values: WriteRow["values"], type = "contact"): WriteRow => ({
  key: `key-${ownId}`,
  kind: "create",
  ownId,
  type,
  values,
  before: {},
})

export const updating = (
  id: string,
  ownId: string,
  values: WriteRow["values"],
  before: WriteRow["before"] = {},
): WriteRow => ({
  key: `key-${ownId}-${id}`,
  kind: "update",
  id,
  ownId,
  type: "contact",
  values,
  before,
})

/** A portal with our property on every object. */
export const prepared = (settings: Parameters<typeof openPortal>[0] = {}) =>
  Effect.gen(function* () {
    const portal = yield* openPortal(settings)
    yield* portal.connector.prepare
    return portal
  })

export const outcome = (answers: ReadonlyArray<WriteAnswer>, ownId: string): WriteOutcome => {
  const found = answers.find((answer) => answer.key.startsWith(`key-${ownId}`))
  assert.ok(found !== undefined, `no answer for ${ownId}`)
  return found.outcome
}

export const seedTwo = ({ sandbox }: TestPortal): readonly [string, string] => {
  const { contacts } = sandbox.seed({
    records: { contacts: [{ properties: { email: "a@example.com" } }, { properties: { email: "b@example.com" } }] },
  })
  return contacts as unknown as [string, string]
}
