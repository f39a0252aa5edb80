/** The habits that the synthetic provider can have, each switched on by itself, and what follows from them for the engine. */
import type { Definition, ObjectDefinition } from "@concordat/engine/ports/Provider"

export const PERSON = "person"
export const LEAD = "lead"
/** Under this name the job is read and written where it takes a verb. */
export const JOB_VERB = "$job"

export interface Traits {
  readonly changes: ObjectDefinition["changes"]
  readonly read: boolean
  readonly census: boolean
  /** Whether records carry the provider's own time of change. */
  readonly stamps: boolean
  readonly creates: Definition["creates"]
  readonly lookup: boolean
  readonly preconditions: boolean
  readonly answers: "held" | "nothing" | "pending"
  /** Ids are made of the e-mail: there are none of the provider's own. */
  readonly derivedIds: boolean
  /** The job is no field: it is moved by a verb, which has to be told what it is by now. */
  readonly verbs: boolean
  /** There are leads, which become people: another object, with another id. */
  readonly converts: boolean
  /** What is stored is lower-cased. */
  readonly lossy: boolean
  readonly indexLagMs: number
  readonly secondLookMs: number
  readonly latencyMs: number
  readonly listBatch: number
  /** How often everything is read again beside the delta; null: never. */
  readonly rereadEveryMs: number | null
}

export const TRAITS: Traits = {
  changes: "delta",
  read: true,
  census: false,
  stamps: true,
  creates: "lookup",
  lookup: true,
  preconditions: false,
  answers: "held",
  derivedIds: false,
  verbs: false,
  converts: false,
  lossy: false,
  indexLagMs: 1_000,
  secondLookMs: 0,
  latencyMs: 0,
  listBatch: 3,
  rereadEveryMs: null,
}

const personOf = (traits: Traits): ObjectDefinition => ({
  backfill: true,
  changes: traits.changes,
  read: traits.read,
  write: ["create", "update", "archive"],
  census: traits.census,
  ...(traits.rereadEveryMs === null ? {} : { rereadEveryMs: traits.rereadEveryMs }),
  batch: { list: traits.listBatch, read: 2, write: 3 },
})

export const definitionOf = (traits: Traits): Definition => ({
  provider: "synthetic",
  class: "peer",
  objects: Object.fromEntries((traits.converts ? [PERSON, LEAD] : [PERSON]).map((name) => [name, personOf(traits)])),
  limits: { buckets: { default: { capacity: 1_000, perSecond: 1_000 } }, concurrency: 4, timeoutMs: 30_000 },
  pollEveryMs: 5_000,
  secondLookMs: traits.secondLookMs,
  indexLagMs: traits.indexLagMs,
  creates: traits.creates,
  preconditions: traits.preconditions,
  settings: {},
  credentials: {},
})

const objectOf = (name: string, job: string, create = ""): string => `
  ${name}:
    type: contact
    lookup: [email]${create}
    fields:
      email: mail
      firstName: first
      lastName: last
      title: ${job}
`

export const mappingOf = ({ converts, verbs }: Pick<Traits, "converts" | "verbs">): string => {
  const job = verbs ? JOB_VERB : "job"
  const lead = converts ? objectOf(LEAD, job, "\n    create: false") : ""
  return `\nobjects:${objectOf(PERSON, job)}${lead}`
}
export const MAPPING = mappingOf({ converts: false, verbs: false })
