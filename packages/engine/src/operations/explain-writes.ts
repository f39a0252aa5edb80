/** What a record's own stream tells: what was read there, what we wrote and whether it was confirmed. */
import type {
  EditOverwritten,
  RecordObserved,
  RecordWritten,
  WriteIntended,
  WriteRefused,
} from "@concordat/model/events/record"
import { opened } from "@concordat/model/events/envelope"
import { isJsonObject } from "@concordat/model/json"
import { entityKey, type RecordKey } from "@concordat/rules/state/documents"
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

/** An edit that no read of the record saw, since a write of ours stood over it: the provider's history told of it. */
const foundInHistory = (at: number, data: EditOverwritten): WinningObservation => ({
  connection: data.connection,
  object: data.object,
  id: data.externalId,
  at,
  readStartedAt: data.readBefore,
  stamp: data.stamp,
  by: data.by,
  via: "history",
  values: opened(data.values),
})

export const recordFacts = (facts: ReadonlyArray<StoredFact>): RecordFacts => {
  const observations = new Map<string, WinningObservation>()
  const intents: Array<{ readonly at: number; readonly data: WriteIntended }> = []
  const answers = new Map<string, Answer>()
  for (const { id, at, type, data } of facts) {
    if (type === "RecordObserved") observations.set(id, observed(at, data as RecordObserved))
    if (type === "EditOverwritten") observations.set(id, foundInHistory(at, data as EditOverwritten))
    if (type === "WriteIntended") intents.push({ at, data: data as WriteIntended })
    if (type === "RecordWritten") answers.set((data as RecordWritten).key, { at, data: data as RecordWritten })
    if (type === "WriteRefused") answers.set((data as WriteRefused).key, { at, data: data as WriteRefused })
  }
  return { observations, intents, answers }
}

/** A group of writes to one record, or to none yet. */
export interface WritesOf {
  /** `type:id`: the entity, and those that were merged into it. */
  readonly entities: ReadonlyArray<string>
  readonly group: string
  /** Provider's names that are the group's there; null: not known, the view's slots stand for them. */
  readonly sources: ReadonlyArray<string> | null
  readonly record: RecordKey | null
}

/** A batch is taken row by row, and a row field by field: what the answer names as refused was not written. */
const refusalOf = (written: RecordWritten, names: ReadonlyArray<string>): string | undefined => {
  const messages = written.refused.filter(({ name }) => names.includes(name)).map(({ message }) => message)
  return messages.length === 0 ? undefined : messages.join("; ")
}

const writeStep = (at: number, intent: WriteIntended, of: WritesOf, answer: Answer | undefined): WriteStep => {
  const groups = opened(intent.sent)["groups"]
  const sent = isJsonObject(groups) ? groups[of.group] : undefined
  const view = isJsonObject(sent) ? sent : null
  const written = answer?.data._tag === "RecordWritten" ? answer.data : undefined
  const refused = answer?.data._tag === "WriteRefused" ? answer.data : undefined
  const kept = written === undefined ? undefined : refusalOf(written, of.sources ?? Object.keys(view ?? {}))
  const outcome =
    written === undefined
      ? refused === undefined
        ? "unanswered"
        : "refused"
      : kept !== undefined
        ? "refused"
        : written.adopted
          ? "adopted"
          : "confirmed"
  return {
    at,
    key: intent.key,
    kind: intent.kind,
    sent: view,
    outcome,
    answeredAt: answer?.at ?? null,
    held: written === undefined || written.held === null ? null : opened(written.held),
    message: refused?.message ?? kept ?? null,
    attempts: answer?.data.attempts ?? null,
  }
}

/** A create that made another record than this one is no write of what stands here. */
const isAbout = (intent: WriteIntended, answer: Answer | undefined, record: RecordKey | null): boolean => {
  if (answer?.data._tag !== "RecordWritten" || intent.externalId !== null) return true
  if (record === null) return answer.data.adopted
  return answer.data.object === record.object && answer.data.externalId === record.id
}

/** Writes that carried the group, oldest first. */
export const writesOf = (told: ReadonlyArray<RecordFacts>, of: WritesOf): ReadonlyArray<WriteStep> =>
  told
    .flatMap(({ intents, answers }) =>
      intents.flatMap(({ at, data }) => {
        if (!of.entities.includes(entityKey(data.entity.type, data.entity.id))) return []
        const groups = opened(data.sent)["groups"]
        if (!isJsonObject(groups) || groups[of.group] === undefined) return []
        const answer = answers.get(data.key)
        return isAbout(data, answer, of.record) ? [writeStep(at, data, of, answer)] : []
      }),
    )
    .toSorted((a, b) => a.at - b.at)
