/** Owns connections: polls, reads and pushes, takes what their app sends, and says how they are doing. */
import { layerAppAccess } from "@concordat/all-in-one/app-access"
import type { ConnectionPlace } from "@concordat/all-in-one/Connections"
import { changeRules, openConnection } from "@concordat/all-in-one/opening"
import { Running } from "@concordat/all-in-one/operator-handlers"
import { CONNECTORS, connectionName, makeOwner } from "@concordat/production/owners"
import { runService } from "@concordat/production/service"
import { listen, makeBoard, optionsOf } from "@concordat/production/serving"
import { layerAnswers } from "@concordat/all-in-one/server"
import { nameOfWorker, workerStatus } from "@concordat/all-in-one/worker-status"
import { supervised } from "@concordat/all-in-one/workers"
import { makeWatch } from "@concordat/engine/connection/watch"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { own } from "@concordat/engine/ownership/owning"
import type { Tenure } from "@concordat/engine/ownership/tenure"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

runService("connector", (service) =>
  Effect.gen(function* () {
    const { catalogue, config, key } = service
    const board = makeBoard(service)
    const { connections, report, workers } = board
    const compilers = makeCompilers()
    const watch = yield* makeWatch
    const tenants = new Map(config.tenants.map((tenant) => [tenant.name, tenant]))
    const running = Running.of({
      tenants: [...tenants.keys()],
      backfill: connections.readAgain,
      worker: (tenant, connection) => workerStatus(connections, workers, tenant, connection),
    })
    const server = layerAnswers(yield* optionsOf(service, board, [])).pipe(
      Layer.provide(layerAppAccess(connections, catalogue.versionsOf)),
      Layer.provide(Layer.succeed(Running, running)),
    )
    const owner = makeOwner(yield* listen(service, server))

    /** Says what the configuration says, as its owner, and works. */
    const working = Effect.fnUntraced(function* (place: ConnectionPlace, tenure: Tenure) {
      const tenant = tenants.get(place.tenant)!
      yield* changeRules(tenant)
      yield* openConnection(tenant, place.connection, place.provider.definition, key)
      return yield* connections.work(place, { compilers, watch, key, tenure })
    })
    const places = new Map(
      connections.places.map((place) => [connectionName(place.tenant, place.connection.name), place]),
    )
    yield* Effect.logInfo("connector is up", { owner, connections: places.size })
    return yield* own({
      group: CONNECTORS,
      owner,
      names: [...places.keys()],
      work: (name, tenure) => {
        const place = places.get(name)!
        const worker = nameOfWorker(place.tenant, place.connection.name)
        return supervised({ name: worker, attempts: null, report: report(worker) }, working(place, tenure)).pipe(
          Effect.orDie,
          Effect.onExit(() => Effect.sync(() => workers.delete(worker))),
        )
      },
    })
  }),
)
