import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { CONNECTION, makeWorld, serve, TENANT, TOKEN, URL_OF_ENDPOINT } from "../testing/endpoint.ts"
import { makeAppSandbox } from "./sandbox.ts"
import type { Settings, Values } from "./shapes.ts"

/** mulberry32 */
const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The product on a virtual clock, at the real endpoint. `run` lets time pass, both loops as they are due. */
const makeProduct = (settings: Partial<Settings> = {}, seed = 1) => {
  const world = makeWorld(0)
  let server = serve(world)
  const random = seeded(seed)
  let clock = 1_800_000_000_000
  let pushAt = 0
  let followAt = 0
  const product = makeAppSandbox({
    now: () => clock,
    random,
    fetch: (url, init) => server.fetch(url, init),
    settings: { waitSeconds: 0, pollMs: 50, ...settings },
  })
  const run = async (ms: number): Promise<void> => {
    const until = clock + ms
    while (clock <= until) {
      if (pushAt <= clock) pushAt = (await product.push()) ?? clock + 10
      if (followAt <= clock) followAt = (await product.follow()) ?? clock + 10
      clock = Math.max(clock + 1, Math.min(pushAt, followAt))
    }
    clock = until
  }
  const connect = () => product.connect({ url: URL_OF_ENDPOINT, tenant: TENANT, connection: CONNECTION, token: TOKEN })
  const write = (id: string, values: Record<string, string>) =>
    Effect.runPromise(world.acme.write({ object: "contact", id, entity: `e-${id}`, kind: "update", values }))
  const held = async (id: string): Promise<Values> => {
    const { body } = await server.call("PUT", `/v1/acme/app/contact/${id}`, {
      key: `look-${id}-${clock}`,
      body: { values: {}, basedOn: 1_000_000 },
    })
    return body?.["values"] as Values
  }
  /** Concordat comes back with the journal of a backup. */
  const restore = (count: number): void => {
    world.memory.restore(count)
    world.acme.forgetAll()
    server = serve(world)
  }
  return { world, product, run, connect, write, held, random, restore, close: () => server.close() }
}

