/** `concordat plan`: what arming a connection would do. */
import type { Plan } from "@concordat/api/operator/views"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { connectionArgument } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { SAYS } from "../says.ts"

type Words = typeof import("../table.ts")

export const inWords = ({ alert, colours, count, table }: Words, plan: Plan): string => {
  const sum = (of: Readonly<Record<string, number>>): number => Object.values(of).reduce((a, b) => a + b, 0)
  const byType = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([type, n]) => `${type} ${count(n)}`)
      .join(", ")
  const rows = [
    ["linked already", count(plan.linked), ""],
    ["to create", count(sum(plan.create)), byType(plan.create)],
    ...plan.overwrite.map(({ group, records, type }) => ["to overwrite", count(records), `${type} ${group}`]),
    ...(plan.overwrite.length === 0 ? [["to overwrite", "0", ""]] : []),
    ["to archive", count(sum(plan.archive)), byType(plan.archive)],
    ["parked matches", alert(plan.park.matches), plan.park.matches === 0 ? "" : "see concordat matches"],
    ["parked conflicts", alert(plan.park.conflicts), plan.park.conflicts === 0 ? "" : "see concordat conflicts"],
    ["can't be written", alert(plan.issues.problem + plan.issues.refused), "see concordat status"],
  ]
  const state = plan.armed ? colours.green("is armed") : "is not armed: nothing is written there yet"
  const early =
    plan.backfill === "done"
      ? ""
      : `\n${colours.yellow("its first sync is not finished, so these numbers will change")}`
  return `${colours.bold(plan.connection)} ${state}${early}\n${table(["", "records", ""], rows)}`
}

export const plan = Command.make(
  "plan",
  { connection: connectionArgument },
  Effect.fnUntraced(function* ({ connection }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const found = yield* ask((client, tenant) => client.plan({ params: { tenant, connection } }))
    yield* answer(found, (of) => inWords(words, of))
  }),
).pipe(Command.withDescription(SAYS.plan))
