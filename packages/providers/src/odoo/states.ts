/** The part of a country in an address: a name here, a record of that country there. */
import type { Json } from "@concordat/model/json"
import { foldName } from "@concordat/model/values/text"
import * as Effect from "effect/Effect"
import type { Catalog, CountryState } from "./catalog.ts"
import type { CallError } from "./errors.ts"
import type { Wanted } from "./values.ts"

/** By name or code within the country; without a country only a name that no second country has. */
export const stateNamed = (
  states: ReadonlyArray<CountryState>,
  wanted: string,
  country: Json | undefined,
): CountryState | undefined => {
  const is = (value: string) => foldName(value) === foldName(wanted)
  if (typeof country === "number") {
    const inside = states.filter((state) => state.country === country)
    return inside.find(({ name }) => is(name)) ?? inside.find(({ code }) => is(code))
  }
  const named = states.filter(({ name }) => is(name))
  return named.length === 1 ? named[0] : undefined
}

/**
 * `$state` of a partner as its `state_id`. The mapping sends an address as a whole, and with it the country. What is then
 * held is the name in full, or nothing where that country has no such part.
 */
export const placeState = (catalog: Catalog, object: string, wanted: Wanted): Effect.Effect<Wanted, CallError> => {
  const { $state, ...verbs } = wanted.verbs
  if (object !== "res.partner" || $state === undefined) return Effect.succeed(wanted)
  const placed = (id: number | false): Wanted => ({ ...wanted, verbs, vals: { ...wanted.vals, state_id: id } })
  if (typeof $state !== "string" || $state === "") return Effect.succeed(placed(false))
  return Effect.map(catalog.states, (states) => {
    const found = stateNamed(states, $state, wanted.vals["country_id"])
    return {
      ...placed(found?.id ?? false),
      ...(found?.name === $state ? {} : { held: { $state: found?.name ?? false } }),
    }
  })
}
