/**
 * What was decided by an engine of before a type had its newest version. The id of an event follows from its text, so the same
 * decision has another one today: such an event is told by what it says, lifted.
 */
import { upcast, versionIn, versionOf } from "@concordat/model/events/stored"
import type { NewEvent } from "../ports/Journal.ts"

/** Null: it is damaged, and says nothing. */
const said = (data: string): Readonly<Record<string, unknown>> | null => {
  try {
    const parsed: unknown = JSON.parse(data)
    return typeof parsed === "object" && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}

/** The data of an event of an older version as the newest one has it, as text; null: it is of the newest, or no object. */
export const liftedData = ({ data, metadata, type }: NewEvent): string | null => {
  const version = versionIn(metadata)
  const parsed = version < versionOf(type) ? said(data) : null
  return parsed === null ? null : JSON.stringify(upcast(type, version, parsed))
}

/** Whether what stands in the journal is what is decided for its place, also where an earlier version says it. */
export const isDecided = (standing: NewEvent, decided: NewEvent | undefined): boolean =>
  decided !== undefined &&
  (standing.id === decided.id || (standing.type === decided.type && liftedData(standing) === decided.data))
