/** Who may ask as the operator: whoever has the token. */
import { OperatorToken } from "@concordat/api/operator/contract"
import { Unauthorized } from "@concordat/api/operator/failures"
import { sameToken } from "@concordat/providers/app/authorisation"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

export const layerOperatorToken = (token: Redacted.Redacted): Layer.Layer<OperatorToken> =>
  Layer.succeed(
    OperatorToken,
    OperatorToken.of({
      bearer: Effect.fnUntraced(function* (next, { credential }) {
        const wanted = Redacted.value(token)
        if (wanted === "" || !sameToken(Redacted.value(credential), wanted)) return yield* new Unauthorized()
        return yield* next
      }),
    }),
  )
