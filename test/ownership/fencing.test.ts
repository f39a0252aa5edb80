/** A former owner that was stopped and goes on after the handover: it adds no event, writes no state and calls no provider. */
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { takeFence } from "@concordat/engine/flows/partition-fence"
import { makeSplitCommit } from "@concordat/engine/flows/split-commit"
import { own } from "@concordat/engine/ownership/owning"
import { fenceStreamOf, ShareDigits, shareOf } from "@concordat/engine/ownership/shares"
import { Bus } from "@concordat/engine/ports/Bus"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { leaseName, Leases, type LeaseToken } from "@concordat/engine/ports/Leases"
import { State } from "@concordat/engine/ports/State"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { World } from "../engine/synthetic.ts"
import { definitionOf } from "../engine/synthetic-traits.ts"
import { entities, eventsOf, openConnection, START, store, TENANT } from "../engine/system.ts"
import { LeaseTable } from "./memory-leases.ts"

const splitStores = <A, E, R>(table: LeaseTable, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const stores = { journal: yield* Journal, bus: yield* Bus, state: yield* table.writer }
    return yield* Effect.provideService(effect, Commit, Commit.of(makeSplitCommit(stores)))
  }).pipe(Effect.provideService(ShareDigits, 1), Effect.provide(store, { local: true }))

const claim = (table: LeaseTable, owner: string, name: string) =>
  Effect.map(table.leases.claim({ owner, names: [name], most: 1, ttlMs: 1_000 }), ([lease]): LeaseToken => lease!)

const SHARE = shareOf(1, TENANT)
const person = (id: string, first: string) => ({
  object: "person",
  id,
  values: { mail: `${first.toLowerCase()}@x.example`, first, last: "Lovelace", job: "Countess" },
})

const worker = Effect.fnUntraced(function* (world: World, lease: LeaseToken) {
  const handle = yield* makeConnection({
    tenant: TENANT,
    connection: "crm",
    definition: definitionOf(world.traits),
    connector: world.connector(),
    compilers: makeCompilers(),
    lease,
  })
  yield* Effect.forkScoped(handle.run)
  yield* TestClock.adjust(200)
  return handle
})

