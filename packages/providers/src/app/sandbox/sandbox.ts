/**
 * A small product that embeds Concordat, without sockets: people edit its records over the back door; `push` and `follow`
 * are its two loops, one step each. Time, chance and the way to Concordat come from outside: it runs on a virtual clock.
 */
import { follow } from "./follow.ts"
import { edit, enqueue, makeProduct, nameOf, newRecord, type Product, see, type StoredRecord } from "./product.ts"
import { push, sendAll } from "./push.ts"
import type { Connection, LogEntry, SandboxOptions, SeenRecord, Settings, Stats, Values } from "./shapes.ts"

export interface Backdoor {
  /** Records that were always there; the ids given or made, by object. */
  readonly seed: (
    given: Readonly<Record<string, ReadonlyArray<{ readonly id?: string; readonly values: Values }>>>,
  ) => Readonly<Record<string, ReadonlyArray<string>>>
  /** A person's edit; without `id` a new record. An archived record comes back. */
  /** `byAutomation`: of a record that is there, by the product's own code. */
  readonly put: (given: {
    readonly object: string
    readonly id?: string
    readonly values: Values
    readonly byAutomation?: boolean
  }) => SeenRecord
  readonly get: (object: string, id: string) => SeenRecord | null
  readonly list: (object: string, options?: { readonly archived?: boolean }) => ReadonlyArray<SeenRecord>
  /** A person deletes it. */
  readonly archive: (object: string, id: string) => void
  /** Every write of Concordat's that came, repeats included. */
  readonly log: (from?: number) => ReadonlyArray<LogEntry>
  readonly settings: (patch?: Partial<Settings>) => Settings
  readonly stats: () => Stats
  /** Where Concordat is. The first time, and for another connection, everything is sent, then `ready`. */
  readonly connect: (connection: Connection) => void
  /** Ends and starts the product: its database stays, the position falls back to the one put by last, or to the start. */
  readonly restart: (options?: { readonly forget?: boolean }) => void
}

export interface AppSandbox extends Backdoor {
  /** Sends what is due, one request; when to come again (ms since 1970), null while there is nothing to send. */
  readonly push: () => Promise<number | null>
  /** Asks for changes or applies those that came; when to come again, null while not connected. */
  readonly follow: () => Promise<number | null>
}

const existing = (product: Product, object: string, id: string): StoredRecord => {
  const record = product.records.get(nameOf({ object, id }))
  if (record === undefined) throw new Error(`${object} ${id} does not exist`)
  return record
}

const seed = (product: Product, given: Parameters<Backdoor["seed"]>[0]): ReturnType<Backdoor["seed"]> =>
  Object.fromEntries(
    Object.entries(given).map(([object, rows]) => [
      object,
      rows.map(({ id, values }) => {
        const record = newRecord(product, object, id, values)
        enqueue(product, record, values, { population: !product.populated })
        return record.id
      }),
    ]),
  )

const put = (product: Product, given: Parameters<Backdoor["put"]>[0]): SeenRecord => {
  if (given.id !== undefined) {
    const record = existing(product, given.object, given.id)
    edit(product, record, given.values, given.byAutomation)
    return see(record)
  }
  const record = newRecord(product, given.object, undefined, given.values)
  enqueue(product, record, given.values)
  return see(record)
}

const archive = (product: Product, record: StoredRecord): void => {
  if (record.archived) return
  record.archived = true
  record.updatedAt = product.options.now()
  enqueue(product, record, null)
}

const connect = (product: Product, to: Connection): void => {
  const before = product.connection
  product.connection = to
  if (before?.tenant === to.tenant && before.connection === to.connection) return
  sendAll(product)
}

const restart = (product: Product, forget: boolean): void => {
  product.counts.restarts += 1
  product.landed = null
  product.arrived = null
  if (forget) product.keptPosition = null
  product.position = product.keptPosition
  product.pagesSinceKept = 0
}

const stats = (product: Product): Stats => ({
  connected: product.connection !== null,
  populated: product.populated,
  pending: product.edits.length + product.duplicates.length,
  position: product.position,
  counts: { ...product.counts },
  trouble: product.trouble,
  refused: product.refused,
})

export const makeAppSandbox = (options: SandboxOptions): AppSandbox => {
  const product = makeProduct(options)
  return {
    push: () => push(product),
    follow: () => follow(product),
    seed: (given) => seed(product, given),
    put: (given) => put(product, given),
    get: (object, id) => {
      const record = product.records.get(nameOf({ object, id }))
      return record === undefined ? null : see(record)
    },
    list: (object, filter) =>
      [...product.records.values()]
        .filter((record) => record.object === object && record.archived === (filter?.archived ?? false))
        .map(see),
    archive: (object, id) => archive(product, existing(product, object, id)),
    log: (from) => product.log.slice(from ?? 0),
    settings: (patch) => {
      product.settings = { ...product.settings, ...patch }
      return product.settings
    },
    stats: () => stats(product),
    connect: (to) => connect(product, to),
    restart: (given) => restart(product, given?.forget ?? false),
  }
}
