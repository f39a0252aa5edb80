/** What each service of the production layout answers by HTTP, and who it is to the others. */
import type { Bus } from "@concordat/engine/ports/Bus"
import type { Journal } from "@concordat/engine/ports/Journal"
import type { Leases } from "@concordat/engine/ports/Leases"
import type { State } from "@concordat/engine/ports/State"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import { Connections, placesOf } from "@concordat/all-in-one/Connections"
import { makeRecording } from "@concordat/all-in-one/metrics/recording"
import type { ServerOptions } from "@concordat/all-in-one/server"
import type { WorkerState } from "@concordat/all-in-one/workers"
import { addressOf } from "./environment.ts"
import { connectionName, termsOf } from "./owners.ts"
import { type StoreName, storesAway } from "./probing.ts"
import type { Service } from "./service.ts"

/** What a service counts and keeps of its workers. */
export const makeBoard = ({ catalogue, config }: Service) => {
  const recording = makeRecording()
  const workers = new Map<string, WorkerState>()
  return {
    recording,
    workers,
    connections: new Connections(placesOf(config, catalogue), recording),
    report: (name: string) => (state: WorkerState) => void workers.set(name, state),
  }
}
export type Board = ReturnType<typeof makeBoard>

/** `tenants`: those whose numbers this service shows; of all services one shows them, or sums would count them
 * twice. `needed`: the stores without which it is not ready. */
export const optionsOf = Effect.fnUntraced(function* (
  { config }: Service,
  { connections, recording, workers }: Board,
  tenants: ReadonlyArray<string>,
  needed: ReadonlyArray<StoreName> = ["journal", "state"],
) {
  const stores = yield* Effect.context<Journal | State | Bus>()
  const owned = yield* Effect.context<Leases>()
  const terms = termsOf(connections.places.map((one) => connectionName(one.tenant, one.connection.name)))
  const options: ServerOptions = {
    http: config.http,
    health: { workers, needs: [], stores: { away: Effect.provideContext(storesAway, stores), needed } },
    metrics: {
      tenants,
      connections,
      workers,
      recording,
      ...(tenants.length === 0 ? {} : { leases: Effect.provideContext(terms, owned) }),
    },
  }
  return options
})

/** Answers for as long as the scope, at the port that the service has, and says how the other services reach it. */
export const listen = Effect.fnUntraced(function* <E, R>(
  { config, http, production }: Service,
  answers: Layer.Layer<never, E, R>,
) {
  yield* Effect.provideContext(Layer.build(answers), http)
  const { address } = Context.get(http, HttpServer.HttpServer)
  return addressOf(production, "port" in address ? address.port : config.http.port)
})
