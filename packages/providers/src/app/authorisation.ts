/** Who may speak for a connection of the app: its bearer token, and no other connection's or tenant's. */
import { createHash, timingSafeEqual } from "node:crypto"
import { AppAuthorisation, AppConnection, Unauthorised, Unavailable } from "@concordat/api/app/contract"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as HttpRouter from "effect/http/HttpRouter"
import { AppAccess } from "./AppAccess.ts"

/** Both sides are hashed first: equal lengths, so that the comparison takes as long for any token. */
export const sameToken = (given: string, wanted: string): boolean =>
  timingSafeEqual(createHash("sha256").update(given).digest(), createHash("sha256").update(wanted).digest())

export const layerAuthorisation: Layer.Layer<AppAuthorisation, never, AppAccess> = Layer.effect(
  AppAuthorisation,
  Effect.gen(function* () {
    const access = yield* AppAccess
    return AppAuthorisation.of({
      bearer: Effect.fn("app.authorise")(function* (next, { credential }) {
        const { tenant, connection } = yield* HttpRouter.params
        const at = { tenant: tenant ?? "", connection: connection ?? "" }
        const wanted = yield* Effect.mapError(
          access.token(at),
          (error) => new Unavailable({ message: error.message, retryAfterSeconds: error.retryAfterMs / 1_000 }),
        )
        // A connection that does not exist is compared all the same: its name can't be found out by time or answer.
        const same = sameToken(Redacted.value(credential), wanted === null ? "" : Redacted.value(wanted))
        if (!same || wanted === null || Redacted.value(wanted) === "") {
          return yield* new Unauthorised({ message: "this token does not open this tenant's connection" })
        }
        return yield* Effect.provideService(next, AppConnection, at)
      }),
    })
  }),
)
