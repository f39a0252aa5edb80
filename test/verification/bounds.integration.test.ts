/** What a verification leaves open: facts that the engine has not decided yet, and facts that are forgotten. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { Journal, type RecordedEvent } from "@concordat/engine/ports/Journal"
import { type Checkpoint, State } from "@concordat/engine/ports/State"
import { verify } from "@concordat/engine/verification/verify"
import { inputOf } from "@concordat/engine/ownership/shares"
import { tenantOf } from "@concordat/model/streams"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { store } from "../engine/system.ts"
import { lived } from "./stores.ts"

const factsIn = Effect.gen(function* () {
  const journal = yield* Journal
  return (yield* journal.readAll({ after: null, prefixes: inputOf(""), limit: 10_000 })).events
})

const checkpointAt = ({ id, position }: RecordedEvent): Checkpoint => ({ name: "reconciler", position, eventId: id })

/** Verified as if the engine had come as far as the checkpoint says. */
const verifiedUntil = Effect.fnUntraced(function* (checkpoint: Checkpoint | null) {
  const scratch = yield* Layer.build(Layer.fresh(sqlite({ path: ":memory:", inPlace: true })))
  const state = { ...(yield* State), checkpoint: () => Effect.succeed(checkpoint) }
  const onProgress = () => Effect.void
  const all = yield* verify({ journal: yield* Journal, state, scratch, shares: [""], tenant: null, onProgress })
  assert.lengthOf(all, 1)
  return all[0]!
}, Effect.scoped)

const over = <A, E>(work: Effect.Effect<A, E, Journal | State>) =>
  Effect.andThen(lived, work).pipe(Effect.scoped, Effect.provide(Layer.fresh(store), { local: true }))

describe("a verification", () => {
  it.effect("leaves out what was decided from facts beyond the engine's checkpoint, and tells how much", () =>
    over(
      Effect.gen(function* () {
        const facts = yield* factsIn
        const whole = yield* verifiedUntil(null)
        assert.deepStrictEqual([whole.facts, whole.drift, whole.later], [facts.length, 0, 0])
        const some = Math.floor(facts.length / 2)
        const half = yield* verifiedUntil(checkpointAt(facts[some - 1]!))
        assert.deepStrictEqual([half.facts, half.drift], [some, 0])
        assert.isAbove(half.later, 0)
        assert.strictEqual(half.events + half.later, whole.events)
      }),
    ),
  )

  it.effect("compares what a tenant is decided ahead of the engine's checkpoint", () =>
    over(
      Effect.gen(function* () {
        const facts = yield* factsIn
        const whole = yield* verifiedUntil(null)
        const [few, some] = [Math.floor(facts.length / 4), Math.floor(facts.length / 2)]
        const place = facts[some - 1]!
        const ahead = [{ tenant: tenantOf(place.stream), position: place.position, eventId: place.id }]
        const half = yield* verifiedUntil({ ...checkpointAt(facts[few - 1]!), ahead })
        assert.deepStrictEqual([half.facts, half.drift], [some, 0])
        assert.isAbove(half.later, 0)
        assert.strictEqual(half.events + half.later, whole.events)
        const foreign = [{ ...ahead[0]!, eventId: "another" }]
        const error = yield* Effect.flip(verifiedUntil({ ...checkpointAt(facts[few - 1]!), ahead: foreign }))
        assert.match(error.message, /^the state was made from another journal/)
      }),
    ),
  )

  it.effect("leaves out what a tenant is behind the engine's checkpoint", () =>
    over(
      Effect.gen(function* () {
        const facts = yield* factsIn
        const whole = yield* verifiedUntil(null)
        const [few, some] = [Math.floor(facts.length / 4), Math.floor(facts.length / 2)]
        const [place, until] = [facts[few - 1]!, facts[some - 1]!]
        const at = { tenant: tenantOf(place.stream), position: place.position, eventId: place.id }
        const half = yield* verifiedUntil({ ...checkpointAt(until), behind: [{ ...at, until: until.position }] })
        assert.deepStrictEqual([half.facts, half.drift], [few, 0])
        assert.isAbove(half.later, 0)
        assert.strictEqual(half.events + half.later, whole.events)
      }),
    ),
  )

  it.effect("of a state that another journal made says so", () =>
    over(
      Effect.gen(function* () {
        const [first] = yield* factsIn
        const foreign = { ...checkpointAt(first!), eventId: "another" }
        const { message } = yield* Effect.flip(verifiedUntil(foreign))
        assert.match(message, /^the state was made from another journal/)
      }),
    ),
  )

  it.effect("calls nothing drift where the beginning of a record, or all of it, is forgotten", () =>
    over(
      Effect.gen(function* () {
        const journal = yield* Journal
        const records = (yield* factsIn).filter(({ stream }) => stream.startsWith("record-"))
        const changed = records.find(({ revision }) => revision > 0)!.stream
        yield* journal.truncate(changed, 1)
        const late = yield* verifiedUntil(null)
        assert.strictEqual(late.drift, 0)
        assert.isAbove(late.untold, 0)
        assert.include(late.forgotten.first, `${changed}, before 1`)
        yield* journal.delete(changed)
        const gone = yield* verifiedUntil(null)
        assert.strictEqual(gone.drift, 0)
        assert.isAbove(gone.untold, 0)
        const ids = records.filter(({ stream }) => stream === changed).map(({ id }) => `fact ${id}`)
        assert.isTrue(
          gone.forgotten.first.some((one) => ids.includes(one)),
          gone.forgotten.first.join(),
        )
      }),
    ),
  )
})
