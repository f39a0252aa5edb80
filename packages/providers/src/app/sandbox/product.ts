/** The product's own database: records, edits that are not yet taken, and what it remembers of Concordat. */
import {
  COUNTS,
  type Connection,
  type Count,
  defaultSettings,
  type LogEntry,
  OBJECTS,
  type SandboxOptions,
  type SeenRecord,
  type Settings,
  type Value,
  type Values,
} from "./shapes.ts"

export interface StoredRecord {
  readonly object: string
  readonly id: string
  values: Values
  archived: boolean
  revision: number | null
  updatedAt: number
  /** Values of Concordat's that came while a person's edit of the field was on its way, and their revisions. */
  readonly withheld: Map<string, { readonly revision: number; readonly value: Value }>
}

/** An edit on its way. `values`: only what the person changed; null deletes. */
export interface Edit {
  readonly key: string
  readonly object: string
  readonly id: string
  values: Values | null
  /** Of a record that was taken back, which is sent whole: what the person changed with that. All else is as the product has it. */
  readonly own?: ReadonlySet<string>
  /** What was sent may have been taken: it stays as it is. */
  isSent: boolean
  /** Made by the product's own code. */
  readonly byAutomation: boolean
  readonly stamp: number
  /** Part of what was there when Concordat was connected. */
  readonly population: boolean
  attempts: number
  notBefore: number
}

export interface Duplicate {
  readonly edit: Edit
  readonly basedOn: number | null
  readonly notBefore: number
}

export interface Page {
  readonly position: string
  readonly changes: ReadonlyArray<{
    readonly object: string
    readonly id: string
    readonly entity: string
    readonly revision: number
    readonly values: Values
    readonly kind: "create" | "update" | "archive"
    readonly key: string
  }>
}

export interface Product {
  readonly options: SandboxOptions
  settings: Settings
  connection: Connection | null
  populated: boolean
  /** Concordat's journal was restored: until everything is sent once more, nothing is asked for. */
  isResending: boolean
  readonly records: Map<string, StoredRecord>
  edits: Array<Edit>
  duplicates: Array<Duplicate>
  refused: Array<{ readonly object: string; readonly id: string; readonly answer: string }>
  readonly log: Array<LogEntry>
  readonly counts: Record<Count, number>
  /** Up to here changes are applied; what of it was put by; pages since. */
  position: string | null
  keptPosition: string | null
  pagesSinceKept: number
  /** Edits that were sent, and the answer, while it has not been looked at. */
  landed: { readonly notBefore: number; readonly settle: () => void } | null
  /** Arrived and not yet applied. */
  arrived: { readonly page: Page; readonly notBefore: number } | null
  followAttempts: number
  ready: { readonly attempts: number; readonly notBefore: number }
  nextNumber: number
  /** What went wrong last, in words. */
  trouble: string | null
}

export const makeProduct = (options: SandboxOptions): Product => ({
  options,
  settings: { ...defaultSettings, ...options.settings },
  connection: null,
  populated: false,
  isResending: false,
  records: new Map(),
  edits: [],
  duplicates: [],
  refused: [],
  log: [],
  counts: Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<Count, number>,
  position: null,
  keptPosition: null,
  pagesSinceKept: 0,
  landed: null,
  arrived: null,
  followAttempts: 0,
  ready: { attempts: 0, notBefore: 0 },
  nextNumber: 1,
  trouble: null,
})

export const nameOf = (of: { readonly object: string; readonly id: string }): string => `${of.object}:${of.id}`

export const between = (product: Product, [least, most]: readonly [number, number]): number =>
  Math.round(least + product.options.random() * (most - least))

/** Doubles with each failure, and spreads. */
export const backoff = (product: Product, attempts: number, asked = 0): number => {
  const [least, most] = product.settings.backoffMs
  const wait = Math.min(most, least * 2 ** Math.min(attempts, 20))
  return product.options.now() + Math.max(asked, Math.round(wait * (0.5 + product.options.random() / 2)))
}

export const see = ({ object, id, values, archived, revision, updatedAt }: StoredRecord): SeenRecord => ({
  object,
  id,
  values,
  archived,
  revision,
  updatedAt,
})

const same = (a: Value | undefined, b: Value | undefined): boolean =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

const overlaid = (record: StoredRecord, values: Values): { readonly values: Values; readonly changed: boolean } => {
  const changed = Object.entries(values).some(([name, value]) => !same(record.values[name], value))
  return { values: { ...record.values, ...values }, changed }
}

export const newRecord = (product: Product, object: string, id: string | undefined, values: Values): StoredRecord => {
  if (!(OBJECTS as ReadonlyArray<string>).includes(object)) throw new Error(`no object ${object}`)
  const made = id ?? `${object[0]}${product.nextNumber++}`
  const name = nameOf({ object, id: made })
  if (product.records.has(name)) throw new Error(`${object} ${made} exists`)
  const record: StoredRecord = {
    object,
    id: made,
    values,
    archived: false,
    revision: null,
    updatedAt: product.options.now(),
    withheld: new Map(),
  }
  product.records.set(name, record)
  return record
}

interface Enqueued {
  readonly population?: boolean
  readonly own?: ReadonlySet<string>
  readonly byAutomation?: boolean
}

