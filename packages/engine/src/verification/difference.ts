/** How an event in the journal differs from the one that is decided for its place. Names of fields only, never values. */
import { sameJson } from "@concordat/model/json"
import { liftedData } from "../flows/lifted.ts"
import type { NewEvent, RecordedEvent } from "../ports/Journal.ts"

export interface Difference {
  /** `other`: another event stands there. `missing`: none does. `extra`: one stands where none is decided. */
  readonly kind: "other" | "missing" | "extra"
  readonly stream: string
  readonly revision: number
  /** Id of the event that stands there. */
  readonly found: string | null
  /** Id of the event that is decided. */
  readonly decided: string | null
  /** The fact that it names as its cause, or is decided from. */
  readonly cause: string | null
  readonly detail: string
}

const FIELDS = 5

const parsed = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}

/** Members that the decided event has and that are otherwise. What only the other one has is not named: anything may be in it. */
const membersOf = (
  of: string,
  found: Readonly<Record<string, unknown>>,
  decided: Readonly<Record<string, unknown>>,
): ReadonlyArray<string> => {
  const names = Object.keys(decided).filter((name) => !sameJson(decided[name], found[name]))
  const isMore = Object.keys(found).some((name) => !Object.hasOwn(decided, name))
  return [...names.map((name) => `${of}.${name}`), ...(isMore ? [`more in ${of}`] : [])]
}

/** An event of an older version under the id and the version that it would have today: both follow from its text. */
const asOfToday = (found: NewEvent, decided: NewEvent): NewEvent => {
  const data = liftedData(found)
  if (data === null) return found
  const { schemaVersion: _, ...kept } = found.metadata
  const { schemaVersion } = decided.metadata
  return { ...found, id: decided.id, data, metadata: schemaVersion === undefined ? kept : { ...kept, schemaVersion } }
}

/** Names of what is otherwise; empty: both are the same event. */
export const otherwise = (standing: NewEvent, decided: NewEvent): ReadonlyArray<string> => {
  const names: Array<string> = []
  const found = asOfToday(standing, decided)
  if (found.id !== decided.id) names.push("id")
  if (found.type !== decided.type) names.push("type")
  if (found.data !== decided.data) {
    const theirs = parsed(found.data)
    if (theirs === null) names.push("data")
    else names.push(...membersOf("data", theirs, parsed(decided.data) ?? {}))
  }
  if (!sameJson(found.metadata, decided.metadata))
    names.push(...membersOf("metadata", found.metadata, decided.metadata))
  return names
}

const causeOf = ({ metadata }: NewEvent): string | null => metadata["$causationId"] ?? null

export const missing = (stream: string, revision: number, decided: NewEvent): Difference => ({
  kind: "missing",
  stream,
  revision,
  found: null,
  decided: decided.id,
  cause: causeOf(decided),
  detail: `${decided.type} is decided, nothing stands there`,
})

export const other = (found: RecordedEvent, decided: NewEvent, names: ReadonlyArray<string>): Difference => ({
  kind: "other",
  stream: found.stream,
  revision: found.revision,
  found: found.id,
  decided: decided.id,
  cause: causeOf(found),
  detail:
    `${found.type === decided.type ? found.type : `${found.type} instead of ${decided.type}`}: otherwise in ` +
    `${names.slice(0, FIELDS).join(", ")}${names.length > FIELDS ? ` and ${names.length - FIELDS} more` : ""}`,
})

export const extra = (found: RecordedEvent): Difference => ({
  kind: "extra",
  stream: found.stream,
  revision: found.revision,
  found: found.id,
  decided: null,
  cause: causeOf(found),
  detail: `${found.type} stands there, nothing is decided`,
})
