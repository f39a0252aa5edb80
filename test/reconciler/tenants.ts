/** A large tenant whose facts stand before those of two others, and all that is decided of one. */
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import { tenantOf } from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import { observe, open } from "./facts.ts"

export const FEW = ["b", "c"]
export const TENANTS = ["large", ...FEW]

/** How many facts of the large tenant there are, for so many people. */
export const largeFacts = (people: number): number => 6 + people + 2

/** Much of the large tenant before little of two others. */
export const factsOf = Effect.fnUntraced(function* (tenants: ReadonlyArray<string>, people: number) {
  for (const tenant of tenants) {
    yield* open("app", true, tenant)
    yield* open("crm", false, tenant)
  }
  const person = (n: number) => ({ email: `p${n}@x.example`, first: `P${n}`, last: "X", title: null })
  for (const tenant of tenants) {
    for (let n = 0; n < (tenant === "large" ? people : 4); n++)
      yield* observe("crm", `${n}`, 0, 2_000 + n, person(n), tenant)
    yield* observe("app", "1", 0, 4_000, { ...person(1), title: "Countess" }, tenant)
    yield* observe("crm", "2", 1, 4_001, { ...person(2), title: "Fellow" }, tenant)
  }
})

const KINDS = ["entity", "record", "match", "due", "connection", "tenant", "question", "count", "decision"]
const MOST = 20_000

/** All that is decided of a tenant: its canonical events in their order, and its documents. */
export const decidedOf = Effect.fnUntraced(function* (tenant: string) {
  const [journal, state] = [yield* Journal, yield* State]
  const prefixes = [...ENTITY_TYPES, "decision"].map((category) => `${category}-`)
  const { events } = yield* journal.readAll({ after: null, prefixes, limit: MOST })
  const said = events
    .filter(({ stream }) => tenantOf(stream) === tenant)
    .map(({ data, id, metadata, revision, stream }) => JSON.stringify([stream, revision, id, data, metadata]))
  const documents: Array<string> = []
  for (const kind of KINDS)
    for (let after: string | null = null; ;) {
      const page: Effect.Success<ReturnType<typeof state.scan>> = yield* state.scan({
        tenant,
        kind,
        prefix: "",
        after,
        limit: 1_000,
      })
      documents.push(...page.map(({ key, value }) => `${kind} ${key} ${value}`))
      if (page.length < 1_000) break
      after = page.at(-1)!.key
    }
  return [...said, ...documents].toSorted()
})
export const decided = Effect.forEach(TENANTS, decidedOf)
