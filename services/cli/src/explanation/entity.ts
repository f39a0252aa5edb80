/** An entity as `explain` shows it: its records, what became of it, and each group of its values. */
import type { Explanation, GroupExplanation } from "@concordat/api/operator/views"
import { agreedInWords, fateInWords, historyInWords } from "./history.ts"
import { placeInWords } from "./places.ts"
import { source, type Words } from "./source.ts"

type Sight = NonNullable<GroupExplanation["observation"]>

/** Nobody read what a write of ours stood over: the provider's history told of it afterwards. */
const sightInWords = ({ time }: Words, { at, by, via }: Sight): string => {
  const seen = via === "history" ? `found ${time(at)} in the history` : `read ${time(at)} by ${via}`
  return `  ${seen}${by === null ? "" : `, edited by ${by}`}`
}

const groupInWords = (words: Words, of: GroupExplanation): ReadonlyArray<string> => {
  const { colours, value } = words
  const seen = of.observation
  const read =
    seen === null ? [`  no reading says so: it was decided by request ${of.from.event}`] : [sightInWords(words, seen)]
  return [
    `${colours.bold(of.group)} ${value(of.value)}`,
    `  from ${source(words, of.from)}`,
    ...read,
    ...agreedInWords(words, of),
    ...historyInWords(words, of),
    ...of.at.flatMap((at) => placeInWords(words, at)),
  ]
}

const fateOf = ({ archived, mergedInto, type }: Explanation): string =>
  mergedInto !== null ? `, merged into ${type}:${mergedInto}` : archived === null ? "" : `, archived: ${archived}`

export const inWords = (words: Words, of: Explanation): string => {
  const { colours } = words
  const name = `${of.type}:${of.id}`
  const records = of.records.map(
    ({ connection, id, object, primary }) => `${connection} ${object}:${id}${primary ? "" : " (duplicate)"}`,
  )
  const more = [
    ...(records.length === 0 ? [] : [`records: ${records.join(", ")}`]),
    ...(of.mergedInto === null ? [] : [`what it became: concordat explain ${of.type} ${of.mergedInto}`]),
    ...of.merged.map(
      ({ at, id }) => `${of.type}:${id} was merged into it ${words.time(at)}; undo: concordat split ${name} ${id}`,
    ),
    ...of.questions.map((record) => `created nowhere while a match names it: ${record.replace("|", " ")}`),
    ...of.tombstones.map(
      ({ connection, id, object, reason }) =>
        `${connection} ${object}:${id} is gone (${reason}); concordat create-again ${connection} ${name}`,
    ),
    ...fateInWords(words, of),
  ].map((line) => `\n${colours.dim(line)}`)
  const head = `${colours.bold(name)}${fateOf(of)}${more.join("")}`
  return [head, ...of.groups.flatMap((group) => ["", ...groupInWords(words, group)])].join("\n")
}
