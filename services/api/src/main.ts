/** Answers operators and the product: from the stores, or through the process that owns the connection in question. */
import { Running } from "@concordat/all-in-one/operator-handlers"
import { layerDescription } from "@concordat/production/description"
import { forward } from "@concordat/production/forward"
import { makeOwnersWord } from "@concordat/production/owners-word"
import { ownersOf } from "@concordat/production/owners"
import { runService } from "@concordat/production/service"
import { listen, makeBoard, optionsOf } from "@concordat/production/serving"
import { tooLarge } from "@concordat/all-in-one/requests"
import { operatorRoutes, serve } from "@concordat/all-in-one/server"
import { ShareDigits } from "@concordat/engine/ownership/shares"
import type { Leases } from "@concordat/engine/ports/Leases"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"

runService("api", (service) =>
  Effect.gen(function* () {
    const { http, tenants } = service.config
    const board = makeBoard(service)
    const leases = yield* Effect.context<Leases>()
    const word = yield* makeOwnersWord(http.token)
    const names = tenants.map(({ name }) => name)
    const digits = yield* ShareDigits
    const running = Running.of({
      tenants: names,
      backfill: word.backfill,
      worker: word.worker,
      owners: (tenant) =>
        ownersOf(tenant).pipe(Effect.provideContext(leases), Effect.provideService(ShareDigits, digits)),
    })

    /** Tokens are looked at by the owner, which knows them too. */
    const app = HttpRouter.use((router) =>
      router.add(
        "*",
        "/v1/:tenant/:connection/*",
        Effect.gen(function* () {
          const { connection = "", tenant = "" } = yield* HttpRouter.params
          if (board.connections.configured(tenant, connection)?.provider.definition.isApp !== true)
            return HttpServerResponse.empty({ status: 401 })
          return yield* forward(tenant, connection)
        }).pipe(
          Effect.catchTags({
            HttpServerError: () => Effect.succeed(tooLarge),
            StateError: () => Effect.succeed(HttpServerResponse.empty({ status: 503 })),
          }),
          Effect.provideContext(leases),
        ),
      ),
    )
    const operator = operatorRoutes(http.token).pipe(Layer.provide(Layer.succeed(Running, running)))
    const routes = Layer.mergeAll(operator, app, layerDescription)
    const address = yield* listen(service, serve(routes, yield* optionsOf(service, board, names)))
    yield* Effect.logInfo("api is up", { address, tenants: names.length })
    return yield* Effect.never
  }),
)
