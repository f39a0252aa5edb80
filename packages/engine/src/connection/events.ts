/** How the worker's facts become events: ids from place and content, metadata without a personal value. */
import { versionOf } from "@concordat/model/events/stored"
import { eventId } from "@concordat/model/ids"
import type { Append, NewEvent } from "../ports/Journal.ts"

/** A fact before it has a place. `correlation` and `cause`: event ids; absent: the fact is its own beginning. */
export interface Fact {
  readonly data: { readonly _tag: string }
  readonly correlation?: string
  readonly cause?: string
  /** Who says it, where the same words from somebody else are not the same: a worker's life, for its fence. */
  readonly epoch?: string
}

const idOf = (stream: string, after: number, text: string, epoch = ""): string => eventId(stream, after, text, epoch)

/** The same fact after the same revision has the same id, whoever says it and however often: it has its members in the same order. */
export const factId = (stream: string, after: number, data: unknown, epoch?: string): string =>
  idOf(stream, after, JSON.stringify(data), epoch)

const newEvent = (stream: string, after: number, fact: Fact, atMs: number): NewEvent => {
  const data = JSON.stringify(fact.data)
  const id = idOf(stream, after, data, fact.epoch)
  return {
    id,
    type: fact.data._tag,
    data,
    metadata: {
      $correlationId: fact.correlation ?? id,
      $causationId: fact.cause ?? id,
      at: new Date(atMs).toISOString(),
      schemaVersion: String(versionOf(fact.data._tag)),
      ...(fact.epoch === undefined ? {} : { epoch: fact.epoch }),
    },
  }
}

export const appendOf = (stream: string, expected: number, facts: ReadonlyArray<Fact>, atMs: number): Append => ({
  stream,
  expected,
  events: facts.map((fact, i) => newEvent(stream, expected + i, fact, atMs)),
})
