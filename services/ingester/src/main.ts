/** Takes webhooks: verified, durable, answered. It owns nothing and calls no provider, so there may be any number. */
import { connectionName } from "@concordat/production/owners"
import { runService } from "@concordat/production/service"
import { listen, makeBoard, optionsOf } from "@concordat/production/serving"
import { makeReceivers } from "@concordat/production/receivers"
import { serve } from "@concordat/all-in-one/server"
import { layerWebhooks } from "@concordat/all-in-one/webhooks"
import * as Effect from "effect/Effect"

runService("ingester", (service) =>
  Effect.gen(function* () {
    const board = makeBoard(service)
    const receivers = yield* makeReceivers(board.connections.places, service.key)
    const webhooks = layerWebhooks({
      publicUrl: service.config.http.publicUrl,
      receiver: (tenant, connection) => receivers.get(connectionName(tenant, connection)) ?? "unknown",
    })
    // A webhook is taken with the journal alone, and a balancer is to send them here as long as they are.
    const options = yield* optionsOf(service, board, [], ["journal"])
    const address = yield* listen(service, serve(webhooks, options))
    yield* Effect.logInfo("ingester is up", { address, connections: receivers.size })
    return yield* Effect.never
  }),
)
