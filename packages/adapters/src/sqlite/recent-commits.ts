/**
 * The events of the last commits, in the order of the journal: who follows it, or reads the end of a stream, has them without
 * asking the thread, which would look up and copy what was here a moment ago. All commits of a file pass through its one client, so none is missing between
 * two that are here.
 */
import { RECENT_CHARACTERS } from "./limits.ts"
import { type CommitRequest, EVENT_COLUMNS, type EventPage, type Read } from "./protocol.ts"

type Appended = Pick<CommitRequest, "streams" | "expected" | "counts" | "events">

interface Committed extends Appended {
  readonly first: number
  readonly last: number
  readonly characters: number
}

/** Where a commit's events of one stream begin: among all of its events, and their revision. */
interface Part {
  readonly at: number
  readonly revision: number
  readonly count: number
}

/** null: it has none. */
const partOf = ({ counts, expected, streams }: Committed, stream: string): Part | null => {
  const index = streams.indexOf(stream)
  if (index === -1 || counts[index] === 0) return null
  let at = 0
  for (let i = 0; i < index; i++) at += counts[i]!
  return { at, revision: expected[index]! + 1, count: counts[index]! }
}

export class RecentCommits {
  /** Each begins right after the one before it. */
  #commits: Array<Committed> = []
  #characters = 0

  /** `last`: the position of the unit's last event. */
  add({ counts, events, expected, streams }: Appended, last: number): void {
    const size = events.length / EVENT_COLUMNS
    if (size === 0) return
    const first = last - size + 1
    const before = this.#commits.at(-1)
    if (before !== undefined && before.last !== first - 1) this.clear()
    let characters = 0
    for (const text of events) characters += text.length
    this.#commits.push({ streams, expected, counts, events, first, last, characters })
    this.#characters += characters
    if (this.#characters <= RECENT_CHARACTERS) return
    // At least an eighth of them: of thousands of small ones, all that stay would be moved up for each commit.
    const least = this.#commits.length >> 3
    let gone = 0
    while (gone < least || this.#characters > RECENT_CHARACTERS) this.#characters -= this.#commits[gone++]!.characters
    this.#commits.splice(0, gone)
  }

  /** What was forgotten must not be read here. */
  clear(): void {
    this.#commits = []
    this.#characters = 0
  }

  /** As the thread would answer; null: not all of it is here. Without prefixes: all. */
  after(position: number, prefixes: ReadonlyArray<string>, limit: number): EventPage | null {
    const commits = this.#commits
    let at = commits.length
    while (at > 0 && commits[at - 1]!.last > position) at -= 1
    const isEnd = at === commits.length && commits.at(-1)?.last === position
    if (!isEnd && (at === commits.length || commits[at]!.first > position + 1)) return null
    const texts: Array<string> = []
    const numbers: Array<number> = []
    for (; at < commits.length; at++) {
      const { counts, events, expected, first, streams } = commits[at]!
      let here = first
      for (const [index, stream] of streams.entries()) {
        const count = counts[index]!
        const isWanted = prefixes.length === 0 || prefixes.some((prefix) => stream.startsWith(prefix))
        if (!isWanted) {
          here += count
          continue
        }
        for (let n = 1; n <= count; n++, here++) {
          if (here <= position) continue
          const column = (here - first) * EVENT_COLUMNS
          texts.push(events[column]!, events[column + 1]!, events[column + 2]!, events[column + 3]!, stream)
          numbers.push(expected[index]! + n, here)
          if (numbers.length === 2 * limit)
            return { texts, numbers, reached: here, atEnd: here === commits.at(-1)!.last }
        }
      }
    }
    return { texts, numbers, reached: commits.at(-1)!.last, atEnd: true }
  }

  /** The same for a stream: its events from a revision on, or back from one. */
  ofStream({ backward, from, limit, stream }: Extract<Read, { op: "stream" }>): EventPage | null {
    const texts: Array<string> = []
    const numbers: Array<number> = []
    const put = ({ events, first }: Committed, { at, revision }: Part, n: number): boolean => {
      const column = (at + n) * EVENT_COLUMNS
      texts.push(events[column]!, events[column + 1]!, events[column + 2]!, events[column + 3]!, stream)
      numbers.push(revision + n, first + at + n)
      return numbers.length === 2 * limit
    }
    const parts: Array<readonly [Committed, Part]> = []
    for (let i = this.#commits.length - 1; i >= 0; i--) {
      const part = partOf(this.#commits[i]!, stream)
      if (part === null) continue
      if (backward) {
        for (let n = Math.min(part.count - 1, from - part.revision); n >= 0; n--)
          if (put(this.#commits[i]!, part, n) || part.revision + n === 0)
            return { texts, numbers, reached: 0, atEnd: true }
        continue
      }
      parts.push([this.#commits[i]!, part])
      if (part.revision > from) continue
      for (const [commit, one] of parts.toReversed())
        for (let n = Math.max(0, from - one.revision); n < one.count; n++)
          if (put(commit, one, n)) return { texts, numbers, reached: 0, atEnd: false }
      return { texts, numbers, reached: 0, atEnd: true }
    }
    return null
  }
}
