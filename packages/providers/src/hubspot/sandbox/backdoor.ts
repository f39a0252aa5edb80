/** What a test, the demo or a benchmark does to the portal past its API: seed it, edit as a person, break things, look. */
import { tableOf } from "./associations.ts"
import { plantLink, associate, dissociate } from "./links.ts"
import { defaultType } from "./batches.ts"
import { IMPORT, INTEGRATION, PERSON, WORKFLOW, type Portal, type StoredRecord, type Table } from "./portal.ts"
import { invalidValues } from "./refusal.ts"
import {
  patchSettings,
  type Fault,
  type Owner,
  type Pipeline,
  type SettingsPatch,
  type WriteLogEntry,
} from "./shapes.ts"
import { archive, change, conflictOf, erase, find, insert, merge, plant, restore } from "./store.ts"
import { checkValues } from "./values.ts"
import { linksFrom } from "./links.ts"

export interface SeedRecord {
  readonly id?: string
  readonly properties: Readonly<Record<string, string>>
  readonly createdAt?: number
  readonly updatedAt?: number
  readonly archivedAt?: number
}

export interface SeedLink {
  readonly from: readonly [object: string, id: string]
  readonly to: readonly [object: string, id: string]
  readonly typeId?: number
}

export interface Seed {
  /** By object. Written as they are: not checked, not logged, not announced, searchable at once. */
  readonly records?: Readonly<Record<string, ReadonlyArray<SeedRecord>>>
  readonly associations?: ReadonlyArray<SeedLink>
  readonly owners?: ReadonlyArray<Owner>
  readonly pipelines?: Readonly<Record<string, ReadonlyArray<Pipeline>>>
}

export interface SeenRecord {
  readonly object: string
  readonly id: string
  readonly properties: Readonly<Record<string, string>>
  readonly createdAt: number
  readonly updatedAt: number
  readonly archivedAt: number | null
  readonly associations: Readonly<Record<string, ReadonlyArray<string>>>
}

export interface Backdoor {
  /** Ids of the planted records, by object, in the order given. */
  readonly seed: (seed: Seed) => Readonly<Record<string, ReadonlyArray<string>>>
  /** An edit in the user interface; without `id` a new record. Association lists are made to be exactly those named. */
  readonly put: (edit: {
    readonly object: string
    readonly id?: string
    readonly properties?: Readonly<Record<string, string>>
    readonly associations?: Readonly<Record<string, ReadonlyArray<string>>>
    readonly userId?: number
    /** The edit is a workflow's and no person's. */
    readonly byWorkflow?: boolean
    /** It is a row of a file that somebody imports. */
    readonly byImport?: boolean
  }) => SeenRecord
  readonly get: (object: string, id: string) => SeenRecord | null
  readonly list: (object: string, options?: { readonly archived?: boolean }) => ReadonlyArray<SeenRecord>
  readonly archive: (object: string, id: string, userId?: number) => void
  readonly restore: (object: string, id: string, userId?: number) => void
  readonly erase: (object: string, id: string, userId?: number) => void
  /** The id of the record that both became. */
  readonly merge: (object: string, winner: string, loser: string, userId?: number) => string
  /** A background job that stamps the same instant on the first `count` records (all by default); no value of a person changes. */
  readonly calculate: (job: {
    readonly object: string
    readonly property: string
    readonly value: string
    readonly count?: number
  }) => number
  readonly failNext: (fault: Partial<Fault> & { readonly status: number }) => void
  readonly advance: (ms: number) => void
  readonly settings: (patch?: SettingsPatch) => Portal["settings"]
  readonly log: (from?: number) => ReadonlyArray<WriteLogEntry>
  /** Counts of writes that came through the API, as "contacts.create" → 3. */
  readonly writes: () => Readonly<Record<string, number>>
  readonly counts: () => Readonly<Record<string, number>>
}

const ADMIN = 9_586_504

const see = (portal: Portal, table: Table, entry: StoredRecord): SeenRecord => ({
  object: table.kind.name,
  id: String(entry.id),
  properties: entry.properties,
  createdAt: entry.createdAt,
  updatedAt: entry.updatedAt,
  archivedAt: entry.archivedAt,
  associations: Object.fromEntries(
    [...portal.tables.keys()].flatMap((to) => {
      const links = linksFrom(portal, table.kind.name, entry.id, to).map((link) => String(link.to))
      return links.length === 0 ? [] : [[to, links]]
    }),
  ),
})

const seed = (portal: Portal, given: Seed): Readonly<Record<string, ReadonlyArray<string>>> => {
  if (given.owners !== undefined) portal.owners = [...given.owners]
  for (const [object, pipelines] of Object.entries(given.pipelines ?? {})) portal.pipelines.set(object, [...pipelines])
  const ids: Record<string, Array<string>> = {}
  for (const [object, records] of Object.entries(given.records ?? {})) {
    const table = tableOf(portal, object)
    ids[object] = records.map(({ id, properties, ...at }) =>
      String(plant(portal, table, properties, { ...at, ...(id === undefined ? {} : { id: Number(id) }) }).id),
    )
  }
  for (const { from, to, typeId } of given.associations ?? [])
    plantLink(portal, from[0], Number(from[1]), to[0], Number(to[1]), typeId)
  return ids
}

