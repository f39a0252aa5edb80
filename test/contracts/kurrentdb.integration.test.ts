/** The journal over the official client keeps the contract: on a server of ours that speaks the protocol, and on a real one. */
import { layer } from "@concordat/adapters/kurrentdb/KurrentDb"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { startServer } from "../kurrent-server/server.ts"
import { journalContract } from "./journal.contract.ts"
import { realServer } from "./real-kurrentdb.ts"

/** What a stream forgets stays in the log until it is scavenged. */
const traits = { keepsForgotten: true }

interface Running {
  readonly connectionString: string
  readonly stop: () => void | Promise<void>
}
const on = (start: () => Promise<Running>) =>
  Layer.unwrap(
    Effect.map(
      Effect.acquireRelease(Effect.promise(start), ({ stop }) => Effect.promise(async () => stop())),
      ({ connectionString }) => layer({ connectionString: Redacted.make(connectionString) }),
    ),
  )

journalContract(
  "KurrentDB 25.1, protocol only",
  on(() => startServer({ many: true })),
  traits,
)
journalContract(
  "EventStoreDB 23.10, protocol only",
  on(() => startServer({ many: false })),
  traits,
)

const real = realServer()
switch (real._tag) {
  case "Given": {
    const { connectionString } = real
    journalContract(
      "real KurrentDB at KURRENTDB_URL",
      layer({ connectionString: Redacted.make(connectionString) }),
      traits,
    )
    break
  }
  case "Container":
    journalContract("real KurrentDB in a container", on(real.start), traits)
    break
  case "None":
    describe("Journal: real KurrentDB", () => {
      it.skip(real.reason, () => undefined)
    })
}
