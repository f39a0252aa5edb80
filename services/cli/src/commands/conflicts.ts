/** `concordat conflicts`: values that both sides changed and that a person has to choose between. */
import type { Conflicts } from "@concordat/api/operator/views"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { anyConnection } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { checkedLimit, limitFlag } from "../limit.ts"
import { SAYS } from "../says.ts"

const inWords = (
  { colours, table, time, value }: typeof import("../table.ts"),
  { items, next }: Conflicts,
  after: string | null,
): string => {
  if (items.length === 0) return after === null ? "no conflict waits" : `nothing comes after ${after}`
  const rows = items.map((of) => [
    of.connection,
    `${of.type}:${of.id}`,
    of.group,
    value(of.ours.value),
    value(of.theirs.view),
    of.rule,
    time(of.at),
  ])
  const head = ["connection", "entity", "group", "entity's value", "connection's value", "rule", "since"]
  const more = next === null ? "" : `\n${colours.dim(`more: --after '${next}'`)}`
  const how = colours.dim("settle one: concordat resolve <connection> <entity> <group> --keep entity|connection")
  return `${table(head, rows)}${more}\n${how}`
}

export const conflicts = Command.make(
  "conflicts",
  {
    connection: anyConnection,
    after: Flag.String("after").pipe(Flag.withDescription("Go on behind a page"), Flag.optional),
    limit: limitFlag,
  },
  Effect.fnUntraced(function* ({ after, connection, limit }) {
    yield* checkedLimit(limit)
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const query = { connection: Option.getOrUndefined(connection), after: Option.getOrUndefined(after), limit }
    const found = yield* ask((client, tenant) => client.conflicts({ params: { tenant }, query }))
    yield* answer(found, (of) => inWords(words, of, Option.getOrNull(after)))
  }),
).pipe(Command.withDescription(SAYS.conflicts))
