/** What a record's own stream tells: what was read there, what we wrote and whether it was confirmed. */
import type { RecordObserved, RecordWritten, WriteIntended, WriteRefused } from "@concordat/model/events/record"
import { opened } from "@concordat/model/events/envelope"
import { isJsonObject } from "@concordat/model/json"
import { entityKey } from "@concordat/rules/state/documents"
import type { StoredFact } from "./stored-events.ts"
import type { WinningObservation, WriteStep } from "./views.ts"

interface Answer {
  readonly at: number
  readonly data: RecordWritten | WriteRefused
}

export interface RecordFacts {
  /** By event id. */
  readonly observations: ReadonlyMap<string, WinningObservation>
  readonly intents: ReadonlyArray<{ readonly at: number; readonly data: WriteIntended }>
  /** The last answer by the write's key. */
  readonly answers: ReadonlyMap<string, Answer>
}

const observed = (at: number, data: RecordObserved): WinningObservation => ({
  connection: data.connection,
  object: data.object,
  id: data.externalId,
  at,
  readStartedAt: data.readStartedAt,
  stamp: data.stamp,
  by: data.by,
  via: data.via,
  values: opened(data.values),
})

export const recordFacts = (facts: ReadonlyArray<StoredFact>): RecordFacts => {
  const observations = new Map<string, WinningObservation>()
  const intents: Array<{ readonly at: number; readonly data: WriteIntended }> = []
  const answers = new Map<string, Answer>()
  for (const { id, at, type, data } of facts) {
    if (type === "RecordObserved") observations.set(id, observed(at, data as RecordObserved))
    if (type === "WriteIntended") intents.push({ at, data: data as WriteIntended })
    if (type === "RecordWritten") answers.set((data as RecordWritten).key, { at, data: data as RecordWritten })
    if (type === "WriteRefused") answers.set((data as WriteRefused).key, { at, data: data as WriteRefused })
  }
  return { observations, intents, answers }
}

const writeStep = (at: number, intent: WriteIntended, group: string, answer: Answer | undefined): WriteStep => {
  const groups = opened(intent.sent)["groups"]
  const sent = isJsonObject(groups) ? groups[group] : undefined
  const written = answer?.data._tag === "RecordWritten" ? answer.data : undefined
  const refused = answer?.data._tag === "WriteRefused" ? answer.data : undefined
  const outcome = written !== undefined ? "confirmed" : refused !== undefined ? "refused" : "unanswered"
  const kept = written?.refused.map(({ name, message }) => `${name}: ${message}`).join("; ")
  return {
    at,
    key: intent.key,
    kind: intent.kind,
    sent: isJsonObject(sent) ? sent : null,
    outcome,
    answeredAt: answer?.at ?? null,
    held: written === undefined || written.held === null ? null : opened(written.held),
    message: refused?.message ?? (kept === undefined || kept === "" ? null : kept),
    attempts: answer?.data.attempts ?? null,
  }
}

/** Writes that carried the group for that entity, oldest first. */
export const writesOf = (told: ReadonlyArray<RecordFacts>, entity: string, group: string): ReadonlyArray<WriteStep> =>
  told.flatMap(({ intents, answers }) =>
    intents.flatMap(({ at, data }) => {
      if (entityKey(data.entity.type, data.entity.id) !== entity) return []
      const groups = opened(data.sent)["groups"]
      if (!isJsonObject(groups) || groups[group] === undefined) return []
      return [writeStep(at, data, group, answers.get(data.key))]
    }),
  )
