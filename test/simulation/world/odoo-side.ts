/** An Odoo database as a side of the world. */
import { makeOdooSandbox, type OdooSandbox } from "@concordat/providers/odoo/sandbox/sandbox"
import type { WebhookPost } from "@concordat/providers/odoo/sandbox/wire"
import type { Chance } from "../random.ts"
import type { Timeline } from "../timeline.ts"
import { type GroupName, joined, parted, type Seen, type Side, type Values, type Written } from "./side.ts"

const FIELDS: Readonly<Record<GroupName, ReadonlyArray<string>>> = {
  name: ["name"],
  email: ["email"],
  title: ["function"],
  phone: ["phone"],
  address: ["street", "city", "zip"],
}

const rawOf = (values: Partial<Values>): Record<string, string | false> => {
  const raw: Record<string, string | false> = {}
  for (const [group, text] of Object.entries(values)) {
    if (group === "name") {
      raw["name"] = parted(text, 2).join(" ").trim()
      continue
    }
    const fields = FIELDS[group as GroupName]
    for (const [at, part] of parted(text, fields.length).entries()) raw[fields[at]!] = part === "" ? false : part
  }
  return raw
}

const text = (value: unknown): string => (typeof value === "string" ? value : "")

/** The last word is the family name: those of this world have one word each. */
const nameOf = (whole: string): string => {
  const at = whole.lastIndexOf(" ")
  return joined(at === -1 ? "" : whole.slice(0, at), whole.slice(at + 1))
}

const seenOf = (row: Readonly<Record<string, unknown>>): Seen => ({
  id: String(row["id"]),
  values: Object.fromEntries(
    Object.entries(FIELDS).map(([group, fields]) => [
      group,
      group === "name" ? nameOf(text(row["name"])) : joined(...fields.map((field) => text(row[field]))),
    ]),
  ) as Values,
})

const PERSON = "res.partner"
/** Rows that every database has: its company, its users. */
const OURS = /^P\d+$/

export interface OdooSide extends Side {
  readonly sandbox: OdooSandbox
}

export const makeOdooSide = (options: {
  readonly name: string
  readonly tenant: string
  readonly version: 17 | 19
  readonly timeline: Timeline
  readonly chance: Chance
  readonly skewMs: number
  readonly webhook: Readonly<Record<string, string | number>>
  readonly deliver: (post: WebhookPost) => Promise<void>
  readonly onWritten: (written: Written) => void
}): OdooSide => {
  const { name, tenant, timeline } = options
  let writes = 0
  const sandbox = makeOdooSandbox({
    version: options.version,
    now: () => timeline.now + options.skewMs,
    random: options.chance.next,
    deliver: options.deliver,
    onWrite: ({ ids, method, model }) => {
      if (model !== PERSON || ids.length === 0) return
      writes += 1
      const kind = method === "create" || method === "load" ? "create" : method === "unlink" ? "archive" : "update"
      for (const id of ids) options.onWritten({ side: name, id: String(id), kind })
    },
  })
  sandbox.backdoor.settings({ webhook: options.webhook })
  const rows = () =>
    sandbox.backdoor
      .list(PERSON, [
        ["is_company", "=", false],
        ["active", "=", true],
      ])
      .map(seenOf)
      .filter(({ values }) => OURS.test(parted(values.name, 2)[1] ?? ""))
  return {
    name,
    tenant,
    sandbox,
    isApp: false,
    provider: "odoo",
    object: PERSON,
    get: (id) => {
      const row = sandbox.backdoor.get(PERSON, Number(id))
      return row === undefined || row["active"] === false ? null : seenOf(row)
    },
    list: rows,
    seed: (values) => {
      const before = new Set(rows().map(({ id }) => id))
      sandbox.backdoor.seed(PERSON, [{ ...rawOf(values), is_company: false, type: "contact", active: true }])
      return rows().find(({ id }) => !before.has(id))!.id
    },
    create: (values) =>
      sandbox.backdoor.put({ model: PERSON, vals: { ...rawOf(values), is_company: false } }).then((id) => String(id)),
    edit: (id, values) =>
      sandbox.backdoor.put({ model: PERSON, id: Number(id), vals: rawOf(values) }).then(() => undefined),
    remove: (id) => sandbox.backdoor.unlink(PERSON, [Number(id)]),
    writes: () => writes,
  }
}
