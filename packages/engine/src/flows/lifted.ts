/**
 * What was decided by an engine of before a type had its newest version. The id of an event follows from its text, so the same
 * decision has another one today: such an event is told by what it says, lifted.
 */
import { upcast, versionIn, versionOf } from "@concordat/model/events/stored"
import type { NewEvent } from "../ports/Journal.ts"

/** The data of an event of an older version as the newest one has it, as text; null: it is of the newest, or no object. */
export const liftedData = ({ data, metadata, type }: NewEvent): string | null => {
  const version = versionIn(metadata)
  if (!(version < versionOf(type))) return null
  const parsed: unknown = JSON.parse(data)
  if (typeof parsed !== "object" || parsed === null) return null
  return JSON.stringify(upcast(type, version, parsed as Record<string, unknown>))
}

/** Whether what stands in the journal is what is decided for its place, also where an earlier version says it. */
export const isDecided = (standing: NewEvent, decided: NewEvent | undefined): boolean =>
  decided !== undefined &&
  (standing.id === decided.id || (standing.type === decided.type && liftedData(standing) === decided.data))
