/** `concordat explain`: why a value is what it is, who lost against it, and where it was taken to. */
import type { Explanation, GroupExplanation } from "@concordat/api/operator/views"
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { lazy } from "../lazy.ts"
import { SAYS } from "../says.ts"

type Words = typeof import("../table.ts")
type From = GroupExplanation["from"]

const source = ({ time }: Words, { connection, record, until }: From): string =>
  `${connection} ${record.object}:${record.id}${until === 0 ? "" : `, by ${time(until)}`}`

const groupInWords = (words: Words, of: GroupExplanation): ReadonlyArray<string> => {
  const { colours, time, value } = words
  const seen = of.observation
  const read =
    seen === null ? [] : [`  read ${time(seen.at)} by ${seen.via}${seen.by === null ? "" : `, edited by ${seen.by}`}`]
  const history = of.history.flatMap((step) => [
    `  ${time(step.at)} ${step.kind} to ${value(step.value)} by ${step.rule}${step.connection === null ? "" : ` with ${step.connection}`}`,
    ...(step.loser === null ? [] : [`    against ${value(step.loser.value)} of ${source(words, step.loser.from)}`]),
  ])
  const places = of.at.flatMap((at) => {
    const last = at.writes.at(-1)
    const told =
      last === undefined
        ? ""
        : `, written ${time(last.at)}, ${last.outcome}${last.answeredAt === null ? "" : ` ${time(last.answeredAt)}`}${last.message === null ? "" : `: ${last.message}`}`
    const state = at.state === "held" ? colours.green(at.state) : colours.yellow(at.state)
    return [`  ${at.connection}: ${state} ${value(at.view)}${told}`]
  })
  return [
    `${colours.bold(of.group)} ${value(of.value)}`,
    `  from ${source(words, of.from)}`,
    ...read,
    ...history,
    ...places,
  ]
}

const inWords = (words: Words, of: Explanation): string => {
  const { colours } = words
  const records = of.records.map(
    ({ connection, id, object, primary }) => `${connection} ${object}:${id}${primary ? "" : " (duplicate)"}`,
  )
  const fate =
    of.mergedInto === null
      ? of.archived === null
        ? ""
        : `, archived: ${of.archived}`
      : `, merged into ${of.mergedInto}`
  const head = `${colours.bold(`${of.type}:${of.id}`)}${fate}\n${colours.dim(records.join("  "))}`
  const more = [
    ...of.merged.map(
      ({ at, id }) => `${id} was merged into it ${words.time(at)}; concordat split ${of.type}:${of.id} ${id}`,
    ),
    ...of.tombstones.map(
      ({ connection, id, object, reason }) =>
        `${connection} ${object}:${id} is gone (${reason}); concordat create-again ${connection} ${of.type}:${of.id}`,
    ),
  ].map((line) => `\n${colours.dim(line)}`)
  return [`${head}${more.join("")}`, ...of.groups.flatMap((group) => ["", ...groupInWords(words, group)])].join("\n")
}

export const explain = Command.make(
  "explain",
  {
    type: Argument.Literals("type", ENTITY_TYPES).pipe(Argument.withDescription("What kind of entity it is")),
    id: Argument.String("id").pipe(
      Argument.withDescription("The entity's id, or connection:object:id of one of its records"),
    ),
    field: Argument.String("field").pipe(
      Argument.withDescription("A field or group; else all of them"),
      Argument.optional,
    ),
  },
  Effect.fnUntraced(function* ({ field, id, type }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const query = { field: Option.getOrUndefined(field) }
    const found = yield* ask((client, tenant) => client.explain({ params: { tenant, type, id }, query }))
    yield* answer(found, (of) => inWords(words, of))
  }),
).pipe(Command.withDescription(SAYS.explain))
