/** What a connection holds of a group: since which reading or write of ours, and what stands in the way of the rest. */
import type { GroupExplanation } from "@concordat/api/operator/views"
import type { Words } from "./source.ts"

type At = GroupExplanation["at"][number]
type Write = At["writes"][number]

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const headline = ({ colours, value }: Words, at: At): string => {
  const { reason, state, view } = at
  const why = reason === null ? "" : ` (${reason})`
  switch (state) {
    case "held":
      return `${colours.green("held")} ${value(view)}${why}`
    case "absent":
      return `no record there${why}`
    case "gone":
      return `${colours.yellow("gone")}${why}${view === null ? "" : `, held last ${value(view)}`}`
    case "unmapped":
      return "not mapped there"
    case "unknown":
      return `${colours.yellow("not known")}${why}`
    default: {
      const holds = at.record === null ? "no record there" : `holds ${value(view)}`
      return `${colours.yellow(state)}, ${holds}${why}`
    }
  }
}

const answered = ({ time }: Words, { answeredAt, attempts, message, outcome }: Write): string => {
  const tries = attempts === null || attempts === 1 ? "" : ` after ${attempts} tries`
  const when = answeredAt === null ? "" : ` ${time(answeredAt)}${tries}`
  const said = message === null ? "" : `: ${message}`
  switch (outcome) {
    case "confirmed":
      return `confirmed${when}`
    case "adopted":
      return `found there${when} as another's record, nothing was sent`
    case "refused":
      return `refused${when}${said}`
    case "unanswered":
      return "not answered"
  }
}

/** A view is named with the write that made it only where that write sent it; else with what it was read by. */
const since = (words: Words, at: At): ReadonlyArray<string> => {
  if (at.since === null) return []
  const { by, how, key, via } = at.since
  const when = words.time(at.since.at)
  if (how === "read")
    return [`    read ${when} by ${via}${by === null ? "" : `, edited by ${by === "us" ? "us" : by}`}`]
  const write = at.writes.find((one) => one.key === key)
  if (write === undefined) return []
  const sent = same(write.sent, at.view) ? "" : ` as ${words.value(write.sent)}`
  return [`    written${sent} ${when}, ${answered(words, write)}`]
}

/** The last write that is not what the view came by. */
const besides = (words: Words, at: At): ReadonlyArray<string> => {
  const other = at.writes.findLast(({ key }) => key !== at.since?.key)
  if (other === undefined) return []
  const isLast = at.writes.at(-1) === other
  // What was written before the value that stands there now has had its day.
  if (at.since?.how === "written" && !isLast) return []
  return [
    `    ${isLast ? "last" : "earlier"} write ${words.time(other.at)}: ${words.value(other.sent)}, ${answered(words, other)}`,
  ]
}

export const placeInWords = (words: Words, at: At): ReadonlyArray<string> => {
  const record = at.record === null ? "" : ` ${words.colours.dim(`${at.record.object}:${at.record.id}`)}`
  const wanted = at.wanted === null ? [] : [`    should be ${words.value(at.wanted)}`]
  return [`  ${at.connection}${record}: ${headline(words, at)}`, ...since(words, at), ...wanted, ...besides(words, at)]
}