const put = (portal: Portal, edit: Parameters<Backdoor["put"]>[0]): SeenRecord => {
  const table = tableOf(portal, edit.object)
  const actor = edit.byWorkflow === true ? WORKFLOW : edit.byImport === true ? IMPORT : PERSON(edit.userId ?? ADMIN)
  const there = edit.id === undefined ? undefined : find(table, Number(edit.id))
  if (edit.id !== undefined && there === undefined) throw new Error(`${edit.object} ${edit.id} does not exist`)
  const { values, invalid } = checkValues(portal, table, there?.properties ?? {}, edit.properties)
  if (invalid.length > 0) throw invalidValues(invalid)
  const conflict = conflictOf(table, values, there?.id ?? null)
  if (conflict !== undefined) throw new Error(`${conflict.property} is held by ${conflict.holder.id}`)
  const entry = there ?? insert(portal, table, values, actor)
  if (there !== undefined && Object.keys(values).length > 0) change(portal, table, there, values, actor)
  for (const [to, wanted] of Object.entries(edit.associations ?? {})) {
    const held = new Set(linksFrom(portal, table.kind.name, entry.id, to).map((link) => String(link.to)))
    for (const id of held)
      if (!wanted.includes(id)) dissociate(portal, table.kind.name, entry.id, to, Number(id), actor)
    for (const id of wanted) {
      if (!held.has(id))
        associate(portal, table.kind.name, entry.id, to, Number(id), defaultType(table.kind.name, to), actor)
    }
  }
  return see(portal, table, entry)
}

const calculate = (portal: Portal, job: Parameters<Backdoor["calculate"]>[0]): number => {
  const table = tableOf(portal, job.object)
  const rows = table.order
    .map((id) => table.records.get(id))
    .filter((entry) => entry !== undefined && entry.archivedAt === null)
    .slice(0, job.count ?? table.order.length)
  const now = portal.now()
  for (const entry of rows) {
    if (entry === undefined) continue
    entry.properties = { ...entry.properties, [job.property]: job.value }
    entry.updatedAt = now
    entry.indexed = { properties: entry.properties, updatedAt: now }
  }
  return rows.length
}

export const makeBackdoor = (portal: Portal): Backdoor => {
  const existing = (object: string, id: string): readonly [Table, StoredRecord] => {
    const table = tableOf(portal, object)
    const entry = find(table, Number(id))
    if (entry === undefined) throw new Error(`${object} ${id} does not exist`)
    return [table, entry]
  }
  return {
    seed: (given) => seed(portal, given),
    put: (edit) => put(portal, edit),
    get: (object, id) => {
      const table = tableOf(portal, object)
      const entry = find(table, Number(id))
      return entry === undefined ? null : see(portal, table, entry)
    },
    list: (object, options) => {
      const table = tableOf(portal, object)
      return table.order.flatMap((id) => {
        const entry = table.records.get(id)
        return entry === undefined || (entry.archivedAt !== null) !== (options?.archived ?? false)
          ? []
          : [see(portal, table, entry)]
      })
    },
    archive: (object, id, userId) => archive(portal, ...existing(object, id), PERSON(userId ?? ADMIN)),
    restore: (object, id, userId) => restore(portal, ...existing(object, id), PERSON(userId ?? ADMIN)),
    erase: (object, id, userId) => erase(portal, ...existing(object, id), PERSON(userId ?? ADMIN)),
    merge: (object, winner, loser, userId) => {
      const [[table, kept], [, gone]] = [existing(object, winner), existing(object, loser)]
      return String(merge(portal, table, kept, gone, PERSON(userId ?? ADMIN)).id)
    },
    calculate: (job) => calculate(portal, job),
    failNext: (fault) => {
      const count = fault.count ?? 1
      portal.faults.push({ fault: { ...fault, count }, left: count, passing: fault.after ?? 0 })
    },
    advance: (ms) => {
      portal.offset += ms
    },
    settings: (patch) => {
      if (patch !== undefined) portal.settings = patchSettings(portal.settings, patch)
      return portal.settings
    },
    log: (from) => portal.log.slice(from ?? 0),
    writes: () => {
      const counts: Record<string, number> = {}
      for (const entry of portal.log) {
        if (entry.by !== INTEGRATION(portal).source) continue
        const key = `${entry.object}.${entry.kind}`
        counts[key] = (counts[key] ?? 0) + 1
      }
      return counts
    },
    counts: () =>
      Object.fromEntries(
        [...portal.tables].map(([name, table]) => [
          name,
          [...table.records.values()].filter((entry) => entry.archivedAt === null).length,
        ]),
      ),
  }
}
