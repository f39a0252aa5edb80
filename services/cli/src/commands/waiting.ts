/** `concordat waiting`: everything that waits, for whom or what, and since when. */
import type { Waiting } from "@concordat/api/operator/views"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { anyConnection } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { checkedLimit, limitFlag } from "../limit.ts"
import { SAYS } from "../says.ts"

const KINDS = [
  "match",
  "conflict",
  "refused",
  "quarantined",
  "problem",
  "reference",
  "record",
  "write",
  "unknown",
  "create",
  "tombstone",
  "due",
] as const
type Kind = (typeof KINDS)[number]

/** What a person can do about each. */
const HOW: Partial<Record<Kind, string>> = {
  match: "concordat match <connection> <record> <entity>, or --new",
  conflict: "concordat resolve <connection> <entity> <group> --keep entity|connection",
  refused: "concordat replay <connection> <entity>, after mending the cause",
  quarantined: "concordat release <connection> <entity> <group>, after mending the cause",
  tombstone: "concordat create-again <connection> <entity>",
}

const inWords = ({ colours, table, time }: typeof import("../table.ts"), { items, next }: Waiting): string => {
  const more = next === null ? "" : `\n${colours.dim(`more: --after '${next}'`)}`
  if (items.length === 0) return next === null ? "nothing waits" : `nothing on this page${more}`
  const rows = items.map((of) => [
    of.kind,
    of.connection,
    [of.entity, of.record].filter((part) => part !== null).join(" "),
    of.group ?? "",
    `${of.reason}${of.nextAt === null ? "" : `, again at ${time(of.nextAt)}`}`,
    of.since === null ? "" : time(of.since),
  ])
  const kinds = new Set(items.map(({ kind }) => kind))
  const how = Object.entries(HOW)
    .filter(([kind]) => kinds.has(kind as Kind))
    .map(([kind, text]) => `\n${colours.dim(`${kind}: ${text}`)}`)
  return `${table(["kind", "connection", "entity, record", "group", "why", "since"], rows)}${more}${how.join("")}`
}

export const waiting = Command.make(
  "waiting",
  {
    connection: anyConnection,
    kind: Flag.Literals("kind", KINDS).pipe(Flag.withDescription("Only what waits like this"), Flag.optional),
    after: Flag.String("after").pipe(Flag.withDescription("Go on behind a page"), Flag.optional),
    limit: limitFlag,
  },
  Effect.fnUntraced(function* ({ after, connection, kind, limit }) {
    yield* checkedLimit(limit)
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const query = { connection: Option.getOrUndefined(connection), kind: Option.getOrUndefined(kind) }
    const items: Array<Waiting["items"][number]> = []
    let next = Option.getOrNull(after)
    // What waits may stand far apart, so that a page is short or empty.
    do {
      const left = limit - items.length
      const asked = { ...query, after: next ?? undefined, limit: left }
      const page = yield* ask((client, tenant) => client.waiting({ params: { tenant }, query: asked }))
      items.push(...page.items)
      next = page.next
    } while (next !== null && items.length < limit)
    yield* answer({ items, next }, (of) => inWords(words, of))
  }),
).pipe(Command.withDescription(SAYS.waiting))
