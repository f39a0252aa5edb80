/** The bus on NATS JetStream keeps the contract of the port, also when its whole store is taken away. */
import { layer } from "@concordat/adapters/nats/Nats"
import { acquireOwn, givenUrl, missingOwn, type OwnServer } from "@concordat/adapters/nats/testing/server"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { describe, it } from "vitest"
import { busContract } from "./bus.contract.ts"

const now = TestClock.withLive(Clock.currentTimeMillis)
const elapse = (duration: Parameters<typeof Effect.sleep>[0]) => TestClock.withLive(Effect.sleep(duration))

const skipped = (reason: string) =>
  describe.skip(`Bus: NATS (${reason})`, () => it("keeps the contract", () => undefined))

if (givenUrl !== null)
  busContract("NATS at NATS_URL", layer({ address: Redacted.make(givenUrl) }), { elapse, now, window: false })
if (missingOwn !== null) skipped(missingOwn)
else {
  let server: OwnServer | null = null
  const lose = Effect.promise(async () => {
    await server?.stop("SIGKILL")
    server?.wipe()
    await server?.start()
  })
  const bus = Layer.unwrap(
    Effect.map(acquireOwn(), (own) => {
      server = own
      return layer({ address: Redacted.make(own.url) })
    }),
  )
  busContract("NATS", bus, { elapse, now, window: false, lose })
}
