/** `concordat issues`: what a connection refused, can't hold, or keeps changing back. */
import type { Issues } from "@concordat/api/operator/views"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { anyConnection } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { checkedLimit, limitFlag } from "../limit.ts"
import { SAYS } from "../says.ts"

const HOW = [
  ["refused", "try a refused one again: concordat replay <connection> <entity>"],
  ["quarantined", "write a quarantined one again: concordat release <connection> <entity> <group>"],
  ["waiting", "what a reference waits for: concordat waiting --kind reference"],
] as const

const inWords = (
  { colours, table, time }: typeof import("../table.ts"),
  { items, next }: Issues,
  after: string | null,
): string => {
  if (items.length === 0) return after === null ? "nothing stands in the way" : `nothing comes after ${after}`
  const rows = items.map((of) => [
    of.connection,
    `${of.type}:${of.id}`,
    of.group,
    of.kind,
    of.code,
    of.message,
    time(of.at),
  ])
  const more = next === null ? "" : `\n${colours.dim(`more: --after '${next}'`)}`
  const how = HOW.filter(([kind]) => items.some((of) => of.kind === kind)).map(([, text]) => `\n${colours.dim(text)}`)
  return `${table(["connection", "entity", "group", "kind", "code", "message", "since"], rows)}${more}${how.join("")}`
}

export const issues = Command.make(
  "issues",
  {
    connection: anyConnection,
    kind: Flag.Literals("kind", ["refused", "quarantined", "problem", "waiting"]).pipe(
      Flag.withDescription("Only what waits like this"),
      Flag.optional,
    ),
    after: Flag.String("after").pipe(Flag.withDescription("Go on behind a page"), Flag.optional),
    limit: limitFlag,
  },
  Effect.fnUntraced(function* ({ after, connection, kind, limit }) {
    yield* checkedLimit(limit)
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const query = {
      connection: Option.getOrUndefined(connection),
      kind: Option.getOrUndefined(kind),
      after: Option.getOrUndefined(after),
      limit,
    }
    const found = yield* ask((client, tenant) => client.issues({ params: { tenant }, query }))
    yield* answer(found, (of) => inWords(words, of, Option.getOrNull(after)))
  }),
).pipe(Command.withDescription(SAYS.issues))
