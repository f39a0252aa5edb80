/** `concordat verify`: whether a store's journal holds what its facts say. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EndsWith } from "../failure.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

const COULD_NOT = 2

export const verify = Command.make(
  "verify",
  {
    store: Argument.String("store").pipe(
      Argument.withDescription("The store's file, while nothing runs on it, or kurrentdb: the server at KURRENTDB_URL"),
    ),
  },
  Effect.fnUntraced(function* ({ store }) {
    const { runVerify } = yield* lazy(() => import("../verify/run.ts"))
    const { codeOf, reportOf } = yield* lazy(() => import("../verify/report.ts"))
    const { json, tenant } = yield* concordat
    const verified = yield* runVerify({
      store,
      tenant: Option.getOrNull(tenant),
      say: (line) => Console.error(line),
    }).pipe(
      Effect.catch((error) =>
        Effect.andThen(
          Console.error(`${store} could not be verified: ${error.message}`),
          new EndsWith({ code: COULD_NOT }),
        ),
      ),
    )
    yield* Console.log(json ? JSON.stringify(verified, null, 2) : reportOf(verified))
    const code = codeOf(verified)
    if (code !== 0) return yield* new EndsWith({ code })
  }),
).pipe(Command.withDescription(SAYS.verify))