describe("fencing", () => {
  it.effect("[CE17] a former owner of a partition that wakes up appends nothing, and leaves the state as it is", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const table = new LeaseTable()
      const lease = leaseName("reconciler", SHARE)
      yield* splitStores(
        table,
        Effect.gen(function* () {
          const [journal, state] = [yield* Journal, yield* State]
          const world = new World({ changes: "none" })
          yield* openConnection("crm", { world })
          const former = yield* makeReconciler(makeCompilers(), {
            share: SHARE,
            lease: yield* claim(table, "a", lease),
          })
          assert.strictEqual(yield* former.drain, 2)
          const fed = yield* worker(world, yield* claim(table, "w", leaseName("worker", "acme.crm")))
          yield* fed.submit([person("1", "Ada")])

          // `former` sleeps; its lease ends and another begins.
          yield* TestClock.adjust(2_000)
          const owner = yield* makeReconciler(makeCompilers(), { share: SHARE, lease: yield* claim(table, "b", lease) })
          assert.isAbove(yield* owner.drain, 0)
          assert.lengthOf(yield* entities, 1)
          const [end, checkpoint] = [yield* journal.end, yield* state.checkpoint(`reconciler-${SHARE}`)]

          // What it decides now is refused at its first word: before anything is read again it says who it is.
          const fault = yield* Effect.flip(former.drain)
          assert.strictEqual(fault._tag === "ReconcilerStopped" ? fault.reason : fault._tag, "fenced")
          assert.strictEqual(yield* journal.end, end)
          assert.deepStrictEqual(yield* state.checkpoint(`reconciler-${SHARE}`), checkpoint)
          const words = yield* journal.read(fenceStreamOf(SHARE), { from: 0, direction: "forward", limit: 100 })
          assert.deepStrictEqual(
            words.map(({ metadata }) => metadata["epoch"]),
            ["1", "2", "2"],
          )
        }),
      )
    }).pipe(Effect.scoped),
  )

  it.effect("[CE17] a partition's owner that is stopped between deciding and committing appends nothing either", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const table = new LeaseTable()
      const lease = leaseName("reconciler", SHARE)
      yield* splitStores(
        table,
        Effect.gen(function* () {
          const stores = yield* Effect.context<Journal | State>()
          const [journal, commit] = [yield* Journal, yield* Commit]
          const world = new World({ changes: "none" })
          yield* openConnection("crm", { world })
          const fed = yield* worker(world, yield* claim(table, "w", leaseName("worker", "acme.crm")))
          yield* fed.submit([person("1", "Ada")])
          const first = yield* claim(table, "a", lease)
          // Stopped at its first commit; meanwhile another owner does all of it.
          let isStopped = false
          const stopping = Commit.of({
            commit: (unit) =>
              Effect.gen(function* () {
                if (!isStopped) {
                  isStopped = true
                  yield* TestClock.adjust(2_000)
                  const second = yield* claim(table, "b", lease)
                  const owner = yield* makeReconciler(makeCompilers(), { share: SHARE, lease: second }).pipe(
                    Effect.provideService(Commit, commit),
                  )
                  yield* Effect.orDie(owner.drain)
                }
                return yield* commit.commit(unit)
              }).pipe(Effect.provideContext(stores)),
          })
          const former = yield* makeReconciler(makeCompilers(), { share: SHARE, lease: first }).pipe(
            Effect.provideService(Commit, stopping),
          )
          const fault = yield* Effect.flip(former.drain)
          assert.include(["ReconcilerStopped", "StateError"], fault._tag)
          const words = yield* journal.read(fenceStreamOf(SHARE), { from: 0, direction: "forward", limit: 100 })
          // After the second owner's first word there is none of the first's.
          const epochs = words.map(({ metadata }) => Number(metadata["epoch"]))
          assert.deepStrictEqual(epochs, epochs.toSorted())
          assert.lengthOf(yield* entities, 1)
          assert.lengthOf(yield* eventsOf("ContactCreated"), 1)
        }),
      )
    }).pipe(Effect.scoped),
  )

  it.effect("[CE17] a connection's former owner is refused though its successor has written nothing yet", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const table = new LeaseTable()
      const name = leaseName("worker", "acme.crm")
      yield* splitStores(
        table,
        Effect.gen(function* () {
          const world = new World({ changes: "none" })
          yield* openConnection("crm", { world })
          const former = yield* worker(world, yield* claim(table, "a", name))
          yield* former.submit([person("1", "Ada")])
          yield* TestClock.adjust(2_000)
          yield* worker(world, yield* claim(table, "b", name))
          const fault = yield* Effect.flip(former.submit([person("2", "Alan")]))
          assert.strictEqual(fault.reason, "fenced")
          assert.lengthOf(yield* eventsOf("RecordObserved"), 1)
        }),
      )
    }).pipe(Effect.scoped),
  )

  it.effect(
    "owners of a table of leases that was lost go on behind those before, whatever epochs the journal knows",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(START)
        const [lost, anew] = [new LeaseTable(), new LeaseTable()]
        const name = leaseName("reconciler", SHARE)
        yield* splitStores(
          anew,
          Effect.gen(function* () {
            const journal = yield* Journal
            for (const owner of ["a", "a", "a"]) {
              const lease = yield* claim(lost, owner, name)
              yield* takeFence(journal, SHARE, lease)
            }
            const world = new World({ changes: "none" })
            yield* openConnection("crm", { world })
            const running = yield* own({
              group: "reconciler",
              owner: "b",
              names: [SHARE],
              work: (share, { lease }) =>
                Effect.flatMap(
                  makeReconciler(makeCompilers(), {
                    share,
                    lease,
                    surpass: (epoch) => Effect.ignore(anew.leases.surpass({ lease, epoch })),
                  }),
                  ({ run }) => run,
                ).pipe(
                  Effect.andThen(Effect.never),
                  Effect.catch(() => Effect.never),
                ),
            }).pipe(Effect.provideService(Leases, anew.leases), Effect.forkScoped)
            for (let n = 0; n < 20; n++) yield* TestClock.adjust(500)
            const checkpoint = yield* (yield* State).checkpoint(`reconciler-${SHARE}`)
            assert.isNotNull(checkpoint)
            const words = yield* journal.read(fenceStreamOf(SHARE), { from: 0, direction: "forward", limit: 100 })
            assert.deepStrictEqual(words.map(({ metadata }) => metadata["epoch"]).slice(0, 4), ["1", "2", "3", "4"])
            yield* Fiber.interrupt(running)
          }),
        )
      }).pipe(Effect.scoped),
  )
})
