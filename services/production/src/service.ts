/** What the four services have in common: configuration, stores, an end within five seconds of a signal. */
import { layer as logging } from "@concordat/adapters/log-pino/LogPino"
import { runMain } from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Config } from "@concordat/all-in-one/config/Config"
import { loadConfig } from "@concordat/all-in-one/config/load"
import { listening } from "@concordat/all-in-one/listening"
import { type Catalogue, makeCatalogue } from "@concordat/all-in-one/providers"
import { givesBackAtRest, OF_THIS_PROCESS } from "@concordat/all-in-one/resting"
import { stopsInTime } from "@concordat/all-in-one/stopping"
import { type Production, readProduction } from "./environment.ts"
import type { StoreName } from "./probing.ts"
import { openStores, type Stores } from "./stores.ts"

export class KeyMissing extends Schema.TaggedError<KeyMissing>()("KeyMissing", {}) {
  override get message(): string {
    return 'key is not set in the configuration: all services need the same one, such as key: ${CONCORDAT_KEY} with what "openssl rand -hex 32" prints'
  }
}

export interface Service {
  readonly config: Config
  readonly catalogue: Catalogue
  readonly key: Redacted.Redacted
  readonly production: Production
  /** The port, which is taken before the stores are there. */
  readonly http: Effect.Success<ReturnType<typeof listening>>
}

/** `node main.ts [concordat.yaml]`. Waits for its stores, and says by health for which. `work` goes on for as long as its scope, or fails with what nothing can be done without. */
export const runService = <E extends { readonly message: string }>(
  name: string,
  work: (service: Service) => Effect.Effect<never, E, Stores | Scope.Scope>,
): void => {
  const main = Effect.gen(function* () {
    const catalogue = makeCatalogue()
    const production = yield* readProduction(process.env)
    const loaded = yield* loadConfig(process.argv[2] ?? "concordat.yaml", process.env, catalogue.providers)
    const { key } = loaded
    if (key === null) return yield* new KeyMissing()
    const config = { ...loaded, http: { ...loaded.http, port: production.port ?? loaded.http.port } }
    return yield* Effect.gen(function* () {
      yield* stopsInTime
      yield* Effect.forkScoped(givesBackAtRest(OF_THIS_PROCESS))
      const awaited = new Set<StoreName>()
      const http = yield* listening(config.http, () => [...awaited])
      const stores = yield* openStores(production, `concordat ${name}`, awaited)
      return yield* Effect.provideContext(work({ config, catalogue, http, key, production }), stores)
    }).pipe(Effect.scoped, Effect.provide(logging()), Effect.annotateLogs({ service: name }))
  })
  const report = (error: { readonly message: string }): Effect.Effect<void> =>
    Effect.sync(() => {
      process.stderr.write(`${error.message}\n`)
    })
  runMain(main.pipe(Effect.tapError(report)), {
    disableErrorReporting: true,
    // Being told to stop is the ordinary end.
    teardown: (exit, onExit) =>
      Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : Runtime.defaultTeardown(exit, onExit),
  })
}
