/** A person's name that stands in one piece there and in two here. */
import { tidyText } from "@concordat/model/values/text"

export interface NameParts {
  readonly first: string | null
  readonly last: string | null
}

/** Words that belong to the family name that follows them. */
const PARTICLES: ReadonlySet<string> = new Set(
  "af al am an auf aus bin d' da das de degli dei del della den der des di do dos du el em la las le les lo los mac ibn ten ter thor van ver vom von y zu zum zur".split(
    " ",
  ),
)

const oneBlank = (text: string): string => tidyText(text).replace(/\s+/g, " ")

export const joinName = ({ first, last }: NameParts): string | null => {
  const joined = oneBlank(`${first ?? ""} ${last ?? ""}`)
  return joined === "" ? null : joined
}

/**
 * Taken apart as it was put together where one part still stands (`Anna Maria` + `Berg` → `Anna Maria Wolf`); else the
 * family name is the last word with its particles. One word alone is a family name, unless it stood as a first name before. `joinName` of the answer is `name`,
 * but for runs of blanks.
 */
export const splitName = (name: string, before: NameParts): NameParts => {
  const text = oneBlank(name)
  const first = oneBlank(before.first ?? "")
  const last = oneBlank(before.last ?? "")
  if (last !== "" && text.endsWith(` ${last}`)) return { first: text.slice(0, -last.length - 1), last }
  if (first !== "" && text.startsWith(`${first} `)) return { first, last: text.slice(first.length + 1) }
  const words = text.split(" ")
  if (words.length === 1)
    // What phone books sort by: a CRM's contact has a family name sooner than a first one.
    return first === text && last === ""
      ? { first: text, last: null }
      : { first: null, last: text === "" ? null : text }
  let at = words.length - 1
  while (at > 1 && PARTICLES.has((words[at - 1] ?? "").toLowerCase())) at -= 1
  return { first: words.slice(0, at).join(" "), last: words.slice(at).join(" ") }
}
