/** Which documents an input will surely ask for: names that can be told from the input alone, for loading in one question. */
import { recordWait } from "./waits.ts"
import type { Input } from "./reconcile.ts"

export interface DocumentName {
  readonly kind: string
  readonly key: string
}

export const foreseen = (input: Input): ReadonlyArray<DocumentName> => {
  const names: Array<DocumentName> = [{ kind: "tenant", key: "" }]
  if ("connection" in input) names.push({ kind: "connection", key: input.connection })
  if ("externalId" in input && input.externalId !== null) {
    const record = `${input.object}:${input.externalId}`
    const key = `${input.connection}|${record}`
    names.push(
      { kind: "record", key },
      { kind: "question", key },
      { kind: "wait", key: recordWait(input.connection, record) },
    )
  }
  if (input._tag === "EntitiesListed") for (const key of input.entities) names.push({ kind: "entity", key })
  if ("entity" in input && input.entity !== null)
    names.push({ kind: "entity", key: `${input.entity.type}:${input.entity.id}` })
  return names
}
