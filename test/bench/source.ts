/**
 * A connector over a population, without a network: each page is parsed once from JSON text, as an answer's body is. Its
 * limits are so wide that the engine's own speed is what is seen.
 */
import { PERSONS } from "./mapping.ts"
import type { Connector, Definition, Page, RawRecord, Reading } from "@concordat/engine/ports/Provider"
import type { Json, JsonObject } from "@concordat/model/json"
import { emptyMetadata } from "@concordat/model/metadata"
import * as Effect from "effect/Effect"
import { numberOf, type Population } from "./population.ts"

export const PAGE = 100

export interface SourceOptions {
  /** How long before it is looked for changes, ms. */
  readonly pollEveryMs?: number
  readonly isApp?: boolean
  /** Names of its types. Default: people only. The population has to be empty where there are others. */
  readonly objects?: ReadonlyArray<string>
}

const PERSON: Definition["objects"][string] = {
  backfill: true,
  changes: "delta",
  read: true,
  write: ["create", "update", "archive"],
  census: false,
  batch: { list: PAGE, read: PAGE, write: PAGE },
}

export const definitionOf = ({
  isApp = false,
  objects = [PERSONS],
  pollEveryMs = 3_600_000,
}: SourceOptions = {}): Definition => ({
  provider: "generated",
  class: "peer",
  isApp,
  objects: Object.fromEntries(objects.map((object) => [object, PERSON])),
  limits: { buckets: { default: { capacity: 1e9, perSecond: 1e9 } }, concurrency: 6, timeoutMs: 30_000 },
  pollEveryMs,
  secondLookMs: 0,
  indexLagMs: 1_000,
  creates: "ownId",
  preconditions: false,
  settings: {},
  credentials: {},
})

interface Body {
  readonly results: ReadonlyArray<{ readonly id: string; readonly properties: JsonObject; readonly updatedAt: string }>
}

const recordsOf = (body: string): ReadonlyArray<RawRecord> =>
  (JSON.parse(body) as Body).results.map(({ id, properties, updatedAt }) => ({
    object: PERSONS,
    id,
    values: properties,
    stamp: Date.parse(updatedAt),
  }))

const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)

export interface Source {
  readonly connector: Connector
  readonly definition: Definition
}

export const sourceOf = (population: Population, options: SourceOptions = {}): Source => {
  const backfill = (cursor: Json): Page => {
    const from = cursor === null ? 0 : (cursor as { n: number }).n
    const to = Math.min(population.size, from + PAGE)
    const isLast = to >= population.size
    return {
      records: recordsOf(population.page(range(from, to))),
      hints: [],
      next: isLast ? null : { n: to },
      more: !isLast,
      total: population.size,
    }
  }
  const changes = (cursor: Json): Page => {
    const from = (cursor as { at: number }).at
    const edited = population.edits.slice(from, from + PAGE)
    const next = from + edited.length
    return {
      records: recordsOf(population.page(edited)),
      hints: [],
      next: { at: next },
      more: next < population.edits.length,
    }
  }
  const read = (ids: ReadonlyArray<string>): ReadonlyArray<Reading> =>
    recordsOf(population.page(ids.map(numberOf))).map((record) => ({ _tag: "Found", record }))
  return {
    definition: definitionOf(options),
    connector: {
      metadata: Effect.succeed(emptyMetadata),
      backfill: (_, cursor) => Effect.sync(() => backfill(cursor)),
      changesFrom: () => Effect.sync(() => ({ at: population.edits.length })),
      changes: (_, cursor) => Effect.sync(() => changes(cursor)),
      read: (_, ids) => Effect.sync(() => read(ids)),
    },
  }
}
