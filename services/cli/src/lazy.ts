/** Modules that a command needs only once it runs, so that `--help` does not wait for them. */
import * as Effect from "effect/Effect"

export const lazy = <A>(load: () => Promise<A>): Effect.Effect<A> => Effect.promise(load)
