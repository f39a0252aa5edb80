/** What every adapter of the `Commit` port does. */
import { Bus } from "@concordat/engine/ports/Bus"
import { Commit } from "@concordat/engine/ports/Commit"
import type { Unit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { randomUUID } from "node:crypto"

const event = () => ({ id: randomUUID(), type: "ContactCreated", data: "{}", metadata: { at: "2026-01-01T00:00:00Z" } })
const key = "k"

/** A decision on a stream of its own tenant: an event, its state, a wake-up and the place reached. */
const decision = (tenant: string, expected = -1): Unit => ({
  appends: [{ stream: `contact-3f.${tenant}.1`, expected, events: [event()] }],
  documents: [{ tenant, kind: "entity", key, value: String(expected) }],
  commands: [{ subject: `concordat.push.3f.${tenant}.crm`, id: randomUUID(), body: "{}" }],
  checkpoint: { name: `reconciler-${tenant}`, position: String(expected), eventId: randomUUID() },
})
const tenantName = (): string => `t${randomUUID().replaceAll("-", "")}`

const stateOf = Effect.fnUntraced(function* (tenant: string) {
  const state = yield* State
  const journal = yield* Journal
  const [document] = yield* state.getMany([{ tenant, kind: "entity", key }])
  const checkpoint = yield* state.checkpoint(`reconciler-${tenant}`)
  const events = yield* journal.read(`contact-3f.${tenant}.1`, { from: 0, direction: "forward", limit: 100 })
  return { document, position: checkpoint?.position ?? null, events: events.length }
})

const firstMessages = Effect.fnUntraced(function* (tenant: string, count: number) {
  const bus = yield* Bus
  const options = {
    group: tenant,
    subjects: [`concordat.push.3f.${tenant}.>`],
    maxInFlight: 100,
    ackWait: "30 seconds",
  } as const
  return yield* bus.consume(options).pipe(
    Stream.take(count),
    Stream.mapEffect((delivery) => Effect.as(delivery.ack, delivery.id)),
    Stream.runCollect,
  )
})

export const commitContract = <E>(name: string, adapter: Layer.Layer<Journal | State | Bus | Commit, E>): void =>
  layer(adapter)(`Commit: ${name}`, (it) => {
    it.effect("[C1] events, documents, commands and checkpoint are there together", () =>
      Effect.gen(function* () {
        const commit = yield* Commit
        const tenant = tenantName()
        const unit = decision(tenant)
        assert.strictEqual((yield* commit.commit(unit))._tag, "Appended")
        assert.deepStrictEqual(yield* stateOf(tenant), { document: "-1", position: "-1", events: 1 })
        assert.deepStrictEqual(yield* firstMessages(tenant, 1), [unit.commands[0]!.id])
      }),
    )

    it.effect("[C2] a conflict leaves everything as it was", () =>
      Effect.gen(function* () {
        const commit = yield* Commit
        const tenant = tenantName()
        const unit = decision(tenant)
        yield* commit.commit(unit)
        const refused = { ...decision(tenant, 5), documents: [{ tenant, kind: "entity", key, value: null }] }
        const result = yield* commit.commit(refused)
        assert.deepStrictEqual(result, { _tag: "Conflict", streams: [`contact-3f.${tenant}.1`] })
        assert.deepStrictEqual(yield* stateOf(tenant), { document: "-1", position: "-1", events: 1 })
        const later = decision(tenant, 0)
        yield* commit.commit(later)
        const ids = yield* firstMessages(tenant, 2)
        assert.sameMembers([...ids], [unit.commands[0]!.id, later.commands[0]!.id])
      }),
    )

    it.effect("[C3] units at the same time do not spoil each other: of two for one revision one holds, whole", () =>
      Effect.gen(function* () {
        const commit = yield* Commit
        const tenants = Array.from({ length: 20 }, tenantName)
        const results = yield* Effect.forEach(
          [...tenants, ...tenants, ...tenants.map((tenant) => tenant)],
          (tenant, n) =>
            Effect.map(
              commit.commit({ ...decision(tenant), documents: [{ tenant, kind: "entity", key, value: String(n) }] }),
              (result) => ({ tenant, n, tag: result._tag }),
            ),
          { concurrency: "unbounded" },
        )
        for (const tenant of tenants) {
          const winners = results.filter((result) => result.tenant === tenant && result.tag === "Appended")
          assert.strictEqual(winners.length, 1)
          const found = yield* stateOf(tenant)
          assert.deepStrictEqual(found, { document: String(winners[0]!.n), position: "-1", events: 1 })
        }
      }),
    )

    it.effect("[C4] a unit may have any of its parts alone", () =>
      Effect.gen(function* () {
        const commit = yield* Commit
        const tenant = tenantName()
        const whole = decision(tenant)
        const nothing = { appends: [], documents: [], commands: [], checkpoint: null }
        const parts: ReadonlyArray<Partial<Unit>> = [
          {},
          { documents: whole.documents },
          { checkpoint: whole.checkpoint },
          { commands: whole.commands },
          { appends: whole.appends },
        ]
        for (const part of parts) assert.strictEqual((yield* commit.commit({ ...nothing, ...part }))._tag, "Appended")
        assert.deepStrictEqual(yield* stateOf(tenant), { document: "-1", position: "-1", events: 1 })
        assert.deepStrictEqual(yield* firstMessages(tenant, 1), [whole.commands[0]!.id])
      }),
    )

    it.effect("[C5] a unit over several streams is appended whole or not at all", () =>
      Effect.gen(function* () {
        const commit = yield* Commit
        const journal = yield* Journal
        const tenant = tenantName()
        const unit = decision(tenant)
        const partition = { stream: `partition-3f${tenant}`, expected: -1, events: [event()] }
        yield* commit.commit({ ...unit, appends: [...unit.appends, partition] })
        const fenced = decision(tenant, 0)
        const result = yield* commit.commit({ ...fenced, appends: [...fenced.appends, partition] })
        assert.deepStrictEqual(result, { _tag: "Conflict", streams: [partition.stream] })
        assert.deepStrictEqual(yield* stateOf(tenant), { document: "-1", position: "-1", events: 1 })
        const [last] = yield* journal.read(partition.stream, { from: "end", direction: "backward", limit: 1 })
        assert.strictEqual(last!.revision, 0)
      }),
    )

    it.effect("[C6] a commit wakes a consumer that already waits", () =>
      Effect.gen(function* () {
        const commit = yield* Commit
        const tenant = tenantName()
        const unit = decision(tenant)
        const waiting = yield* Effect.forkChild(firstMessages(tenant, 1))
        // Real time, for the consumer to have looked and found nothing.
        yield* TestClock.withLive(Effect.sleep("100 millis"))
        yield* commit.commit(unit)
        assert.deepStrictEqual(yield* Fiber.join(waiting), [unit.commands[0]!.id])
      }),
    )
  })
