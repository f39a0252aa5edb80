/** Which records a call of the engine's changes, and which of their fields. */
import type { HttpCall } from "@concordat/engine/ports/ProviderHttp"
import { modelOf } from "./asked.ts"
import type { Kind } from "./things.ts"

const HUBSPOT_KINDS: Readonly<Record<string, Kind>> = { contacts: "person", companies: "company", deals: "deal" }
const ODOO_KINDS: Readonly<Record<string, ReadonlyArray<Kind>>> = {
  "res.partner": ["person", "company"],
  "crm.lead": ["deal"],
}

export interface Update {
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
export const updatesIn = (name: "hubspot" | "odoo", { body, url }: HttpCall): ReadonlyArray<Update> => {
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
