/** HubSpot and Odoo side by side, with sandboxes for both, and an administrator who makes fields of the company's own. */
import { makeCatalogue } from "@concordat/all-in-one/providers"
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { appendTo } from "@concordat/engine/operations/append"
import type { Connector, Definition } from "@concordat/engine/ports/Provider"
import * as streams from "@concordat/model/streams"
import { connect } from "@concordat/providers/odoo/connector"
import { makeOdooSandbox } from "@concordat/providers/odoo/sandbox/sandbox"
import { inProcess } from "@concordat/providers/odoo/testing/in-process"
import { openPortal } from "@concordat/providers/hubspot/testing/portal"
import { EDITION } from "@concordat/rules/edition"
import { parseMapping } from "@concordat/rules/mapping/parse"
import type { EntityDoc } from "@concordat/rules/state/documents"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { entities, pass, settleDown, START, startReconciler, TENANT } from "./system.ts"

const open = (provider: "hubspot" | "odoo", definition: Definition, mapping: string) => {
  const create = provider === "odoo" ? ("always" as const) : ("never" as const)
  return appendTo(streams.connection(TENANT, provider), [
    {
      type: "ConnectionOpened",
      data: {
        _tag: "ConnectionOpened",
        connection: provider,
        provider,
        class: definition.class,
        isApp: false,
        settings: {},
        create: { contact: create, company: create, deal: create, activity: create },
        pollEveryMs: definition.pollEveryMs,
        mark: "abcd1234",
        armed: true,
        edition: EDITION,
      },
    },
    {
      type: "MappingChanged",
      data: {
        _tag: "MappingChanged",
        connection: provider,
        document: Result.getOrThrow(parseMapping(mapping, `${provider}/mapping.yaml`)),
      },
    },
  ])
}

const start = Effect.fnUntraced(function* (name: string, definition: Definition, connector: Connector) {
  const scope = yield* Scope.make()
  const compilers = makeCompilers()
  const worker = yield* makeConnection({ tenant: TENANT, connection: name, definition, connector, compilers }).pipe(
    Effect.provideService(Scope.Scope, scope),
  )
  const fiber = yield* Effect.forkChild(worker.run, { startImmediately: true })
  return { worker, stop: Effect.andThen(Fiber.interrupt(fiber), Scope.close(scope, Exit.void)) }
})

/** A portal that knows Ada, and an Odoo that knows nobody. `seed` adds to the portal before the first sync. */
export const side = Effect.fnUntraced(function* (
  version: 17 | 19,
  fields: Readonly<Record<string, ReadonlyArray<readonly [name: string, type: string]>>>,
  seed: (portal: Effect.Success<ReturnType<typeof openPortal>>["sandbox"], ada: string) => void = () => {},
) {
  yield* TestClock.setTime(START)
  const { providers } = makeCatalogue()
  const [hubspot, odoo] = [providers["hubspot"]!, providers["odoo"]!]
  const { connector: portalConnector, sandbox: portal } = yield* openPortal({
    indexLagMs: [0, 0],
    webhooks: { target: null },
  })
  const { contacts } = portal.seed({
    records: {
      contacts: [
        {
          properties: {
            email: "ada@engines.example",
            firstname: "Ada",
            lastname: "Lovelace",
            lifecyclestage: "customer",
            hs_analytics_source: "REFERRALS",
          },
        },
      ],
    },
  })
  const ada = contacts![0]!
  seed(portal, ada)
  const sandbox = makeOdooSandbox({ version, now: () => START, random: () => 0.5 })
  const { backdoor } = sandbox
  /** As in Settings, Technical, Fields. */
  const addField = Effect.fnUntraced(function* (model: string, name: string, ttype: string) {
    const [row] = backdoor.list("ir.model", [["model", "=", model]])
    const vals = { name, model_id: row!["id"]!, field_description: name, ttype }
    const params = {
      service: "object",
      method: "execute_kw",
      args: [`crm${version}`, 2, "admin", "ir.model.fields", "create", [vals]],
    }
    const body = JSON.stringify({ jsonrpc: "2.0", method: "call", id: 1, params })
    const headers = { "content-type": "application/json" }
    const answer = yield* Effect.promise(() => sandbox.handle({ method: "POST", url: "/jsonrpc", headers, body }))
    assert.include(answer.body, '"result"')
  })
  for (const [model, all] of Object.entries(fields)) for (const [name, type] of all) yield* addField(model, name, type)
  const connector = yield* connect(
    {
      tenant: TENANT,
      connection: "odoo",
      settings: { url: "http://odoo.example", database: `crm${version}`, login: "admin", protocol: "jsonrpc" },
      credentials: { apiKey: Redacted.make("admin") },
      opaqueId: (id) => id,
    },
    inProcess(sandbox),
  )
  yield* startReconciler
  yield* open("hubspot", hubspot.definition, hubspot.mapping)
  yield* open("odoo", odoo.definition, odoo.mapping)
  const { worker } = yield* start("hubspot", hubspot.definition, portalConnector)
  let there = yield* start("odoo", odoo.definition, connector)
  /** Past the next poll of both, and until there is nothing left to do. */
  const quiet = Effect.gen(function* () {
    yield* pass(hubspot.definition.pollEveryMs + 5_000, 1_000)
    yield* settleDown([worker, there.worker])
  })
  yield* quiet
  /** What Odoo says of itself is asked for by the hour, and when a worker starts. */
  const restart = Effect.gen(function* () {
    yield* there.stop
    there = yield* start("odoo", odoo.definition, connector)
    yield* quiet
  })
  /** Of Ada or of what is to be done with her, as against whom Odoo knows besides. */
  const value = (type: "contact" | "activity", field: string) =>
    Effect.map(entities, (all) => {
      const isHers = ({ groups }: EntityDoc) =>
        type === "activity" || groups["email"]?.value["email"] === "ada@engines.example"
      return all.find((one) => one.type === type && isHers(one))?.groups[field]?.value[field] ?? null
    })
  return {
    ada,
    addField,
    quiet,
    restart,
    value,
    /** A person's edit in the portal, and in Odoo some minutes after whatever was before. */
    edit: {
      portal: (object: string, id: string, properties: Readonly<Record<string, string>>) => {
        portal.advance(1_000)
        portal.put({ object, id, properties })
      },
      odoo: Effect.fnUntraced(function* (
        model: string,
        id: number,
        vals: Readonly<Record<string, string | number | boolean>>,
      ) {
        backdoor.advance(10 * 60_000)
        yield* pass(odoo.definition.pollEveryMs + 5_000, 1_000)
        yield* Effect.promise(() => backdoor.put({ model, id, vals }))
      }),
    },
    inPortal: (object: string, id: string) => portal.get(object, id)!.properties,
    inOdoo: (model: string, domain: ReadonlyArray<ReadonlyArray<string | number | boolean>>) =>
      backdoor.list(model, domain),
    writes: () => backdoor.writes().total,
  }
})
