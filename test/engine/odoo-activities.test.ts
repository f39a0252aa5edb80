/** Activities of Odoo through the engine: an owner that 17 makes up, and an outcome that is only taken with the done. */
import { makeCatalogue } from "@concordat/all-in-one/providers"
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { appendTo } from "@concordat/engine/operations/append"
import * as streams from "@concordat/model/streams"
import { connect } from "@concordat/providers/odoo/connector"
import { definition } from "@concordat/providers/odoo/definition"
import { makeOdooSandbox } from "@concordat/providers/odoo/sandbox/sandbox"
import { inProcess } from "@concordat/providers/odoo/testing/in-process"
import { EDITION } from "@concordat/rules/edition"
import { parseMapping } from "@concordat/rules/mapping/parse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { entities, openConnection, settleDown, START, startReconciler, startWorker, store, TENANT } from "./system.ts"

const TASKS = `
objects:
  people:
    object: person
    type: contact
    when: { kind: human }
    lookup: [email]
    fields: { email: mail, firstName: first, lastName: last }
  tasks:
    object: person
    type: activity
    when: { kind: task }
    fields:
      kind: sort
      subject: subject
      done: ticked
      outcome: said
      owner: whose
      contacts: { from: "@person", to: person }
`

const { mapping } = makeCatalogue().providers["odoo"]!

const opened = appendTo(streams.connection(TENANT, "odoo"), [
  {
    type: "ConnectionOpened",
    data: {
      _tag: "ConnectionOpened",
      connection: "odoo",
      provider: definition.provider,
      class: definition.class,
      isApp: false,
      settings: {},
      create: { contact: "always", company: "never", deal: "never", activity: "always" },
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
      connection: "odoo",
      document: Result.getOrThrow(parseMapping(mapping, "odoo/mapping.yaml")),
    },
  },
])

const SALLY = { id: 20, email: "sally@yourcompany.example" }
/** The user that the connection acts as. */
const OUR_OWN = { id: 2, email: "admin@yourcompany.example" }

/** A system with Ada and something to be done about her, and an Odoo database without either. */
const start = Effect.fnUntraced(function* (version: 17 | 19) {
  yield* TestClock.setTime(START)
  const left = new World()
  const ada = left.put(null, { kind: "human", mail: "ada@engines.example", first: "Ada", last: "Lovelace" })
  const about = { "@person": [{ object: "person", id: ada }] }
  const task = left.put(null, {
    kind: "task",
    sort: "task",
    subject: "Ring Ada",
    ticked: false,
    said: null,
    whose: null,
    ...about,
  })
  const { backdoor, handle } = makeOdooSandbox({ version, now: () => START, random: () => 0.5 })
  backdoor.seed("res.partner", [{ id: 90, name: "Sally Seller", email: SALLY.email }])
  backdoor.seed("res.users", [{ id: SALLY.id, name: "Sally Seller", login: SALLY.email, active: true, partner_id: 90 }])
  const connector = yield* connect(
    {
      tenant: TENANT,
      connection: "odoo",
      settings: { url: "http://odoo.example", database: `crm${version}`, login: "admin", protocol: "jsonrpc" },
      credentials: { apiKey: Redacted.make("admin") },
      opaqueId: (id) => id,
    },
    inProcess({ backdoor, handle }),
  )
  yield* openConnection("left", { world: left }, TASKS)
  yield* opened
  yield* startReconciler
  const { handle: leftHandle } = yield* startWorker("left", left)
  const odoo = yield* makeConnection({
    tenant: TENANT,
    connection: "odoo",
    definition,
    connector,
    compilers: makeCompilers(),
  })
  yield* Effect.forkChild(odoo.run, { startImmediately: true })
  const quiet = settleDown([leftHandle, odoo])
  yield* quiet
  const there = () => backdoor.list("mail.activity", [["summary", "=", "Ring Ada"]])
  const owner = Effect.map(
    entities,
    (all) => all.find(({ type }) => type === "activity")?.groups["owner"]?.value["owner"] ?? null,
  )
  return { left, task, quiet, backdoor, there, owner }
})

describe.each([17, 19] as const)("activities of Odoo %i", (version) => {
  const nobody = version === 17 ? OUR_OWN.id : false

  it.effect("[OD65] an activity of nobody's is not taken for our own user's, and can be somebody's later", () =>
    Effect.gen(function* () {
      const { backdoor, left, owner, quiet, task, there } = yield* start(version)
      const { id } = there()[0]!
      const held = () => backdoor.get("mail.activity", Number(id))?.["user_id"]
      assert.deepStrictEqual([held(), yield* owner], [nobody, null])
      for (const { email, id: user } of [SALLY, OUR_OWN, SALLY]) {
        left.put(task, { whose: email })
        yield* quiet
        assert.deepStrictEqual([held(), yield* owner], [user, email])
      }
      left.put(task, { whose: null })
      yield* quiet
      assert.deepStrictEqual([held(), yield* owner], [nobody, null])
      yield* Effect.promise(() => backdoor.put({ model: "mail.activity", id: Number(id), vals: { user_id: SALLY.id } }))
      yield* quiet
      assert.strictEqual(yield* owner, SALLY.email)
      assert.lengthOf(there(), 1)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("[OD66] an outcome that is known before the activity is done is said when it is done", () =>
    Effect.gen(function* () {
      const { backdoor, left, quiet, task, there } = yield* start(version)
      const before = backdoor.writes()["total"]
      left.put(task, { said: "reached her" })
      yield* quiet
      assert.strictEqual(backdoor.writes()["total"], before)
      assert.isTrue(there()[0]!["active"])
      left.put(task, { ticked: true })
      yield* quiet
      const said = backdoor.list("mail.message", [["mail_activity_type_id", "!=", false]])
      assert.deepStrictEqual(
        said.filter(({ body }) => String(body).includes("reached her")).length,
        1,
        JSON.stringify(said.map(({ body }) => body)),
      )
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )
})
