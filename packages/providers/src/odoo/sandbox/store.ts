/** Tables with transactions: staged rows over committed ones, first committer wins. */
import { OdooFault } from "./fault.ts"
import type { Row } from "./wire.ts"

/** Many2one columns that side effects look up from the other end; without an index each write would scan the table. */
const indexed: Readonly<Record<string, ReadonlyArray<string>>> = {
  "res.partner": ["parent_id"],
  "crm.lead": ["partner_id"],
  "mail.message": ["res_id"],
  "mail.activity": ["res_id"],
  "res.users": ["partner_id"],
}

export class Table {
  readonly rows = new Map<number, Row>()
  /** Ascending. */
  ids: Array<number> = []
  nextId = 1
  private readonly indexes: ReadonlyMap<string, Map<number, Set<number>>>

  constructor(model: string) {
    this.indexes = new Map((indexed[model] ?? []).map((column) => [column, new Map<number, Set<number>>()]))
  }

  /** Committed ids whose indexed column holds `value`. */
  having(column: string, value: number): ReadonlyArray<number> {
    return [...(this.indexes.get(column)?.get(value) ?? [])]
  }

  private reindex(id: number, previous: Row | undefined, next: Row | undefined): void {
    for (const [column, index] of this.indexes) {
      const before = previous?.[column]
      const after = next?.[column]
      if (before === after) continue
      if (typeof before === "number") index.get(before)?.delete(id)
      if (typeof after === "number") {
        const ids = index.get(after) ?? new Set<number>()
        ids.add(id)
        index.set(after, ids)
      }
    }
  }

  /** Takes the row as committed, whatever stood there. */
  set(id: number, row: Row): void {
    if (!this.rows.has(id)) {
      if (this.ids.length > 0 && id < this.ids[this.ids.length - 1]!) this.ids.splice(this.position(id), 0, id)
      else this.ids.push(id)
    }
    this.reindex(id, this.rows.get(id), row)
    this.rows.set(id, row)
    if (id >= this.nextId) this.nextId = id + 1
  }

  delete(id: number): void {
    this.reindex(id, this.rows.get(id), undefined)
    if (this.rows.delete(id)) this.ids.splice(this.position(id), 1)
  }

  /** Index of the first id that is not below `id`. */
  position(id: number): number {
    let low = 0
    let high = this.ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.ids[middle]! < id) low = middle + 1
      else high = middle
    }
    return low
  }
}

export class Database {
  readonly tables = new Map<string, Table>()
  /** `module.name` → row of `ir.model.data`, committed ones only. */
  readonly externalIds = new Map<string, number>()
  /** `model,id` → external ids, committed ones only. */
  readonly externalIdsOf = new Map<string, Array<string>>()

  table(model: string): Table {
    const found = this.tables.get(model)
    if (found !== undefined) return found
    const made = new Table(model)
    this.tables.set(model, made)
    return made
  }

  index(previous: Row | undefined, next: Row | undefined): void {
    if (previous !== undefined) {
      const key = `${String(previous["model"])},${String(previous["res_id"])}`
      const name = `${String(previous["module"])}.${String(previous["name"])}`
      this.externalIds.delete(name)
      this.externalIdsOf.set(
        key,
        (this.externalIdsOf.get(key) ?? []).filter((each) => each !== name),
      )
    }
    if (next !== undefined) {
      const key = `${String(next["model"])},${String(next["res_id"])}`
      const name = `${String(next["module"])}.${String(next["name"])}`
      this.externalIds.set(name, Number(next["id"]))
      this.externalIdsOf.set(key, [...(this.externalIdsOf.get(key) ?? []), name])
    }
  }
}

export class Transaction {
  /** Start of the transaction in microseconds: the `write_date` of everything it writes. */
  readonly startedAt: number
  private readonly database: Database
  private readonly staged = new Map<string, Map<number, Row | undefined>>()
  private readonly seen = new Map<string, Map<number, Row | undefined>>()

  constructor(database: Database, startedAt: number) {
    this.database = database
    this.startedAt = startedAt
  }

  get(model: string, id: number): Row | undefined {
    const staged = this.staged.get(model)
    return staged?.has(id) ? staged.get(id) : this.database.table(model).rows.get(id)
  }

  put(model: string, row: Row): void {
    this.stage(model, Number(row["id"]), row)
  }

  delete(model: string, id: number): void {
    this.stage(model, id, undefined)
  }

  newId(model: string): number {
    const table = this.database.table(model)
    // A sequence is not transactional: an id of a rolled back create is never used again.
    return table.nextId++
  }

  /** Ids of a model in ascending order, from `from` on. */
  *ids(model: string, from = 0): Generator<number> {
    const table = this.database.table(model)
    const staged = this.staged.get(model)
    const fresh =
      staged === undefined
        ? []
        : [...staged.entries()]
            .filter(([id, row]) => row !== undefined && id >= from && !table.rows.has(id))
            .map(([id]) => id)
            .sort((a, b) => a - b)
    let next = 0
    for (let index = table.position(from); index < table.ids.length; index++) {
      const id = table.ids[index]!
      while (next < fresh.length && fresh[next]! < id) yield fresh[next++]!
      if (staged?.has(id) && staged.get(id) === undefined) continue
      yield id
    }
    while (next < fresh.length) yield fresh[next++]!
  }

  /** Ids whose indexed column holds `value`, as this transaction sees them. */
  having(model: string, column: string, value: number): ReadonlyArray<number> {
    const candidates = new Set([
      ...this.database.table(model).having(column, value),
      ...(this.staged.get(model)?.keys() ?? []),
    ])
    return [...candidates].filter((id) => this.get(model, id)?.[column] === value).sort((a, b) => a - b)
  }

  externalId(name: string): Row | undefined {
    for (const row of this.staged.get("ir.model.data")?.values() ?? [])
      if (row !== undefined && `${String(row["module"])}.${String(row["name"])}` === name) return row
    const id = this.database.externalIds.get(name)
    return id === undefined ? undefined : this.get("ir.model.data", id)
  }

  /** Committed external ids of a record. */
  externalIdsOf(model: string, id: number): ReadonlyArray<string> {
    return this.database.externalIdsOf.get(`${model},${id}`) ?? []
  }

  commit(): void {
    for (const [model, rows] of this.seen)
      for (const [id, row] of rows)
        if (this.database.table(model).rows.get(id) !== row)
          throw new OdooFault("SerializationFailure", "could not serialize access due to concurrent update\n")
    for (const [model, rows] of this.staged) {
      const table = this.database.table(model)
      for (const [id, row] of rows) {
        if (model === "ir.model.data") this.database.index(table.rows.get(id), row)
        if (row === undefined) table.delete(id)
        else table.set(id, row)
      }
    }
  }

  private stage(model: string, id: number, row: Row | undefined): void {
    const staged = this.staged.get(model) ?? new Map<number, Row | undefined>()
    const seen = this.seen.get(model) ?? new Map<number, Row | undefined>()
    if (!staged.has(id)) seen.set(id, this.database.table(model).rows.get(id))
    staged.set(id, row)
    this.staged.set(model, staged)
    this.seen.set(model, seen)
  }
}
