import { assert, beforeEach, afterEach, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { serve, makeWorld, type World } from "./testing/endpoint.ts"

const contact = "/v1/acme/app/contact/p1"
const edit = (values: Record<string, unknown>, basedOn: number | null = null) => ({ values, basedOn })

describe("the app's endpoint", () => {
  let world: World
  let server: ReturnType<typeof serve>
  beforeEach(() => {
    world = makeWorld()
    server = serve(world)
  })
  afterEach(() => server.close())

  const write = (values: Record<string, string>, id = "p1") =>
    Effect.runPromise(world.acme.write({ object: "contact", id, entity: "e1", kind: "update", values }))
  const put = (key: string, values: Record<string, unknown>, basedOn: number | null = null) =>
    server.call("PUT", contact, { key, body: edit(values, basedOn) })

  it("[AP1] an edit based on a revision before Concordat's newest write is refused with what the record holds", async () => {
    assert.deepStrictEqual(await put("k1", { firstName: "Ada", title: "Dr" }), { status: 200, body: { revision: 0 } })
    await write({ firstName: "Augusta" })
    const stale = await put("k2", { firstName: "Adah" }, 0)
    assert.strictEqual(stale.status, 409)
    assert.strictEqual(stale.body?.["revision"], 2)
    assert.deepStrictEqual(stale.body?.["values"], { firstName: "Augusta", title: "Dr" })
    assert.lengthOf(world.acme.observations("contact", "p1"), 1)
    assert.deepStrictEqual(await put("k2", { firstName: "Adah" }, 2), { status: 200, body: { revision: 3 } })
  })

  it("[AP19] an edit is a person's, unless it says that it is an automation's", async () => {
    await put("k1", { firstName: "Ada" })
    const body = { ...edit({ firstName: "ADA" }, 0), by: "automation" }
    assert.strictEqual((await server.call("PUT", contact, { key: "k2", body })).status, 200)
    const row = { object: "contact", id: "p1", key: "k3", ...edit({ firstName: "Ada" }, 1), by: "automation" }
    assert.strictEqual((await server.call("POST", "/v1/acme/app/batch", { body: { rows: [row] } })).status, 200)
    assert.deepStrictEqual(
      world.acme.observations("contact", "p1").map(({ data }) => (JSON.parse(data) as { readonly by: string }).by),
      ["person", "automation", "automation"],
    )
    const wrong = await server.call("PUT", contact, { key: "k4", body: { ...edit({ title: "Dr" }, 2), by: "robot" } })
    assert.strictEqual(wrong.status, 422)
    assert.include(JSON.stringify(wrong.body), "by")
  })

  it("[AP1] an app that saw nothing yet is stale as soon as Concordat has written", async () => {
    await write({ firstName: "Augusta" })
    assert.strictEqual((await put("k1", { firstName: "Ada" }, null)).status, 409)
  })

  it("[AP2] a key that comes again late is answered as the first time and undoes no later edit", async () => {
    await put("k1", { firstName: "Ada" })
    await put("k2", { firstName: "Augusta" }, 0)
    assert.deepStrictEqual(await put("k1", { firstName: "Ada" }), { status: 200, body: { revision: 0 } })
    assert.lengthOf(world.acme.observations("contact", "p1"), 2)
  })

  it("[AP2] a key that comes again after Concordat wrote is still a repeat, and no conflict", async () => {
    await put("k1", { firstName: "Ada" })
    await write({ firstName: "Augusta" })
    assert.deepStrictEqual(await put("k1", { firstName: "Ada" }), { status: 200, body: { revision: 0 } })
  })

  it("[AP2] one key with two bodies is refused", async () => {
    await put("k1", { firstName: "Ada" })
    const again = await put("k1", { firstName: "Grace" })
    assert.strictEqual(again.status, 422)
    assert.lengthOf(world.acme.observations("contact", "p1"), 1)
  })

  it("[AP2] two requests with one key at once take the edit once", async () => {
    await put("k0", { firstName: "Eve" })
    const both = await Promise.all([put("k1", { firstName: "Ada" }, 0), put("k1", { firstName: "Ada" }, 0)])
    assert.deepStrictEqual(
      both.map(({ body }) => body?.["revision"]),
      [1, 1],
    )
    assert.lengthOf(world.acme.observations("contact", "p1"), 2)
  })

  it("[AP3] keys outlive the process that took them", async () => {
    await put("k1", { firstName: "Ada" })
    await put("k2", { firstName: "Augusta" }, 0)
    const restarted = serve(world)
    const again = await restarted.call("PUT", contact, { key: "k1", body: edit({ firstName: "Ada" }) })
    assert.deepStrictEqual(again, { status: 200, body: { revision: 0 } })
    assert.lengthOf(world.acme.observations("contact", "p1"), 2)
    await restarted.close()
  })

  it("[AP3] keys are kept although another process appends deliveries at the same time", async () => {
    world.memory.conflictNext(3)
    assert.strictEqual((await put("k1", { firstName: "Ada" })).status, 200)
    const keys = world.memory.all.filter((event) => event.metadata["keys"] !== undefined)
    assert.lengthOf(keys, 1)
  })

  it("[AP3] neither keys nor values stand in the kept metadata", async () => {
    await put("order-of-ada@example.com", { email: "ada@example.com" })
    const kept = world.memory.all.find((event) => event.type === "DeliveryAccepted")
    assert.notInclude(JSON.stringify(kept), "example.com")
  })

  it("[AP4] what can't be meant is refused by field, value and remedy, and nothing of the edit is taken", async () => {
    const refused = await put("k1", { frstName: "Ada", email: "nobody", lifecycle: "vip", title: "Dr" })
    assert.strictEqual(refused.status, 422)
    const problems = refused.body?.["problems"] as ReadonlyArray<{ field: string; value: string; message: string }>
    assert.deepStrictEqual(
      problems.map(({ field, value }) => [field, value]),
      [
        ["frstName", "Ada"],
        ["email", "nobody"],
        ["lifecycle", "vip"],
      ],
    )
    assert.include(problems[0]?.message, "firstName")
    assert.include(problems[2]?.message, "customer")
    assert.lengthOf(world.memory.all, 0)
  })

  it("[AP4] an unknown object and a name of JavaScript's own are refused like any other", async () => {
    const unknown = await server.call("PUT", "/v1/acme/app/lead/p1", { key: "k1", body: edit({ firstName: "Ada" }) })
    assert.strictEqual(unknown.status, 422)
    const inherited = await server.call("PUT", "/v1/acme/app/constructor/p1", { key: "k1", body: edit({ name: "x" }) })
    assert.strictEqual(inherited.status, 422)
    assert.strictEqual((await put("k1", { constructor: "Ada" })).status, 422)
    const address = await server.call("PUT", "/v1/acme/app/contact/ada@example.com", { key: "k1", body: edit({}) })
    assert.strictEqual(address.status, 422)
    assert.strictEqual((await put("k2", { "custom.tier": "gold" })).status, 200)
  })

  it("[AP4] what no system takes as a text, an id or a time is refused before it is in the journal", async () => {
    const bad = ["a\0b@example.com", "a\ud800@example.com"].map((email) => ({ email }))
    const values = [...bad, { company: "c".repeat(600) }, { company: "c\0" }, { "custom.x": "\ud800" }]
    for (const [n, one] of values.entries())
      assert.strictEqual((await put(`k${n}`, one)).status, 422, JSON.stringify(one))
    for (const stamp of [1e300, -1, Date.now() * 1_000]) {
      const body = { values: { firstName: "Ada" }, basedOn: null, stamp }
      assert.strictEqual((await server.call("PUT", contact, { key: `s${stamp}`, body })).status, 422, String(stamp))
    }
    assert.lengthOf(world.memory.all, 0)
    const body = { values: { firstName: "Ada", company: "cc-0190-e9" }, basedOn: null, stamp: Date.now() }
    assert.strictEqual((await server.call("PUT", contact, { key: "k9", body })).status, 200)
  })

  it("[AP5] a token opens its own tenant's connection and tells nothing of others", async () => {
    const body = edit({ firstName: "Ada" })
    const answers = await Promise.all([
      server.call("PUT", contact, { token: null, key: "k1", body }),
      server.call("PUT", contact, { token: "wrong", key: "k1", body }),
      server.call("PUT", "/v1/globex/app/contact/p1", { key: "k1", body }),
      server.call("PUT", "/v1/nobody/app/contact/p1", { key: "k1", body }),
      server.call("PUT", "/v1/nobody/app/contact/p1", { token: "", key: "k1", body }),
      server.call("GET", "/v1/globex/app/changes"),
    ])
    for (const answer of answers) assert.deepStrictEqual(answer, { status: 401, body: answers[0]!.body })
    assert.lengthOf(world.memory.all, 0)
  })

  it("[AP6] the feed is resumed from any position, and shows no other tenant's", async () => {
    await put("k1", { firstName: "Ada" })
    await write({ firstName: "Augusta" })
    await Effect.runPromise(
      world.globex.write({ object: "contact", id: "p1", entity: "g1", kind: "update", values: { firstName: "Hank" } }),
    )
    await write({ title: "Countess" })
    const feed = async (after: string, limit = 100) =>
      (await server.call("GET", `/v1/acme/app/changes?after=${after}&limit=${limit}`)).body as {
        position: string
        changes: ReadonlyArray<Record<string, unknown>>
      }
    const whole = await feed("")
    assert.deepStrictEqual(
      whole.changes.map(({ revision, values }) => [revision, values]),
      [
        [2, { firstName: "Augusta" }],
        [4, { title: "Countess" }],
      ],
    )
    const first = await feed("", 1)
    assert.deepStrictEqual(first.changes, whole.changes.slice(0, 1))
    assert.deepStrictEqual((await feed(first.position)).changes, whole.changes.slice(1))
    assert.deepStrictEqual((await feed(whole.position)).changes, [])
  })

  it("[AP17] at a position of another journal the worker stops writing, and the app is told to send all it has", async () => {
    for (let asked = 0; asked < 2; asked += 1) await server.call("GET", "/v1/acme/app/changes")
    assert.deepStrictEqual(world.acme.followed(), [true])
    const answer = await server.call("GET", "/v1/acme/app/changes?after=999")
    assert.strictEqual(answer.status, 410)
    assert.include(JSON.stringify(answer.body), "send every record, POST ready, and follow again")
    assert.deepStrictEqual(world.acme.followed(), [true, false])
    world.acme.leave(true)
    assert.strictEqual((await server.call("GET", "/v1/acme/app/changes?after=999")).status, 503)
  })

  it("[AP17] what is no position at all is refused, and nothing stops for it", async () => {
    await server.call("GET", "/v1/acme/app/changes")
    for (const after of ["null", "undefined", "..%2Fx", "-1", "1e9", "%20"])
      assert.strictEqual((await server.call("GET", `/v1/acme/app/changes?after=${after}`)).status, 422, after)
    assert.deepStrictEqual(world.acme.followed(), [true])
  })

  it("[AP6] a waiting request is answered by the next write", async () => {
    await put("k1", { firstName: "Ada" })
    const waiting = server.call("GET", "/v1/acme/app/changes?wait=30")
    await new Promise((resolve) => setTimeout(resolve, 50))
    await put("k2", { title: "Dr" }, 0)
    await write({ firstName: "Augusta" })
    // When its time is over the answer is empty.
    const { body } = await waiting
    assert.lengthOf(body?.["changes"] as ReadonlyArray<unknown>, 1)
  })

  it("[AP7] a created record is named after our own id, and the app's edits of it carry that id", async () => {
    const created = await Effect.runPromise(
      world.acme.write({ object: "contact", entity: "0190-e9", kind: "create", values: { firstName: "Ada" } }),
    )
    const again = await Effect.runPromise(
      world.acme.write({ object: "contact", entity: "0190-e9", kind: "create", values: { firstName: "Ada" } }),
    )
    assert.strictEqual(created._tag === "Written" ? created.id : "", "cc-0190-e9")
    assert.strictEqual(again._tag === "Written" ? again.id : "", "cc-0190-e9")
    const { body } = await server.call("GET", "/v1/acme/app/changes")
    const [change] = (body?.["changes"] ?? []) as ReadonlyArray<Record<string, unknown>>
    assert.deepInclude(change, { id: "cc-0190-e9", revision: -1, kind: "create", values: { firstName: "Ada" } })
    const path = "/v1/acme/app/contact/cc-0190-e9"
    assert.strictEqual((await server.call("PUT", path, { key: "k1", body: edit({ title: "Dr" }, -1) })).status, 200)
    const [observed] = world.acme.observations("contact", "cc-0190-e9")
    assert.strictEqual((JSON.parse(observed!.data) as { ownId: string }).ownId, "0190-e9")
  })

  it("[AP8] an edit that is taken while a write is on its way refuses that write", async () => {
    await put("k1", { firstName: "Ada" })
    const begun = await Effect.runPromise(
      world.acme.begin({ object: "contact", id: "p1", entity: "e1", kind: "update", values: { firstName: "Augusta" } }),
    )
    assert.strictEqual((await put("k2", { firstName: "Adah" }, 0)).status, 200)
    const outcome = await Effect.runPromise(world.acme.finish(begun))
    assert.deepInclude(outcome, { _tag: "Refused", code: "precondition", effect: "none", retry: true })
    const retried = await Effect.runPromise(
      world.acme.write({ object: "contact", id: "p1", entity: "e1", kind: "update", values: { title: "Dr" } }),
    )
    assert.strictEqual(retried._tag, "Written")
  })

  it("[AP8] a write whose answer will never come holds up no edit", async () => {
    const patient = makeWorld(60_000)
    const endpoint = serve(patient)
    const write = {
      object: "contact",
      id: "p1",
      entity: "e1",
      kind: "update",
      values: { firstName: "Augusta" },
    } as const
    await endpoint.call("PUT", contact, { key: "k1", body: edit({ firstName: "Ada" }) })
    await Effect.runPromise(patient.acme.begin(write))
    const { status } = await endpoint.call("PUT", contact, { key: "k2", body: edit({ firstName: "Adah" }, 0) })
    assert.strictEqual(status, 200)
    await endpoint.close()
  })

  it("[AP8] a worker that was rebuilt without versions is held up by an edit once at most", async () => {
    await put("k1", { firstName: "Ada" })
    world.acme.forgetVersions()
    const write = { object: "contact", id: "p1", entity: "e1", kind: "update", values: { title: "Dr" } } as const
    assert.strictEqual((await Effect.runPromise(world.acme.write(write)))._tag, "Refused")
    assert.strictEqual((await Effect.runPromise(world.acme.write(write)))._tag, "Written")
    assert.strictEqual((await Effect.runPromise(world.acme.write(write)))._tag, "Written")
  })

  it("[AP8] an edit waits for the answer to a write that is under way, and is stale then", async () => {
    await put("k1", { firstName: "Ada" })
    const begun = await Effect.runPromise(
      world.acme.begin({ object: "contact", id: "p1", entity: "e1", kind: "update", values: { firstName: "Augusta" } }),
    )
    const outcome = await Effect.runPromise(world.acme.call(begun))
    const waiting = put("k2", { firstName: "Adah" }, 0)
    await new Promise((resolve) => setTimeout(resolve, 60))
    await Effect.runPromise(world.acme.keep(begun, outcome))
    assert.strictEqual((await waiting).status, 409)
    assert.lengthOf(world.acme.observations("contact", "p1"), 1)
  })

  it("[AP8] a stale edit leaves the record open to writes", async () => {
    await put("k1", { firstName: "Ada" })
    await write({ firstName: "Augusta" })
    assert.strictEqual((await put("k2", { firstName: "Adah" }, 0)).status, 409)
    const outcome = await Effect.runPromise(
      world.acme.write({ object: "contact", id: "p1", entity: "e1", kind: "update", values: { title: "Dr" } }),
    )
    assert.strictEqual(outcome._tag, "Written")
  })

  it("[AP9] of a batch each row has its own result, and the same record's rows are taken in order", async () => {
    await put("k0", { firstName: "Ada" })
    await write({ firstName: "Augusta" })
    const row = (id: string, key: string, values: Record<string, unknown>) => ({
      object: "contact",
      id,
      key,
      values,
      basedOn: null,
    })
    const rows = [
      row("p1", "a", { firstName: "Adah" }),
      row("p2", "b", { firstName: "Grace" }),
      row("p3", "c", { firstName: 7 }),
      row("p2", "d", { firstName: "Grace B." }),
    ]
    const { status, body } = await server.call("POST", "/v1/acme/app/batch", { body: { rows } })
    assert.strictEqual(status, 200)
    const results = body?.["results"] as ReadonlyArray<Record<string, unknown>>
    assert.deepStrictEqual(
      results.map((one) => [one["id"], one["status"], one["revision"]]),
      [
        ["p1", 409, 2],
        ["p2", 200, 0],
        ["p3", 422, undefined],
        ["p2", 200, 1],
      ],
    )
    const many = Array.from({ length: 501 }, (_, at) => row(`x${at}`, `x${at}`, {}))
    const tooMany = await server.call("POST", "/v1/acme/app/batch", { body: { rows: many } })
    assert.strictEqual(tooMany.status, 422)
    assert.strictEqual(tooMany.body?.["message"], "rows: send 1 to 500 rows in one batch")
  })

  it("[AP10] an app that is ahead of a restored journal is told what holds now", async () => {
    await put("k1", { firstName: "Ada" })
    // It may have to be told to send all that it has, before a part of a record that nobody knows is taken for a new one.
    assert.strictEqual((await put("k2", { firstName: "Adah" }, 9)).status, 503)
    await server.call("GET", "/v1/acme/app/changes")
    const ahead = await put("k2", { firstName: "Adah" }, 9)
    assert.strictEqual(ahead.status, 409)
    assert.deepInclude(ahead.body, { revision: 0, values: { firstName: "Ada" } })
  })

  it("[AP11] while worker or journal is away the answer says when to send again, and the edit is taken then", async () => {
    world.acme.leave(true)
    const away = await put("k1", { firstName: "Ada" })
    assert.strictEqual(away.status, 503)
    assert.strictEqual(away.body?.["retryAfterSeconds"], 1)
    world.acme.leave(false)
    world.memory.close(true)
    assert.strictEqual((await put("k1", { firstName: "Ada" })).status, 503)
    world.memory.close(false)
    assert.strictEqual((await put("k1", { firstName: "Ada" })).status, 200)
    assert.lengthOf(world.acme.observations("contact", "p1"), 1)
  })

  it("[AP11] an edit whose answer was lost is taken once when it is sent again", async () => {
    const submitted = world.acme.handle.submit([{ object: "contact", id: "p1", values: { firstName: "Ada" } }])
    await Effect.runPromise(submitted)
    assert.deepStrictEqual(await put("k1", { firstName: "Ada" }), { status: 200, body: { revision: 0 } })
    assert.lengthOf(world.acme.observations("contact", "p1"), 1)
  })

  it("[AP12] a deletion is a fact with a key, and `ready` ends the population", async () => {
    await put("k1", { firstName: "Ada" })
    const gone = await server.call("DELETE", contact, { key: "d1" })
    assert.deepStrictEqual(gone, { status: 200, body: { revision: 1 } })
    assert.deepStrictEqual(await server.call("DELETE", contact, { key: "d1" }), gone)
    assert.lengthOf(world.memory.of(world.acme.streamOf("contact", "p1")), 2)
    assert.strictEqual((await server.call("POST", "/v1/acme/app/ready")).status, 204)
    assert.strictEqual(world.acme.populated(), 1)
  })
})
