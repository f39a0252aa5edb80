/** Whether services of the production layout are at work: they would write between the lines of a journal that is copied. */
import { layer as postgres } from "@concordat/adapters/postgres/Postgres"
import { Leases } from "@concordat/engine/ports/Leases"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { CommandFailed } from "../failure.ts"

/** Fails where any of them holds a lease. Answers whether there was anything to ask: the state's address is not always set. */
export const checkServicesRest = Effect.gen(function* () {
  const url = yield* Config.option(Config.Redacted("POSTGRES_URL"))
  if (Option.isNone(url)) return false
  const context = yield* Layer.build(postgres({ url: url.value, applicationName: "concordat migrate", connections: 1 }))
  const leases = yield* Context.get(context, Leases).list
  const held = leases.filter(({ leftMs }) => leftMs > 0)
  if (held.length === 0) return true
  const who = [...new Set(held.map(({ owner }) => owner.slice(0, owner.indexOf("|"))))].toSorted().join(", ")
  return yield* new CommandFailed({ detail: `services are running (${who}): stop all of them first` })
}).pipe(Effect.scoped)
