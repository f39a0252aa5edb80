/** Where a value came from, and when it was edited there as far as anybody knows. */
import type { GroupExplanation } from "@concordat/api/operator/views"

export type Words = typeof import("../table.ts")
export type From = GroupExplanation["from"]

/** The provider's own time is that of the record's last change; without one the edit lies between two readings. */
const edited = ({ time }: Words, { after, provider, until }: From): string => {
  if (until === 0) return ""
  if (provider) return `, last changed there ${time(until)}`
  // A person's decision has its moment.
  if (after === until) return `, at ${time(until)}`
  return after === 0 ? `, edited before ${time(until)}` : `, edited between ${time(after)} and ${time(until)}`
}

export const source = (words: Words, from: From): string =>
  `${from.connection} ${from.record.object}:${from.record.id}${edited(words, from)}`
