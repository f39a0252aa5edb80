/** What every adapter of the `Leases` port does. */
import { Leases } from "@concordat/engine/ports/Leases"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"

/** Ends while a test waits for it, and may do so before: it shows nothing but that it ends. */
const TTL = 400
/** Does not end while a test runs, however slow the machine is. */
const LONG = 600_000

/** `pass` lets so many ms go by on the store's clock. */
export const leasesContract = <E>(
  title: string,
  adapter: Layer.Layer<Leases, E>,
  pass: (ms: number) => Effect.Effect<void>,
): void =>
  layer(adapter)(`Leases: ${title}`, (it) => {
    const unique = (count: number) => Array.from({ length: count }, (_, n) => `share/${randomUUID()}-${n}`)

    it.effect("[L1] who claims a free lease holds it alone, with an epoch higher than any before", () =>
      Effect.gen(function* () {
        const leases = yield* Leases
        const claim = (owner: string, name: string, ttlMs: number) =>
          leases.claim({ owner, names: [name], most: 1, ttlMs })
        const [held, ended] = unique(2) as [string, string]
        assert.deepStrictEqual(yield* claim("a", held, LONG), [{ name: held, epoch: 1 }])
        assert.deepStrictEqual(yield* claim("b", held, LONG), [])
        assert.deepStrictEqual(yield* claim("a", ended, TTL), [{ name: ended, epoch: 1 }])
        yield* pass(TTL + 50)
        assert.deepStrictEqual(yield* claim("b", ended, LONG), [{ name: ended, epoch: 2 }])
        assert.deepStrictEqual(yield* claim("a", ended, LONG), [])
      }),
    )

    it.effect("[L2] of many that claim at once each lease goes to one", () =>
      Effect.gen(function* () {
        const leases = yield* Leases
        const names = unique(12)
        const owners = Array.from({ length: 6 }, (_, n) => `owner ${n}`)
        const claimed = yield* Effect.forEach(owners, (owner) => leases.claim({ owner, names, most: 4, ttlMs: LONG }), {
          concurrency: "unbounded",
        })
        for (const some of claimed) assert.isAtMost(some.length, 4)
        const all = claimed.flat().map(({ name }) => name)
        assert.strictEqual(new Set(all).size, all.length)
        // What a collision left over is there for the next try.
        for (const owner of owners)
          all.push(
            ...(yield* leases.claim({ owner: `${owner} again`, names, most: 12, ttlMs: LONG })).map((one) => one.name),
          )
        assert.deepStrictEqual(all.toSorted(), names.toSorted())
      }),
    )

    it.effect("[L3] what is prolonged goes on; what has ended, or is another's, is not prolonged", () =>
      Effect.gen(function* () {
        const leases = yield* Leases
        const names = unique(2)
        const own = [
          ...(yield* leases.claim({ owner: "a", names: names.slice(0, 1), most: 1, ttlMs: LONG / 4 })),
          ...(yield* leases.claim({ owner: "a", names: names.slice(1), most: 1, ttlMs: TTL })),
        ]
        assert.deepStrictEqual(yield* leases.renew({ owner: "a", leases: own.slice(0, 1), ttlMs: LONG }), [names[0]!])
        const prolonged = (yield* leases.list).find(({ name }) => name === names[0])
        assert.isAbove(prolonged!.leftMs, LONG / 4)
        yield* pass(TTL + 50)
        const renewed = yield* leases.renew({ owner: "a", leases: own, ttlMs: LONG })
        assert.deepStrictEqual(renewed, [own[0]!.name])
        assert.deepStrictEqual(yield* leases.renew({ owner: "b", leases: own, ttlMs: LONG }), [])
        const former = own.map((one) => ({ ...one, epoch: one.epoch - 1 }))
        assert.deepStrictEqual(yield* leases.renew({ owner: "a", leases: former, ttlMs: LONG }), [])
      }),
    )

    it.effect("[L4] a lease that is given back is free at once; another's is not", () =>
      Effect.gen(function* () {
        const leases = yield* Leases
        const names = unique(1)
        const own = yield* leases.claim({ owner: "a", names, most: 1, ttlMs: LONG })
        yield* leases.release({ owner: "b", leases: own })
        assert.deepStrictEqual(yield* leases.claim({ owner: "b", names, most: 1, ttlMs: LONG }), [])
        yield* leases.release({ owner: "a", leases: own })
        assert.deepStrictEqual(yield* leases.claim({ owner: "b", names, most: 1, ttlMs: LONG }), [
          { name: names[0]!, epoch: 2 },
        ])
      }),
    )

    it.effect("[L5] an owner that has lost sight of its own lease gets it anew, with another epoch", () =>
      Effect.gen(function* () {
        const leases = yield* Leases
        const names = unique(1)
        yield* leases.claim({ owner: "a", names, most: 1, ttlMs: LONG })
        assert.deepStrictEqual(yield* leases.claim({ owner: "a", names, most: 1, ttlMs: LONG }), [
          { name: names[0]!, epoch: 2 },
        ])
      }),
    )

    it.effect("[L8] epochs go on behind one that the journal knows, and only from the lease that is held", () =>
      Effect.gen(function* () {
        const leases = yield* Leases
        const names = unique(1)
        const claim = (owner: string) => leases.claim({ owner, names, most: 1, ttlMs: LONG })
        const [lease] = yield* claim("a")
        yield* leases.surpass({ lease: lease!, epoch: 7 })
        assert.deepStrictEqual(yield* leases.renew({ owner: "a", leases: [lease!], ttlMs: LONG }), [])
        assert.deepStrictEqual(yield* claim("b"), [{ name: names[0]!, epoch: 8 }])
        // A former owner knows nothing that counts.
        yield* leases.surpass({ lease: lease!, epoch: 20 })
        assert.deepStrictEqual(yield* claim("a"), [])
        assert.strictEqual((yield* leases.list).find(({ name }) => name === names[0])?.epoch, 8)
      }),
    )

    it.effect("[L6] counts the owners of a group that are there, and no others", () =>
      Effect.gen(function* () {
        const leases = yield* Leases
        const [group, other] = [randomUUID(), randomUUID()]
        const attend = (owner: string, ttlMs = LONG) => leases.attend({ group, owner, ttlMs })
        yield* leases.attend({ group: other, owner: "x", ttlMs: LONG })
        assert.strictEqual(yield* attend("a"), 1)
        assert.strictEqual(yield* attend("b"), 2)
        assert.strictEqual(yield* attend("a"), 2)
        yield* attend("b", TTL)
        yield* pass(TTL + 50)
        assert.strictEqual(yield* attend("a"), 1)
        yield* attend("c")
        yield* leases.leave({ group, owner: "c" })
        assert.strictEqual(yield* attend("a"), 1)
      }),
    )

    it.effect("[L7] lists every lease with its owner and what is left of it", () =>
      Effect.gen(function* () {
        const leases = yield* Leases
        const names = unique(2)
        yield* leases.claim({ owner: "a", names: names.slice(0, 1), most: 1, ttlMs: LONG })
        yield* leases.claim({ owner: "b", names: names.slice(1), most: 1, ttlMs: TTL })
        yield* pass(TTL + 50)
        const mine = (yield* leases.list).filter(({ name }) => names.includes(name))
        assert.deepStrictEqual(
          mine.map(({ name }) => name),
          names.toSorted(),
        )
        const byName = new Map(mine.map((one) => [one.name, one]))
        const [first, second] = [byName.get(names[0]!)!, byName.get(names[1]!)!]
        assert.strictEqual(first.owner, "a")
        assert.isTrue(first.leftMs > LONG / 2 && first.leftMs <= LONG)
        assert.strictEqual(second.leftMs, 0)
      }),
    )
  })
