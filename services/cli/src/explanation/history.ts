/** The steps of a group's value, each with the rule that made it and with who lost. */
import type { EntityStep, Explanation, GroupExplanation } from "@concordat/api/operator/views"
import { source, type Words } from "./source.ts"

type Step = GroupExplanation["history"][number]

/** Rules without a conflict, in words; those of conflicts are called by their names. */
const RULES: Readonly<Record<string, string>> = {
  filled: "there was none",
  edit: "a later edit",
  richer: "a fuller form of the same",
}

const because = (rule: string): string => RULES[rule] ?? `rule ${rule}`

const happened = (words: Words, step: Step): string => {
  const { value } = words
  const from = step.from === null ? "" : `, from ${source(words, step.from)}`
  switch (step.kind) {
    case "created":
    case "changed":
      return step.value === null && step.loser !== null
        ? `another conflict was settled in the same step: ${because(step.rule)}${from}`
        : `set to ${value(step.value)}: ${because(step.rule)}${from}`
    case "kept":
      return `kept ${value(step.value)}: ${because(step.rule)}`
    case "merged":
      return `set to ${value(step.value)}: ${step.rule}`
    case "split":
      return step.rule
    case "parked":
      return `parked with ${step.connection}: ${because(step.rule)}; ${value(step.value)} stays for now`
    case "settled":
      return `the conflict with ${step.connection} was settled: ${step.rule}`
  }
}

export const historyInWords = (words: Words, of: GroupExplanation): ReadonlyArray<string> =>
  of.history.flatMap((step) => {
    const lost = step.kind === "parked" ? "against" : "lost"
    return [
      `  ${words.time(step.at)} ${happened(words, step)}`,
      ...(step.loser === null || (step.value === null && step.loser.value === null)
        ? []
        : [`    ${lost}: ${words.value(step.loser.value)} of ${source(words, step.loser.from)}`]),
    ]
  })

/** The value counts as coming from the strongest that shows it, which need not be the one that set it. */
export const agreedInWords = (words: Words, of: GroupExplanation): ReadonlyArray<string> => {
  const set = of.history.find(({ kind }) => kind === "created" || kind === "changed")
  if (set?.from == null || set.from.event === of.from.event) return []
  if (set.from.connection === of.from.connection && set.from.record.id === of.from.record.id) return []
  return [`  it shows the same as ${source(words, set.from)}, and ranks before it`]
}

const became = (type: string, { by, connection, entity, kind, reason, record }: EntityStep): string => {
  const of = record === null ? "" : `${connection} ${record.object}:${record.id}`
  const why = reason === null || reason === "" ? "" : ` (${reason})`
  const who = by === null || by === "" ? "" : ` by ${by}`
  const other = `${type}:${entity}`
  switch (kind) {
    case "created":
      return `begun with ${of}${why}`
    case "linked":
      return `${of} linked${why}`
    case "unlinked":
      return `${of} left${why}`
    case "merged":
      return `${other} was merged into it${who}`
    case "mergedAway":
      return `merged into ${other}${who}`
    case "split":
      return `${other} was split off${who}`
    case "splitOff":
      return `split off from ${other}${who}`
    case "archived":
      return `archived${why}`
    case "restored":
      return `there again${why}`
  }
}

/** What became of the entity as a whole. */
export const fateInWords = (words: Words, { history, type }: Explanation): ReadonlyArray<string> =>
  history.map((step) => `${words.time(step.at)} ${became(type, step)}`)
