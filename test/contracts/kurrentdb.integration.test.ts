/** The journal over the official client keeps the contract, on a server of ours that speaks the protocol. */
import { layer } from "@concordat/adapters/kurrentdb/KurrentDb"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { startServer } from "../kurrent-server/server.ts"
import { journalContract } from "./journal.contract.ts"

const served = (many: boolean) =>
  Layer.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.promise(() => startServer({ many })),
        (server) => Effect.promise(server.stop),
      ),
      ({ connectionString }) => layer({ connectionString: Redacted.make(connectionString) }),
    ),
  )

journalContract("KurrentDB 25.1, protocol only", served(true), { keepsForgotten: true })
journalContract("EventStoreDB 23.10, protocol only", served(false), { keepsForgotten: true })
