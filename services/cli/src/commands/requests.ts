/** `concordat requests`: what people asked for, and who. */
import type { Requested } from "@concordat/api/operator/views"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { lazy } from "../lazy.ts"
import { checkedLimit, limitFlag } from "../limit.ts"
import { SAYS } from "../says.ts"

const inWords = (
  { colours, table, time }: typeof import("../table.ts"),
  { items, next }: Requested,
  after: string | null,
): string => {
  if (items.length === 0) return after === null ? "nobody has asked for anything" : `nothing comes after ${after}`
  const rows = items.map((of) => [
    time(of.at),
    of.by,
    of.kind.replace(/Requested$/, "").toLowerCase(),
    of.connection ?? "",
    [of.record, of.entity].filter((one) => one !== null).join(" "),
    of.detail,
  ])
  const more = next === null ? "" : `\n${colours.dim(`more: --after ${next}`)}`
  return `${table(["at", "by", "asked", "connection", "record, entity", "more"], rows)}${more}`
}

export const requests = Command.make(
  "requests",
  {
    after: Flag.String("after").pipe(Flag.withDescription("Go on behind a page"), Flag.optional),
    limit: limitFlag,
  },
  Effect.fnUntraced(function* ({ after, limit }) {
    yield* checkedLimit(limit)
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const query = { after: Option.getOrUndefined(after), limit }
    const found = yield* ask((client, tenant) => client.requested({ params: { tenant }, query }))
    yield* answer(found, (of) => inWords(words, of, Option.getOrNull(after)))
  }),
).pipe(Command.withDescription(SAYS.requests))
