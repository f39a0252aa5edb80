/** How a checkpoint's row keeps what is decided beyond it: as JSON, and as an empty text where that is nothing. */
import type { Ahead, Checkpoint } from "@concordat/engine/ports/State"

type Row = readonly [tenant: string, position: string, eventId: string]

export const aheadText = ({ ahead = [] }: Checkpoint): string =>
  ahead.length === 0
    ? ""
    : JSON.stringify(ahead.map(({ eventId, position, tenant }): Row => [tenant, position, eventId]))

/** `text` is what `aheadText` made. */
export const checkpointOfRow = (name: string, position: string, eventId: string, text: string): Checkpoint => {
  if (text === "") return { name, position, eventId }
  const ahead = (JSON.parse(text) as ReadonlyArray<Row>).map(([tenant, reached, id]): Ahead => ({
    tenant,
    position: reached,
    eventId: id,
  }))
  return { name, position, eventId, ahead }
}
