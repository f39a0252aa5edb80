/** `concordat matches`: records that may be one of several entities, and that a person has to tell apart. */
import type { Matches } from "@concordat/api/operator/views"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { anyConnection } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { checkedLimit, limitFlag } from "../limit.ts"
import { SAYS } from "../says.ts"

const inWords = (
  { colours, table, time }: typeof import("../table.ts"),
  { items, next }: Matches,
  after: string | null,
): string => {
  if (items.length === 0) return after === null ? "no match waits" : `nothing comes after ${after}`
  const rows = items.map((of) => [
    of.connection,
    `${of.object}:${of.id}`,
    of.reason,
    of.candidates
      .map(
        ({ id, records }) =>
          `${of.type}:${id}${records.map((at) => ` ${at.connection} ${at.object}:${at.id}`).join(",")}`,
      )
      .join("\n"),
    time(of.at),
  ])
  const more = next === null ? "" : `\n${colours.dim(`more: --after '${next}'`)}`
  const how = colours.dim(
    "settle one: concordat match <connection> <record> <entity>, or with --new instead of an entity",
  )
  return `${table(["connection", "record", "reason", "may be", "since"], rows)}${more}\n${how}`
}

export const matches = Command.make(
  "matches",
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
    const found = yield* ask((client, tenant) => client.matches({ params: { tenant }, query }))
    yield* answer(found, (of) => inWords(words, of, Option.getOrNull(after)))
  }),
).pipe(Command.withDescription(SAYS.matches))
