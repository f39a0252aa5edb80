/** `concordat arm`: shows the plan, asks, and lets Concordat write to a connection from then on. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { connectionArgument } from "../connection-argument.ts"
import { CommandFailed } from "../failure.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

const confirmed = Effect.fnUntraced(function* (connection: string) {
  if (!process.stdin.isTTY) {
    const detail = `nobody is there to confirm the plan: "concordat arm ${connection} --yes" arms without asking`
    return yield* new CommandFailed({ detail })
  }
  const Prompt = yield* lazy(() => import("effect/cli/Prompt"))
  return yield* Prompt.run(Prompt.Confirm({ message: `Arm ${connection}?`, initial: false }))
})

export const arm = Command.make(
  "arm",
  {
    connection: connectionArgument,
    writesPerHour: Flag.Int("writes-per-hour").pipe(
      Flag.withDescription("Most writes in an hour during its first day"),
      Flag.optional,
    ),
    yes: Flag.Boolean("yes").pipe(Flag.withAlias("y"), Flag.withDescription("Do not ask"), Flag.withDefault(false)),
  },
  Effect.fnUntraced(function* ({ connection, writesPerHour, yes }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const planned = yield* lazy(() => import("./plan.ts"))
    const { by, json } = yield* concordat
    const most = Option.getOrNull(writesPerHour)
    const { MOST_WRITES_PER_HOUR } = yield* lazy(() => import("@concordat/api/operator/requests"))
    if (most !== null && (most < 1 || most > MOST_WRITES_PER_HOUR))
      return yield* new CommandFailed({
        detail: `--writes-per-hour ${most}: give 1 to ${MOST_WRITES_PER_HOUR}, or leave it out for no cap`,
      })
    const plan = yield* ask((client, tenant) => client.plan({ params: { tenant, connection } }))
    if (plan.armed && most !== null)
      return yield* new CommandFailed({
        detail: `${connection} is armed already: --writes-per-hour holds for the first day after arming`,
      })
    if (!json) yield* Console.log(planned.inWords(words, plan))
    if (plan.armed && !json) return
    if (!plan.armed && !yes && !(yield* confirmed(connection))) return
    const payload = {
      _tag: "ArmRequested" as const,
      connection,
      by,
      writesPerHour: most,
    }
    const taken = yield* ask((client, tenant) => client.request({ params: { tenant }, payload }))
    yield* answer({ ...taken, plan }, () => `${connection} will be armed`)
  }),
).pipe(Command.withDescription(SAYS.arm))
