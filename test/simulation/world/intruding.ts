/**
 * People who edit a record between the engine's last read of it and its write: the write is on its way already, and stands over
 * what they enter. The system takes no preconditions, so nobody can help it.
 */
import type { HttpCall } from "@concordat/engine/ports/ProviderHttp"
import type { Server } from "../network.ts"
import type { SideName } from "../script.ts"
import { modelOf } from "./servers.ts"
import type { GroupName, Kind } from "./things.ts"

/** What the fields are called there that a write may name, by what they are in. */
const FIELDS: Readonly<Record<"hubspot" | "odoo", ReadonlyArray<readonly [Kind, GroupName, field: string]>>> = {
  hubspot: [
    ["person", "title", "jobtitle"],
    ["person", "phone", "phone"],
    ["person", "address", "city"],
    ["company", "phone", "phone"],
    ["deal", "closeDate", "closedate"],
  ],
  odoo: [
    ["person", "title", "function"],
    ["person", "phone", "phone"],
    ["person", "address", "city"],
    ["company", "phone", "phone"],
    ["deal", "closeDate", "date_deadline"],
  ],
}
const HUBSPOT_KINDS: Readonly<Record<string, Kind>> = { contacts: "person", companies: "company", deals: "deal" }
const ODOO_KINDS: Readonly<Record<string, ReadonlyArray<Kind>>> = {
  "res.partner": ["person", "company"],
  "crm.lead": ["deal"],
}

interface Update {
  readonly kinds: ReadonlyArray<Kind>
  readonly id: string
  readonly fields: ReadonlySet<string>
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const update = (kinds: ReadonlyArray<Kind>, id: unknown, values: unknown): ReadonlyArray<Update> =>
  isObject(values) && (typeof id === "number" || typeof id === "string")
    ? [{ kinds, id: String(id), fields: new Set(Object.keys(values)) }]
    : []

/** The records that a call updates. */
const updatesIn = (name: "hubspot" | "odoo", { body, url }: HttpCall): ReadonlyArray<Update> => {
  if (typeof body !== "string" || body === "") return []
  const said: unknown = JSON.parse(body)
  if (!isObject(said)) return []
  if (name === "hubspot") {
    const kind = HUBSPOT_KINDS[/\/objects\/[^/]+\/([a-z]+)\/batch\/update$/.exec(new URL(url).pathname)?.[1] ?? ""]
    const { inputs } = said
    if (kind === undefined || !Array.isArray(inputs)) return []
    return inputs.filter(isObject).flatMap((one) => update([kind], one["id"], one["properties"]))
  }
  const kinds = ODOO_KINDS[modelOf(url, body)]
  if (kinds === undefined) return []
  if (/\/json\/2\/[^/]+\/write$/.test(url))
    return Array.isArray(said["ids"]) ? update(kinds, said["ids"][0], said["vals"]) : []
  const { params } = said
  const args = isObject(params) && Array.isArray(params["args"]) ? (params["args"] as ReadonlyArray<unknown>) : []
  if (args[4] !== "write" || !Array.isArray(args[5])) return []
  const [ids, values] = args[5] as ReadonlyArray<unknown>
  return Array.isArray(ids) ? update(kinds, ids[0], values) : []
}

export class Intruding {
  /** How many are about to, by system. */
  readonly #waiting = new Map<SideName, number>()
  /** Edits that were made so. */
  count = 0

  /** Somebody edits what the next write there changes, just before it comes. */
  wait(name: SideName): void {
    this.#waiting.set(name, (this.#waiting.get(name) ?? 0) + 1)
  }

  /** `edit`: false where that is no record of the story, or the system lets nobody save it. */
  before(
    name: SideName,
    server: Server,
    edit: (kind: Kind, id: string, group: GroupName) => Promise<boolean> | boolean,
  ): Server {
    if (name === "app") return server
    const intrude = async (updates: ReadonlyArray<Update>): Promise<void> => {
      for (const { fields, id, kinds } of updates)
        for (const [kind, group, field] of FIELDS[name]) {
          if (!kinds.includes(kind) || !fields.has(field) || !(await edit(kind, id, group))) continue
          this.count += 1
          this.#waiting.set(name, this.#waiting.get(name)! - 1)
          return
        }
    }
    return (call, onArrival) => {
      const updates = (this.#waiting.get(name) ?? 0) > 0 && call.writes === true ? updatesIn(name, call) : []
      return updates.length === 0 ? server(call, onArrival) : intrude(updates).then(() => server(call, onArrival))
    }
  }
}
