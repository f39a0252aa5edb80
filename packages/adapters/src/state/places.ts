/**
 * How a checkpoint's row keeps who is decided to another place: as JSON, and as an empty text where that is nobody. It is a
 * list of those who are ahead, as in the format before, where nobody is behind.
 */
import type { Behind, Checkpoint, Place } from "@concordat/engine/ports/State"

type AheadRow = readonly [tenant: string, position: string, eventId: string]
type BehindRow = readonly [...AheadRow, until: string]
interface Both {
  readonly ahead: ReadonlyArray<AheadRow>
  readonly behind: ReadonlyArray<BehindRow>
}

const rowOf = ({ eventId, position, tenant }: Place): AheadRow => [tenant, position, eventId]
const placeOf = ([tenant, position, eventId]: AheadRow | BehindRow): Place => ({ tenant, position, eventId })

export const placesText = ({ ahead = [], behind = [] }: Checkpoint): string => {
  const rows = ahead.map(rowOf)
  if (behind.length === 0) return rows.length === 0 ? "" : JSON.stringify(rows)
  const both: Both = { ahead: rows, behind: behind.map((one): BehindRow => [...rowOf(one), one.until]) }
  return JSON.stringify(both)
}

/** `text` is what `placesText` made. */
export const checkpointOfRow = (name: string, position: string, eventId: string, text: string): Checkpoint => {
  if (text === "") return { name, position, eventId }
  const read = JSON.parse(text) as ReadonlyArray<AheadRow> | Both
  const { ahead, behind }: Both = "behind" in read ? read : { ahead: read, behind: [] }
  return {
    name,
    position,
    eventId,
    ...(ahead.length === 0 ? {} : { ahead: ahead.map(placeOf) }),
    ...(behind.length === 0 ? {} : { behind: behind.map((row): Behind => ({ ...placeOf(row), until: row[3] })) }),
  }
}