describe("the sandbox product", () => {
  it("[AP12] sends everything it has when it is connected, and says when that is done", async () => {
    const { product, run, connect, world } = makeProduct({ rowsPerBatch: 2 })
    product.seed({
      activity: [{ id: "t1", values: { kind: "call", contacts: ["p1"] } }],
      contact: [
        { id: "p1", values: { firstName: "Ada", company: "k1" } },
        { id: "p2", values: { firstName: "Grace" } },
      ],
      company: [{ id: "k1", values: { name: "Analytical" } }],
    })
    connect()
    await run(1_000)
    assert.strictEqual(world.acme.populated(), 1)
    const order = world.memory.all.filter((event) => event.type === "RecordObserved").map((event) => event.stream)
    assert.deepStrictEqual(
      order.map((stream) => stream.split(".").slice(-2).join(":")),
      ["company:k1", "contact:p1", "contact:p2", "activity:t1"],
    )
    assert.deepInclude(product.stats(), { populated: true, pending: 0, refused: [] })
  })

  it("[AP13] what Concordat wrote is applied once, and not sent back", async () => {
    const { product, run, connect, write, world } = makeProduct()
    product.seed({ contact: [{ id: "p1", values: { firstName: "Ada" } }] })
    connect()
    await run(500)
    await write("p1", { firstName: "Augusta" })
    await run(500)
    assert.strictEqual(product.get("contact", "p1")?.values["firstName"], "Augusta")
    assert.lengthOf(world.acme.observations("contact", "p1"), 1)
    product.restart({ forget: true })
    await run(500)
    assert.deepStrictEqual(
      product.log().map(({ effect }) => effect),
      ["applied", "repeat"],
    )
  })

  it("[AP17] after Concordat's journal was restored all that is here is sent, deletions too, and then followed anew", async () => {
    const { product, run, connect, world, restore, write } = makeProduct()
    const ids = ["p1", "p2", "p3"]
    product.seed({ contact: ids.map((id) => ({ id, values: { firstName: `${id} of old`, title: "Dr" } })) })
    connect()
    await run(500)
    const then = world.memory.all.length
    await write("p1", { firstName: "p1 of the lost hour" })
    product.archive("contact", "p2")
    const made = product.put({ object: "contact", values: { firstName: "made in the lost hour" } }).id
    await run(500)
    product.put({ object: "contact", id: made, values: { title: "entered while it was away" } })
    restore(then)
    await run(5_000)
    const ofRecord = (id: string) => {
      const facts = world.memory.of(world.acme.streamOf("contact", id)).slice(id === made ? 0 : 1)
      return facts.map(({ data, type }) => [type, JSON.parse(data)["values"]?.["clear"]?.["firstName"]])
    }
    assert.deepStrictEqual(ofRecord("p1"), [["RecordObserved", "p1 of the lost hour"]])
    assert.deepStrictEqual(ofRecord("p2"), [["RecordGone", undefined]])
    assert.deepStrictEqual(ofRecord("p3"), [["RecordObserved", "p3 of old"]])
    assert.deepStrictEqual(ofRecord(made), [["RecordObserved", "made in the lost hour"]])
    assert.strictEqual(product.get("contact", made)?.values["title"], "entered while it was away")
    assert.deepStrictEqual([world.acme.populated(), product.stats().counts.resends], [2, 1])
    await write("p1", { firstName: "written since" })
    await run(5_000)
    assert.strictEqual(product.get("contact", "p1")?.values["firstName"], "written since")
  })

  it("[AP1] a person's edit that raced with a write keeps what the write did to other fields", async () => {
    const { product, run, connect, write, held } = makeProduct({ applyDelayMs: [5_000, 5_000] })
    product.seed({ contact: [{ id: "p1", values: { firstName: "Ada", title: "Dr" } }] })
    connect()
    await run(6_000)
    await write("p1", { firstName: "Augusta", title: "Prof" })
    product.put({ object: "contact", id: "p1", values: { title: "Countess" } })
    await run(500)
    const expected = { firstName: "Augusta", title: "Countess" }
    assert.deepStrictEqual(product.get("contact", "p1")?.values, expected)
    assert.deepStrictEqual(await held("p1"), expected)
    await run(20_000)
    assert.deepStrictEqual(product.get("contact", "p1")?.values, expected)
    assert.strictEqual(product.stats().counts.stale, 1)
  })

  it("[AP1] a refusal that was longer on its way than a later write lays nothing over that", async () => {
    const { product, run, connect, write, held } = makeProduct({
      applyDelayMs: [1_000, 1_000],
      answerDelayMs: [3_000, 3_000],
    })
    product.seed({ contact: [{ id: "p1", values: { firstName: "Ada", title: "Dr" } }] })
    connect()
    await run(10_000)
    await write("p1", { title: "Prof" })
    product.put({ object: "contact", id: "p1", values: { firstName: "Augusta" } })
    await run(500)
    await write("p1", { title: "Countess" })
    await run(20_000)
    const written = product.log().filter(({ effect }) => effect === "applied")
    assert.deepStrictEqual(
      written.map(({ values }) => values?.["title"]),
      ["Prof", "Countess"],
    )
    assert.strictEqual(product.stats().counts.stale, 1)
    const expected = { firstName: "Augusta", title: "Countess" }
    assert.deepStrictEqual([product.get("contact", "p1")?.values, await held("p1")], [expected, expected])
  })

  it("[AP18] a record that is taken back has what was written to it before it went, and what the person changed with that", async () => {
    const { product, run, connect, write, held } = makeProduct({ applyDelayMs: [5_000, 5_000] })
    product.seed({ contact: [{ id: "p1", values: { firstName: "Ada", lastName: "Byron", title: "Dr" } }] })
    connect()
    await run(6_000)
    await write("p1", { firstName: "Augusta", title: "Prof" })
    product.archive("contact", "p1")
    product.put({ object: "contact", id: "p1", values: { title: "Countess" } })
    await run(500)
    const expected = { firstName: "Augusta", lastName: "Byron", title: "Countess" }
    assert.deepInclude(product.get("contact", "p1"), { archived: false, values: expected })
    assert.deepInclude(await held("p1"), expected)
    await run(20_000)
    assert.deepStrictEqual(product.get("contact", "p1")?.values, expected)
    assert.strictEqual(product.stats().counts.stale, 1)
  })

  it("[AP14] a write that came while the answer to an edit was on its way is not lost", async () => {
    const { product, run, connect, write, held } = makeProduct({ answerDelayMs: [1_000, 1_000] })
    product.seed({ contact: [{ id: "p1", values: { firstName: "Ada" } }] })
    connect()
    await run(5_000)
    product.put({ object: "contact", id: "p1", values: { firstName: "Adah" } })
    await run(100)
    await write("p1", { firstName: "Augusta" })
    await run(400)
    assert.strictEqual(product.get("contact", "p1")?.values["firstName"], "Adah")
    await run(2_000)
    assert.deepStrictEqual(product.get("contact", "p1")?.values, { firstName: "Augusta" })
    assert.deepStrictEqual(await held("p1"), { firstName: "Augusta" })
    assert.deepStrictEqual(
      product.log().map(({ effect, kind }) => [kind, effect]),
      [
        ["update", "waiting"],
        ["withheld", "applied"],
      ],
    )
  })

  it("[AP14] an address that waited for the answer to an edit is laid in one piece, and noted as one write", async () => {
    const { product, run, connect, write } = makeProduct({ answerDelayMs: [1_000, 1_000] })
    product.seed({ contact: [{ id: "p1", values: { street: "One", city: "Here", zip: "1" } }] })
    connect()
    await run(5_000)
    product.put({ object: "contact", id: "p1", values: { street: "Two", city: "There", zip: "2" } })
    await run(100)
    await write("p1", { street: "Three", city: "Nowhere", zip: "3" })
    await run(3_000)
    const address = { street: "Three", city: "Nowhere", zip: "3" }
    assert.deepStrictEqual(product.get("contact", "p1")?.values, address)
    assert.deepStrictEqual(
      product.log().map(({ effect, kind, values }) => [kind, effect, values]),
      [
        ["update", "waiting", address],
        ["withheld", "applied", address],
      ],
    )
  })

  it("[AP11] while Concordat is away nothing is lost, and it goes on where it was", async () => {
    const { product, run, connect, world, held } = makeProduct()
    product.seed({ contact: [{ id: "p1", values: { firstName: "Ada" } }] })
    connect()
    await run(500)
    world.acme.leave(true)
    world.memory.close(true)
    product.put({ object: "contact", id: "p1", values: { firstName: "Adah" } })
    product.put({ object: "contact", id: "p1", values: { title: "Dr" } })
    await run(30_000)
    assert.strictEqual(product.stats().pending, 2)
    world.acme.leave(false)
    world.memory.close(false)
    await run(30_000)
    assert.strictEqual(product.stats().pending, 0)
    assert.deepStrictEqual(await held("p1"), { firstName: "Adah", title: "Dr" })
    assert.lengthOf(world.acme.observations("contact", "p1"), 3)
  })

  it("[AP2] lost answers and duplicates never make an edit count twice", async () => {
    const { product, run, connect, world } = makeProduct({ lostAnswerRate: 0.4, duplicateRate: 1 })
    product.seed({ contact: [{ id: "p1", values: { title: "0" } }] })
    connect()
    await run(60_000)
    for (const title of ["1", "2", "1", "2", "1"]) {
      product.put({ object: "contact", id: "p1", values: { title } })
      await run(1_000)
    }
    await run(120_000)
    const { counts, pending } = product.stats()
    assert.strictEqual(pending, 0)
    assert.isAbove(counts.lostAnswers, 0)
    assert.isAtLeast(counts.duplicates, 6)
    assert.strictEqual(counts.duplicatesRefused, 0)
    const titles = world.acme.observations("contact", "p1").map((event) => {
      const data = JSON.parse(event.data) as { values: { clear: { title: string } } }
      return data.values.clear.title
    })
    assert.deepStrictEqual(titles, ["0", "1", "2", "1", "2", "1"])
  })

  it("[AP12] a record that is deleted goes, and one that comes back is sent whole", async () => {
    const { product, run, connect, world } = makeProduct()
    product.seed({ contact: [{ id: "p1", values: { firstName: "Ada", title: "Dr" } }] })
    connect()
    await run(500)
    product.archive("contact", "p1")
    await run(500)
    product.put({ object: "contact", id: "p1", values: { title: "Prof" } })
    await run(500)
    const events = world.memory.of(world.acme.streamOf("contact", "p1"))
    assert.deepStrictEqual(
      events.map(({ type }) => type),
      ["RecordObserved", "RecordGone", "RecordObserved"],
    )
    const { values } = JSON.parse(events[2]!.data) as { values: { clear: Values } }
    assert.deepInclude(values.clear, { firstName: "Ada", title: "Prof", lastName: null })
  })

  it("[AP4] a refused edit is put aside with the reason and holds up no other", async () => {
    const { product, run, connect, held } = makeProduct()
    product.seed({ contact: [{ id: "p1", values: { firstName: "Ada", shoeSize: 38 } }] })
    connect()
    await run(500)
    product.put({ object: "contact", id: "p1", values: { title: "Dr" } })
    await run(500)
    assert.deepStrictEqual(await held("p1"), { title: "Dr" })
    const { refused, populated } = product.stats()
    assert.include(refused[0]?.answer, "shoeSize")
    assert.isTrue(populated)
  })

  it("[AP13] creates, updates and archives of Concordat's arrive, also after the position was forgotten", async () => {
    const { product, run, connect, world, write } = makeProduct()
    connect()
    await run(500)
    const values = { firstName: "Ada" }
    await Effect.runPromise(world.acme.write({ object: "contact", entity: "e1", kind: "create", values }))
    await run(500)
    await write("cc-e1", { title: "Dr" })
    product.restart({ forget: true })
    await run(500)
    assert.deepStrictEqual(product.get("contact", "cc-e1")?.values, { firstName: "Ada", title: "Dr" })
    product.put({ object: "contact", id: "cc-e1", values: { firstName: "Adah" } })
    await run(500)
    product.restart({ forget: true })
    await run(500)
    assert.strictEqual(product.get("contact", "cc-e1")?.values["firstName"], "Adah")
    const of = { object: "contact", id: "cc-e1", entity: "e1", values: {} }
    await Effect.runPromise(world.acme.write({ ...of, kind: "archive" }))
    await run(500)
    assert.isTrue(product.get("contact", "cc-e1")?.archived)
  })

  /** More of them by hand: `SEEDS=1000 vitest run …`. */
  const SEEDS = Number(process.env["SEEDS"] ?? "40")
  const NAMES = ["firstName", "title", "source"] as const
  const IDS = ["p1", "p2", "p3"]
  const unkind: Partial<Settings> = {
    sendDelayMs: [0, 800],
    applyDelayMs: [0, 800],
    answerDelayMs: [0, 500],
    duplicateRate: 0.3,
    duplicateDelayMs: [0, 4_000],
    lostAnswerRate: 0.2,
    changesPerPage: 2,
    keepPositionEvery: 3,
    rowsPerBatch: 2,
    pollMs: 400,
  }

  it("[AP15] product and Concordat agree after edits, writes, losses, duplicates and restarts in any order", async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { product, run, connect, write, held, world, random, close } = makeProduct(unkind, seed)
      const pick = <A>(from: ReadonlyArray<A>): A => from[Math.floor(random() * from.length)]!
      product.seed({ contact: IDS.map((id) => ({ id, values: { firstName: id, title: "-", source: "-" } })) })
      connect()
      await run(random() * 3_000)
      for (let step = 0; step < 30; step++) {
        const chance = random()
        const values = { [pick(NAMES)]: `v${step}` }
        if (chance < 0.45) product.put({ object: "contact", id: pick(IDS), values })
        else if (chance < 0.75) await write(pick(IDS), values)
        else if (chance < 0.9) {
          const id = pick(IDS)
          const begun = await Effect.runPromise(
            world.acme.begin({ object: "contact", id, entity: `e-${id}`, kind: "update", values }),
          )
          await run(random() * 600)
          await Effect.runPromise(world.acme.finish(begun))
        } else if (chance < 0.94) product.restart({ forget: random() < 0.5 })
        else world.acme.leave(chance < 0.97)
        await run(random() * 600)
      }
      world.acme.leave(false)
      await run(60_000)
      assert.strictEqual(product.stats().pending, 0, `seed ${seed}`)
      assert.strictEqual(product.stats().counts.duplicatesRefused, 0, `seed ${seed}`)
      for (const id of IDS) {
        assert.deepStrictEqual(product.get("contact", id)?.values, await held(id), `seed ${seed}, ${id}`)
      }
      const effects = product.log().filter((entry) => entry.key !== undefined && entry.effect === "applied")
      assert.strictEqual(new Set(effects.map((entry) => entry.key)).size, effects.length, `seed ${seed}`)
      await close()
    }
  }, 600_000)
})
