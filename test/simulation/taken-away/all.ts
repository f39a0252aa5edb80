/** Every rule that is taken away, in the order of `docs/rules.md`. */
import { ALWAYS } from "./always.ts"
import { COUNTEREXAMPLES } from "./counterexamples.ts"
import { IDENTITY } from "./identity.ts"
import type { Mutation } from "./mutation.ts"
import { OBSERVATION } from "./observation.ts"

export const MUTATIONS: ReadonlyArray<Mutation> = [...OBSERVATION, ...IDENTITY, ...ALWAYS, ...COUNTEREXAMPLES]
