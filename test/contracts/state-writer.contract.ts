/** What every adapter of the `StateWriter` port does: documents and checkpoint together, under a lease's last epoch. */
import type { LeaseToken } from "@concordat/engine/ports/Leases"
import { State, StateWriter } from "@concordat/engine/ports/State"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"

const kind = "entity"
const tenantName = (): string => `t${randomUUID().replaceAll("-", "")}`
const unit = (tenant: string, text: string, lease: LeaseToken | null) => ({
  documents: [
    { tenant, kind, key: "a", value: text },
    { tenant, kind, key: text, value: text },
  ],
  checkpoint: { name: `reconciler-${tenant}`, position: text, eventId: `event-${text}` },
  lease,
})

/** Documents and the checkpoint's position. */
const written = Effect.fnUntraced(function* (tenant: string) {
  const state = yield* State
  const documents = yield* state.scan({ tenant, kind, prefix: "", after: null, limit: 100 })
  const checkpoint = yield* state.checkpoint(`reconciler-${tenant}`)
  return [...documents.map((one) => `${one.key}=${one.value}`), checkpoint?.position ?? null]
})
const aheadOf = (tenant: string) =>
  Effect.gen(function* () {
    return (yield* (yield* State).checkpoint(`reconciler-${tenant}`))?.ahead
  })

/** `hand` makes the token's epoch the last of its lease, waiting for who writes under the one before. */
export const stateWriterContract = <R, E>(
  name: string,
  adapter: Layer.Layer<State | StateWriter | R, E>,
  hand: (lease: LeaseToken) => Effect.Effect<void, unknown, R>,
): void =>
  layer(adapter)(`StateWriter: ${name}`, (it) => {
    it.effect("[SW1] writes documents and checkpoint together, with and without a lease", () =>
      Effect.gen(function* () {
        const { write } = yield* StateWriter
        const tenant = tenantName()
        yield* write(unit(tenant, "1", null))
        assert.deepStrictEqual(yield* written(tenant), ["1=1", "a=1", "1"])
        const lease = { name: `share/${tenant}`, epoch: 1 }
        yield* hand(lease)
        yield* write(unit(tenant, "2", lease))
        yield* write({ documents: [{ tenant, kind, key: "1", value: null }], checkpoint: null, lease })
        assert.deepStrictEqual(yield* written(tenant), ["2=2", "a=2", "2"])
      }),
    )

    it.effect("[SW7] writes what is decided beyond the checkpoint with it, and with the next one what is then", () =>
      Effect.gen(function* () {
        const { write } = yield* StateWriter
        const tenant = tenantName()
        const whole = unit(tenant, "1", null)
        const ahead = [{ tenant, position: "7", eventId: "seven" }]
        yield* write({ ...whole, checkpoint: { ...whole.checkpoint, ahead } })
        assert.deepStrictEqual(yield* aheadOf(tenant), ahead)
        yield* write(unit(tenant, "7", null))
        assert.isUndefined(yield* aheadOf(tenant))
      }),
    )

    it.effect(
      "[CE17] [SW2] an owner whose epoch is old is refused and writes nothing, also after it was repeated",
      () =>
        Effect.gen(function* () {
          const { write } = yield* StateWriter
          const tenant = tenantName()
          const [old, next] = [1, 2].map((epoch) => ({ name: `share/${tenant}`, epoch }))
          yield* hand(old!)
          yield* write(unit(tenant, "1", old!))
          yield* hand(next!)
          for (const parts of [{}, { checkpoint: null }, { documents: [] }, { documents: [], checkpoint: null }]) {
            const error = yield* Effect.flip(write({ ...unit(tenant, "2", old!), ...parts }))
            assert.strictEqual(error.reason, "fenced")
            assert.include(error.message, `lease share/${tenant} is no longer that of epoch 1`)
            assert.deepStrictEqual(yield* written(tenant), ["1=1", "a=1", "1"])
          }
          yield* write(unit(tenant, "3", next!))
          assert.deepStrictEqual(yield* written(tenant), ["1=1", "3=3", "a=3", "3"])
        }),
    )

    it.effect("[SW3] a lease that nobody ever had, or an epoch not yet given, is refused", () =>
      Effect.gen(function* () {
        const { write } = yield* StateWriter
        const tenant = tenantName()
        const lease = { name: `share/${tenant}`, epoch: 1 }
        assert.strictEqual((yield* Effect.flip(write(unit(tenant, "1", lease)))).reason, "fenced")
        yield* hand(lease)
        assert.strictEqual((yield* Effect.flip(write(unit(tenant, "1", { ...lease, epoch: 2 })))).reason, "fenced")
        assert.deepStrictEqual(yield* written(tenant), [null])
      }),
    )

    it.effect("[SW4] leases of other names do not matter", () =>
      Effect.gen(function* () {
        const { write } = yield* StateWriter
        const [one, two] = [tenantName(), tenantName()]
        const leaseOf = (tenant: string, epoch: number) => ({ name: `share/${tenant}`, epoch })
        yield* hand(leaseOf(one, 1))
        yield* hand(leaseOf(two, 7))
        yield* write(unit(one, "1", leaseOf(one, 1)))
        yield* write(unit(two, "1", leaseOf(two, 7)))
        assert.deepStrictEqual(yield* written(one), ["1=1", "a=1", "1"])
        assert.deepStrictEqual(yield* written(two), ["1=1", "a=1", "1"])
      }),
    )

    it.effect("[SW5] whatever the moment of a handover, nothing of the old owner's comes after it", () =>
      Effect.gen(function* () {
        const { write } = yield* StateWriter
        for (let round = 0; round < 10; round++) {
          const tenant = tenantName()
          const [old, next] = [1, 2].map((epoch) => ({ name: `share/${tenant}`, epoch }))
          yield* hand(old!)
          const writer = Effect.forEach(
            Array.from({ length: 20 }, (_, n) => String(100 + n)),
            (text) => write(unit(tenant, text, old!)),
            { discard: true },
          )
          const handover = Effect.andThen(hand(next!), written(tenant))
          const [stopped, found] = yield* Effect.all([Effect.result(writer), handover], { concurrency: "unbounded" })
          assert.deepStrictEqual(yield* written(tenant), found)
          if (stopped._tag === "Failure") assert.strictEqual(stopped.failure.reason, "fenced")
        }
      }),
    )

    it.effect("[SW6] clearing leaves leases as they are", () =>
      Effect.gen(function* () {
        const { write } = yield* StateWriter
        const tenant = tenantName()
        yield* hand({ name: `share/${tenant}`, epoch: 2 })
        yield* (yield* State).clear
        const error = yield* Effect.flip(write(unit(tenant, "1", { name: `share/${tenant}`, epoch: 1 })))
        assert.strictEqual(error.reason, "fenced")
        yield* write(unit(tenant, "2", { name: `share/${tenant}`, epoch: 2 }))
        assert.deepStrictEqual(yield* written(tenant), ["2=2", "a=2", "2"])
      }),
    )
  })
