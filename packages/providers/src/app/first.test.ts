/** The first edit of a record is the whole record. */
import { canonical } from "@concordat/model/canonical/types"
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { makeWorld, serve, type World } from "./testing/endpoint.ts"

const contact = "/v1/acme/app/contact/p1"
const edit = (values: Record<string, unknown>, basedOn: number | null = null) => ({ values, basedOn })

describe("the first edit of a record at the app's endpoint", () => {
  let world: World
  let server: ReturnType<typeof serve>
  beforeEach(() => {
    world = makeWorld()
    server = serve(world)
  })
  afterEach(() => server.close())

  const write = (values: Record<string, string>) =>
    Effect.runPromise(world.acme.write({ object: "contact", id: "p1", entity: "e1", kind: "update", values }))
  const put = (key: string, values: Record<string, unknown>, basedOn: number | null = null) =>
    server.call("PUT", contact, { key, body: edit(values, basedOn) })

  const valuesAt = (id: string) =>
    world.acme
      .observations("contact", id)
      .map(({ data }) => (JSON.parse(data) as { values: { clear: Record<string, unknown> } }).values.clear)

  it("[AP16] the first PUT brings every canonical field, later ones what they name", async () => {
    await put("k1", { firstName: "Ada", "custom.tier": "gold" })
    await put("k2", { title: "Dr" }, 0)
    await put("k3", { title: null }, 1)
    const [first, ...later] = valuesAt("p1")
    assert.sameMembers(Object.keys(first!), [...Object.keys(canonical.contact), "custom.tier"])
    assert.deepInclude(first, { firstName: "Ada", phone: null, otherPhones: [], company: null, "custom.tier": "gold" })
    assert.deepStrictEqual(later, [{ title: "Dr" }, { title: null }])
  })

  it("[AP16] so does the first row of a batch, and no row behind it", async () => {
    const row = (key: string, values: Record<string, unknown>) => ({
      object: "contact",
      id: "p1",
      key,
      values,
      basedOn: null,
    })
    const rows = [row("a", { firstName: "Ada" }), row("b", { title: "Dr" })]
    assert.strictEqual((await server.call("POST", "/v1/acme/app/batch", { body: { rows } })).status, 200)
    assert.deepInclude(valuesAt("p1")[0], { firstName: "Ada", title: null })
    assert.deepStrictEqual(valuesAt("p1")[1], { title: "Dr" })
  })

  it("[AP16] two first PUTs at once, and one with the same key: one is whole, the other partial, the key's answer alike", async () => {
    const answers = await Promise.all([
      put("k1", { firstName: "Ada" }),
      put("k2", { title: "Dr" }),
      put("k1", { firstName: "Ada" }),
    ])
    assert.deepStrictEqual(
      answers.map(({ body }) => body?.["revision"]),
      [0, 1, 0],
    )
    assert.deepInclude(valuesAt("p1")[0], { firstName: "Ada", title: null })
    assert.deepStrictEqual(valuesAt("p1").slice(1), [{ title: "Dr" }])
  })

  it("[AP16] after a restart a record is known to be there, and a repeat whose key was lost is no news", async () => {
    await put("k1", { firstName: "Ada" })
    const restarted = serve(world)
    const body = edit({ firstName: "Ada" })
    assert.strictEqual((await restarted.call("PUT", contact, { key: "other", body })).body?.["revision"], 0)
    await restarted.call("PUT", contact, { key: "k2", body: edit({ title: "Dr" }) })
    assert.deepStrictEqual(valuesAt("p1").slice(1), [{ title: "Dr" }])
    await restarted.close()
  })

  it("[AP16] a record of Concordat's making was there before the app's first edit of it", async () => {
    const values = { firstName: "Ada", phone: "+442079460000" }
    await Effect.runPromise(world.acme.write({ object: "contact", entity: "0190-e9", kind: "create", values }))
    for (const basedOn of [null, -1]) {
      const of = { key: `k${basedOn}`, body: edit({ title: `t${basedOn}` }, basedOn) }
      assert.strictEqual((await server.call("PUT", "/v1/acme/app/contact/cc-0190-e9", of)).status, 200)
    }
    assert.deepStrictEqual(valuesAt("cc-0190-e9"), [{ title: "tnull" }, { title: "t-1" }])
  })

  it("[AP16] of a record that the app saw in a journal that was lost, what is not named stays unknown", async () => {
    await server.call("GET", "/v1/acme/app/changes")
    assert.deepInclude(await put("k1", { title: "Dr" }, 7), { status: 409 })
    assert.strictEqual((await put("k1", { title: "Dr" }, -1)).status, 200)
    assert.deepStrictEqual(valuesAt("p1"), [{ title: "Dr" }])
  })

  it("[AP16] the first PUT after DELETE is whole again, and what was written before it counts no more", async () => {
    await put("k1", { firstName: "Ada", title: "Dr" })
    await write({ firstName: "Augusta" })
    await server.call("DELETE", contact, { key: "d1" })
    assert.deepStrictEqual(await put("k2", { firstName: "Grace" }), { status: 200, body: { revision: 4 } })
    assert.deepInclude(valuesAt("p1")[1], { firstName: "Grace", title: null })
    await write({ phone: "+442079460000" })
    const stale = await put("k3", { lastName: "Hopper" }, 4)
    assert.deepStrictEqual(stale.body?.["values"], { firstName: "Grace", phone: "+442079460000" })
  })

  it("[AP18] one that is taken back as it was before a write that the app has not seen is stale", async () => {
    await put("k1", { firstName: "Ada", title: "Dr" })
    await write({ firstName: "Augusta" })
    await server.call("DELETE", contact, { key: "d1" })
    const before = { firstName: "Ada", title: "Dr" }
    const { body, status } = await put("k2", before, 0)
    const revision = Number(body?.["revision"])
    assert.deepStrictEqual([status, body?.["values"]], [409, { firstName: "Augusta", title: "Dr" }])
    assert.strictEqual((await put("k2", { ...before, firstName: "Augusta" }, revision)).status, 200)
    assert.deepInclude(valuesAt("p1").at(-1), { firstName: "Augusta", title: "Dr", phone: null })
    // Once it is there again, what was written before counts no more; nor does it for one that knows nothing of it.
    assert.strictEqual((await put("k3", { title: "Prof" }, 0)).status, 200)
    await server.call("DELETE", contact, { key: "d2" })
    assert.strictEqual((await put("k4", before)).status, 200)
  })
})