/** Keys are unique over all runs of this product: its own number of the edit, and some chance. */
export const enqueue = (
  product: Product,
  record: StoredRecord,
  values: Values | null,
  { byAutomation = false, own, population = false }: Enqueued = {},
): void => {
  if (product.connection === null) return
  const now = product.options.now()
  const chance = Math.floor(product.options.random() * 2 ** 40).toString(36)
  product.edits.push({
    key: `${record.object}.${record.id}.${product.nextNumber++}.${chance}`,
    object: record.object,
    id: record.id,
    values,
    ...(own === undefined ? {} : { own }),
    isSent: false,
    byAutomation,
    stamp: now,
    population,
    attempts: 0,
    notBefore: now + (population ? 0 : between(product, product.settings.sendDelayMs)),
  })
  product.counts.edits += 1
}

/** An edit, a person's or the product's own: there at once, on its way to Concordat with only what was changed. */
export const edit = (product: Product, record: StoredRecord, values: Values, byAutomation = false): void => {
  const changed = Object.fromEntries(
    Object.entries(values).filter(([name, value]) => !same(record.values[name], value)),
  )
  const restored = record.archived
  record.values = { ...record.values, ...changed }
  record.archived = false
  record.updatedAt = product.options.now()
  if (restored) enqueue(product, record, record.values, { own: new Set(Object.keys(changed)) })
  else if (Object.keys(changed).length > 0) enqueue(product, record, changed, { byAutomation })
}

const pendingFields = (product: Product, record: StoredRecord): ReadonlySet<string> =>
  new Set(
    product.edits
      .filter((one) => one.object === record.object && one.id === record.id)
      .flatMap((one) => (one.own === undefined || one.isSent ? Object.keys(one.values ?? {}) : [...one.own])),
  )

const note = (product: Product, entry: Omit<LogEntry, "at">): void => {
  const full = { at: product.options.now(), ...entry }
  product.log.push(full)
  product.options.onWrite?.(full)
  if (entry.effect === "repeat") product.counts.repeats += 1
  if (entry.effect === "applied") product.counts.applied += 1
}

/** What people changed and Concordat has not answered yet stands above what comes from there, until the answer. */
const lay = (product: Product, record: StoredRecord, revision: number, values: Values): LogEntry["effect"] => {
  const pending = pendingFields(product, record)
  const now: Record<string, Value> = {}
  for (const [name, value] of Object.entries(values)) {
    if (pending.has(name)) record.withheld.set(name, { revision, value })
    else now[name] = value
  }
  const { values: after, changed } = overlaid(record, now)
  if (changed) {
    record.values = after
    record.updatedAt = product.options.now()
  }
  if (changed) return "applied"
  return Object.keys(values).length > 0 && Object.keys(now).length === 0 ? "waiting" : "same"
}

/**
 * An edit was answered: what Concordat wrote into its fields before is overruled by it, what it wrote after (the answer
 * was long on its way) overrules it.
 */
export const release = (product: Product, record: StoredRecord, fields: ReadonlyArray<string>, taken: number): void => {
  const pending = pendingFields(product, record)
  const free = new Map<number, Record<string, Value>>()
  for (const name of fields) {
    const held = record.withheld.get(name)
    if (held === undefined || pending.has(name)) continue
    record.withheld.delete(name)
    if (held.revision > taken) free.set(held.revision, { ...free.get(held.revision), [name]: held.value })
  }
  // All of them at once: nobody sees half an address. Each write is noted on its own.
  const { object, id } = record
  const written = [...free].toSorted(([a], [b]) => a - b)
  const laid = written.map(([revision, values]) => ({
    revision,
    values,
    effect: lay(product, record, revision, values),
  }))
  for (const one of laid) note(product, { object, id, kind: "withheld", ...one })
}

/** A change of the feed. By its revision a repeat is known, also where the position was forgotten; none is sent back. */
export const applyChange = (product: Product, change: Page["changes"][number]): void => {
  const known = product.records.get(nameOf(change))
  const of = { ...change }
  if (known === undefined) {
    if (change.kind !== "create") return note(product, { ...of, effect: "missing" })
    const record = newRecord(product, change.object, change.id, change.values)
    record.revision = change.revision
    return note(product, { ...of, effect: "applied" })
  }
  if (change.kind === "create" || (known.revision !== null && change.revision <= known.revision)) {
    return note(product, { ...of, effect: "repeat" })
  }
  known.revision = change.revision
  if (change.kind === "archive") {
    const effect = known.archived ? "same" : "applied"
    known.archived = true
    return note(product, { ...of, effect })
  }
  return note(product, { ...of, effect: lay(product, known, change.revision, change.values) })
}

/** It goes as it is now: of a record that was taken back with what came since. */
export const seal = (product: Product, edit: Edit): void => {
  if (edit.own !== undefined && !edit.isSent) edit.values = product.records.get(nameOf(edit))?.values ?? edit.values
  edit.isSent = true
}

/** What came with a refused edit: the record as Concordat knows it, under the edits of people. */
export const reread = (product: Product, record: StoredRecord, revision: number, values: Values): void => {
  const { object, id } = record
  record.revision = revision
  const effect = lay(product, record, revision, values)
  note(product, { object, id, kind: "reread", effect, revision, values })
}
