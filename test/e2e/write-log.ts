/**
 * What the sandboxes of a demo took, held against what the journal says was meant: each intended write stands in its
 * sandbox's log once. Reads files alone, after everything has ended.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { LogEntry as AppEntry } from "@concordat/providers/app/sandbox/shapes"
import type { WriteLogEntry as HubspotEntry } from "@concordat/providers/hubspot/sandbox/shapes"
import type { LoggedWrite as OdooEntry } from "@concordat/providers/odoo/sandbox/sandbox"

/** An intended write, by its idempotency key; `isWritten`: the journal holds the answer of the provider to it. */
export interface Intent {
  readonly key: string
  readonly connection: string
  readonly object: string
  /** Null: a create whose answer names none. */
  readonly id: string | null
  readonly kind: "create" | "update" | "archive"
  readonly ownName: string
  /** Names of the fields that it sends; those of associations begin with `@`. */
  readonly fields: ReadonlyArray<string>
  readonly isWritten: boolean
}

interface StoredIntent {
  readonly key: string
  readonly connection: string
  readonly object: string
  readonly externalId: string | null
  readonly kind: Intent["kind"]
  readonly entity: { readonly type: string }
  readonly sent: { readonly clear: { readonly values: Record<string, unknown>; readonly ownId: string } }
}

interface StoredAnswer {
  readonly key: string
  readonly externalId: string
  readonly adopted: boolean
}

/** Every write that the engine's journal holds. An adopted record was there before: nothing was written. */
export const intentsOf = (dir: string): ReadonlyArray<Intent> => {
  const db = new DatabaseSync(join(dir, "concordat.sqlite"), { readOnly: true })
  try {
    const all = (type: string): ReadonlyArray<unknown> =>
      db
        .prepare("SELECT data FROM event WHERE type = ? ORDER BY position")
        .all(type)
        .map(({ data }) => JSON.parse(String(data)) as unknown)
    const answers = new Map((all("RecordWritten") as ReadonlyArray<StoredAnswer>).map((one) => [one.key, one]))
    return (all("WriteIntended") as ReadonlyArray<StoredIntent>).map((one) => {
      const answer = answers.get(one.key)
      return {
        key: one.key,
        connection: one.connection,
        object: one.object,
        id: one.externalId ?? answer?.externalId ?? null,
        kind: one.kind,
        ownName: `${one.entity.type}_${one.sent.clear.ownId}`,
        fields: Object.keys(one.sent.clear.values),
        isWritten: answer !== undefined && !answer.adopted,
      }
    })
  } finally {
    db.close()
  }
}

/** The lines of a sandbox's log. */
export const logOf = <Entry>(dir: string, sandbox: string): ReadonlyArray<Entry> =>
  readFileSync(join(dir, `${sandbox}.writes.jsonl`), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Entry)

const counted = (names: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

const twice = (what: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...counted(names)].flatMap(([name, count]) => (count > 1 ? [`${what} ${name}: ${count} times`] : []))

const absent = (what: string, names: Iterable<string>, among: Iterable<string>): ReadonlyArray<string> => {
  const there = new Set(among)
  return [...names].flatMap((name) => (there.has(name) ? [] : [`${what}: ${name}`]))
}

const writtenKeys = (intents: ReadonlyArray<Intent>): ReadonlyArray<string> =>
  intents.flatMap(({ isWritten, key }) => (isWritten ? [key] : []))

/** HubSpot keeps the key of a write as the trace id of the row. Associations have none: each makes a difference. */
export const hubspotFaults = (
  log: ReadonlyArray<HubspotEntry>,
  intents: ReadonlyArray<Intent>,
): ReadonlyArray<string> => {
  const ours = log.filter(({ by }) => by === "INTEGRATION")
  const keys = ours.flatMap(({ traceId }) => (traceId === undefined ? [] : [traceId]))
  const withFields = intents.filter(({ fields, kind }) => kind !== "archive" && fields.some((one) => one[0] !== "@"))
  return [
    ...twice("key", keys),
    ...absent("nobody meant", keys, new Set(intents.map(({ key }) => key))),
    ...absent("never came", writtenKeys(withFields), keys),
    ...ours.flatMap((one) => (one.changed === false ? [`changes nothing: ${JSON.stringify(one)}`] : [])),
  ]
}

/** The product is handed each write with its key, and says what it made of it. */
export const appFaults = (log: ReadonlyArray<AppEntry>, intents: ReadonlyArray<Intent>): ReadonlyArray<string> => {
  const ours = log.filter(({ kind }) => kind !== "reread" && kind !== "withheld")
  const keys = ours.map(({ key }) => key ?? "")
  return [
    ...twice("key", keys),
    ...absent("nobody meant", keys, new Set(intents.map(({ key }) => key))),
    ...absent("never came", writtenKeys(intents), keys),
    ...ours.flatMap((one) =>
      one.effect === "applied" || one.effect === "waiting" ? [] : [`${one.effect}: ${JSON.stringify(one)}`],
    ),
  ]
}

/**
 * Odoo takes no key. A create leaves its external id, which bears the entity's; an update or a verb has to change its
 * record, and a record is written as often as somebody meant to.
 */
export const odooFaults = (log: ReadonlyArray<OdooEntry>, intents: ReadonlyArray<Intent>): ReadonlyArray<string> => {
  // What is set up before the first write is no record of anybody's.
  const records = log.filter(({ model }) => model !== "mail.activity.type")
  const rows = records.flatMap((one) => one.ids.map((id) => ({ ...one, record: `${one.model} ${id}`, id })))
  const idle = rows.flatMap(({ changed, id, method, record, vals }) =>
    changed.includes(id) ? [] : [`changes nothing: ${method} of ${record} ${JSON.stringify(vals)}`],
  )
  const made = records.flatMap(({ externalIds, method }) =>
    method === "load" ? externalIds.map((name) => name.slice(name.indexOf(".") + 1)) : [],
  )
  const creates = intents.filter(({ kind }) => kind === "create")
  const later = intents.filter(({ kind }) => kind !== "create")
  /** A write of a deal that is won or lost is a `write` and a verb: each of them at most once for each that was meant. */
  const calls = counted(rows.flatMap(({ method, record }) => (method === "load" ? [] : [`${record} ${method}`])))
  const meant = counted(intents.flatMap(({ id, object }) => (id === null ? [] : [`${object} ${id}`])))
  const touched = new Set(rows.flatMap(({ method, record }) => (method === "load" ? [] : [record])))
  const surplus = [...calls].flatMap(([name, count]) => {
    const most = meant.get(name.slice(0, name.lastIndexOf(" "))) ?? 0
    return count > most ? [`${name}: ${count} times, meant ${most} times`] : []
  })
  const perRecord = counted(rows.flatMap(({ method, record }) => (method === "load" ? [] : [record])))
  const wanted = counted(later.flatMap(({ id, isWritten, object }) => (isWritten ? [`${object} ${id}`] : [])))
  const fewer = [...wanted].flatMap(([record, least]) => {
    const count = perRecord.get(record) ?? 0
    return touched.has(record) && count >= least ? [] : [`${record}: ${count} times, written ${least} times`]
  })
  return [
    ...idle,
    ...twice("create", made),
    ...absent("nobody meant", made, new Set(creates.map(({ ownName }) => ownName))),
    ...absent(
      "never came",
      creates.flatMap(({ isWritten, ownName }) => (isWritten ? [ownName] : [])),
      made,
    ),
    ...surplus,
    ...fewer,
  ]
}
