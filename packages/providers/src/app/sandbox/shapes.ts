/** What goes into and comes out of the sandbox product: its records, its settings, the log of what Concordat wrote. */

export type Value = null | string | number | boolean | ReadonlyArray<string>
export type Values = Readonly<Record<string, Value>>

/** In the order in which a record refers to those before it. */
export const OBJECTS = ["company", "contact", "deal", "activity"] as const

export interface SeenRecord {
  readonly object: string
  readonly id: string
  readonly values: Values
  readonly archived: boolean
  /** The revision at Concordat that this product has seen of it; null: none yet. */
  readonly revision: number | null
  readonly updatedAt: number
}

/** Where Concordat is, as a person configures it. */
export interface Connection {
  readonly url: string
  readonly tenant: string
  readonly connection: string
  readonly token: string
}

type Range = readonly [least: number, most: number]

export interface Settings {
  /** Time between a person's edit and its sending, and between a change's arrival and its application, ms. */
  readonly sendDelayMs: Range
  readonly applyDelayMs: Range
  /** How long an answer to an edit is on its way, ms. */
  readonly answerDelayMs: Range
  /** Share of edits that are sent once more after they were taken, and when, ms. */
  readonly duplicateRate: number
  readonly duplicateDelayMs: Range
  /** Share of answers that are lost on the way back: the edit is sent again with its key. */
  readonly lostAnswerRate: number
  /** Least and most wait after a failure, ms. */
  readonly backoffMs: Range
  /** How long one request for changes waits at Concordat, and this product between two that bring none. */
  readonly waitSeconds: number
  readonly pollMs: number
  readonly changesPerPage: number
  readonly rowsPerBatch: number
  /** The position is put by after so many pages: a restart falls back to the last one put by. */
  readonly keepPositionEvery: number
}

export const defaultSettings: Settings = {
  sendDelayMs: [0, 0],
  applyDelayMs: [0, 0],
  answerDelayMs: [0, 0],
  duplicateRate: 0,
  duplicateDelayMs: [100, 3_000],
  lostAnswerRate: 0,
  backoffMs: [100, 10_000],
  waitSeconds: 20,
  pollMs: 20,
  changesPerPage: 100,
  rowsPerBatch: 500,
  keepPositionEvery: 1,
}

/**
 * A write of Concordat's as it met this product. `applied`: it changed the record; `same`: the record held it already;
 * `waiting`: all of it waits for the answer to a person's edit; `repeat`: it had come before; `missing`: the record is not
 * here. `reread`: values that came with a refused edit; `withheld`: a value that waited for the answer to a person's edit
 * of its field.
 */
export interface LogEntry {
  readonly at: number
  readonly object: string
  readonly id: string
  readonly kind: "create" | "update" | "archive" | "reread" | "withheld"
  readonly effect: "applied" | "same" | "waiting" | "repeat" | "missing"
  readonly revision: number
  readonly values: Values
  readonly entity?: string
  readonly key?: string
}

export interface Stats {
  readonly connected: boolean
  readonly populated: boolean
  /** Edits not yet taken, and duplicates not yet sent. */
  readonly pending: number
  /** Position of the feed up to which everything is applied; null: the start. */
  readonly position: string | null
  readonly counts: Readonly<Record<Count, number>>
  /** What went wrong last, in words. */
  readonly trouble: string | null
  readonly refused: ReadonlyArray<{ readonly object: string; readonly id: string; readonly answer: string }>
}

export const COUNTS = [
  "edits",
  "taken",
  "stale",
  "refused",
  "failures",
  "lostAnswers",
  "duplicates",
  "duplicatesRefused",
  "applied",
  "repeats",
  "restarts",
  "rewinds",
  "resends",
] as const
export type Count = (typeof COUNTS)[number]

export interface SandboxOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  /** How Concordat is reached; a rejected promise is no answer. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly settings?: Partial<Settings>
  readonly onWrite?: (entry: LogEntry) => void
}
