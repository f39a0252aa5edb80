/** Concordat as a process: from a configuration's file to an end that comes within five seconds of a signal. */
import { layer as logging } from "@concordat/adapters/log-pino/LogPino"
import * as Effect from "effect/Effect"
import { makeConcordat } from "./Concordat.ts"
import { loadConfig } from "./config/load.ts"
import { makeCatalogue } from "./providers.ts"
import { givesBackAtRest, OF_THIS_PROCESS } from "./resting.ts"
import { stopsInTime } from "./stopping.ts"

/** Runs until it is interrupted, or until a worker that everything depends on gives up. */
export const up = Effect.fnUntraced(function* (path: string) {
  const catalogue = makeCatalogue()
  const config = yield* loadConfig(path, process.env, catalogue.providers)
  return yield* Effect.gen(function* () {
    yield* stopsInTime
    yield* Effect.forkScoped(givesBackAtRest(OF_THIS_PROCESS))
    const concordat = yield* makeConcordat(config, catalogue)
    yield* Effect.logInfo("concordat is up", { url: concordat.url, tenants: config.tenants.length })
    return yield* concordat.ended
  }).pipe(Effect.scoped, Effect.provide(logging()))
})
