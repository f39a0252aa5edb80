/** The documents and checkpoints that can be rebuilt from the journal. Runs in the worker. */
import type { DatabaseSync } from "node:sqlite"
import { afterPrefix, keyFault, keyRange, pageSize } from "../state/keys.ts"
import { Refusal } from "./failures.ts"
import type { CommitRequest } from "./protocol.ts"

const spaceKey = (tenant: string, kind: string): string => `${tenant}\n${kind}`

export const openStateTables = (db: DatabaseSync) => {
  const allSpaces = db.prepare("SELECT id, tenant, kind FROM space")
  const addSpace = db.prepare("INSERT INTO space (tenant, kind) VALUES (?, ?)")
  // `INSERT OR REPLACE` takes the row out and puts it in anew: a quarter dearer where it is there already.
  const put = db.prepare(
    "INSERT INTO document (space, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  )
  const remove = db.prepare("DELETE FROM document WHERE space = ? AND key = ?")
  const find = db.prepare("SELECT value FROM document WHERE space = ? AND key = ?")
  const any = db.prepare("SELECT 1 FROM document WHERE space = ? LIMIT 1")
  // A text is less than any blob: `x''` as upper bound means none.
  const fromKey =
    "SELECT key, value FROM document WHERE space = ? AND key >= ? AND key < coalesce(?, x'') ORDER BY key LIMIT ?"
  const scanFrom = db.prepare(fromKey)
  const scanAfter = db.prepare(fromKey.replace(">=", ">"))
  const countFrom = db.prepare("SELECT count(*) FROM document WHERE space = ? AND key >= ? AND key < coalesce(?, x'')")
  const putCheckpoint = db.prepare(
    "INSERT OR REPLACE INTO checkpoint (name, position, event_id, ahead) VALUES (?, ?, ?, ?)",
  )
  const findCheckpoint = db.prepare("SELECT name, position, event_id, ahead FROM checkpoint WHERE name = ?")
  for (const statement of [find, scanFrom, scanAfter, countFrom, findCheckpoint]) statement.setReturnArrays(true)

  const spaces = new Map<string, number>()
  const tenants = new Map<string, Array<number>>()
  const know = (id: number, tenant: string, kind: string): void => {
    spaces.set(spaceKey(tenant, kind), id)
    const known = tenants.get(tenant)
    if (known === undefined) tenants.set(tenant, [id])
    else known.push(id)
  }
  const reload = (): void => {
    spaces.clear()
    tenants.clear()
    for (const row of allSpaces.all() as Array<{ id: number; tenant: string; kind: string }>)
      know(row.id, row.tenant, row.kind)
  }
  reload()

  const spaceId = (tenant: string, kind: string): number => {
    const known = spaces.get(spaceKey(tenant, kind))
    if (known !== undefined) return known
    const id = Number(addSpace.run(tenant, kind).lastInsertRowid)
    know(id, tenant, kind)
    return id
  }

  const write = (unit: CommitRequest): void => {
    const columns = unit.documents
    for (let i = 0; i < columns.length; i += 4) {
      const tenant = columns[i]!
      const kind = columns[i + 1]!
      const key = columns[i + 2]!
      const value = columns[i + 3]!
      if (value === null) {
        const space = spaces.get(spaceKey(tenant, kind))
        if (space !== undefined) remove.run(space, key)
        continue
      }
      const fault = keyFault(key)
      if (fault !== null) throw new Refusal("limit", fault)
      put.run(spaceId(tenant, kind), key, value)
    }
    if (unit.checkpoint !== null) putCheckpoint.run(...unit.checkpoint)
  }

  const get = (ids: ReadonlyArray<string>): ReadonlyArray<string | null> => {
    const values: Array<string | null> = []
    for (let i = 0; i < ids.length; i += 3) {
      const space = spaces.get(spaceKey(ids[i]!, ids[i + 1]!))
      const row = space === undefined ? undefined : (find.get(space, ids[i + 2]!) as readonly [string] | undefined)
      values.push(row === undefined ? null : row[0])
    }
    return values
  }

  /** Key and value in turn. */
  const scan = (tenant: string, kind: string, prefix: string, after: string | null, limit: number) => {
    const space = spaces.get(spaceKey(tenant, kind))
    if (space === undefined) return []
    const range = keyRange(prefix, after)
    if (range === null) return []
    const rows = (range.exclusive ? scanAfter : scanFrom).all(space, range.from, range.until, pageSize(limit))
    return (rows as unknown as ReadonlyArray<readonly [string, string]>).flat()
  }

  const count = (tenant: string, kind: string, prefix: string): number => {
    const space = spaces.get(spaceKey(tenant, kind))
    if (space === undefined) return 0
    return (countFrom.get(space, prefix, afterPrefix(prefix)) as unknown as readonly [number])[0]
  }

  return {
    write,
    get,
    scan,
    count,
    tenants: (): ReadonlyArray<string> =>
      [...tenants].flatMap(([tenant, ids]) => (ids.some((id) => any.get(id) !== undefined) ? [tenant] : [])).sort(),
    checkpoint: (name: string) =>
      (findCheckpoint.get(name) as unknown as [string, string, string, string] | undefined) ?? null,
    clear: (): void => {
      db.exec("DELETE FROM document; DELETE FROM space; DELETE FROM checkpoint")
      reload()
    },
    reload,
  }
}
export type StateTables = ReturnType<typeof openStateTables>
