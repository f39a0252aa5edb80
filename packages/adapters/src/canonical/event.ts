/** A canonical event as a product gets it: lifted to the newest version of its type, with the type told by `kind`. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { decisionEvents, entityEvents } from "@concordat/model/events/entity"
import { readEvent, type UnreadableEvent } from "@concordat/model/events/stored"
import { categoryOf } from "@concordat/model/streams"
import type { RecordedEvent } from "@concordat/engine/ports/Journal"
import * as Result from "effect/Result"

/** What streams of entities hold: `Created` is stored as `ContactCreated`, `DealCreated`, …; parked conflicts as they are. */
const { ConflictParked, ConflictSettled } = decisionEvents
const OF_ANY_TYPE = { ConflictParked, ConflictSettled }
type Schemas = typeof entityEvents & typeof OF_ANY_TYPE
export type CanonicalKind = keyof Schemas

interface Described {
  /** The same each time the event comes: what a receiver remembers to see that it has it already. */
  readonly id: string
  readonly type: EntityType
  /** The entity's id, the same in all its events. */
  readonly entity: string
  /** From 0 in the entity's stream, one more with each of its events. */
  readonly revision: number
  /** When what led to it was read or asked for, ms since 1970 by Concordat's clock. */
  readonly at: number
}

/**
 * `kind` says what `data` is (`packages/model/src/events/entity.ts`). Values stand in `data.values`, by group: `{ clear: … }`, or
 * sealed, where nobody but the holder of the key can read them.
 */
export type CanonicalEvent = {
  readonly [K in CanonicalKind]: Described & { readonly kind: K; readonly data: Schemas[K]["Type"] }
}[CanonicalKind]

const kindOf = (stored: string, type: EntityType): string =>
  stored in OF_ANY_TYPE ? stored : stored.slice(type.length)

/** Reads an event of the stream of a contact, company, deal or activity. */
export const canonicalOf = (event: RecordedEvent): Result.Result<CanonicalEvent, UnreadableEvent> =>
  Result.map(readEvent(event.type, event.data, event.metadata), (data) => {
    const type = categoryOf(event.stream) as EntityType
    // The schema by which `data` was read is that of `kind`.
    return {
      id: event.id,
      type,
      entity: event.stream.slice(event.stream.lastIndexOf(".") + 1),
      revision: event.revision,
      at: Date.parse(event.metadata["at"] ?? ""),
      kind: kindOf(event.type, type),
      data,
    } as CanonicalEvent
  })
