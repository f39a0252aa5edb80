/** Fetches what the oracle judges by: the sandboxes' stores over their back doors, and the operator's lists. */
import type { System } from "../dataset/sizes.ts"
import type { StoredRecord } from "./evidence.ts"
import type { OperatorLists } from "./from-operator.ts"
import { APP_OBJECTS, readApp, type SeenAppRecord } from "./read-app.ts"
import { HUBSPOT_OBJECTS, readHubspot, type SeenHubspotRecord } from "./read-hubspot.ts"
import { ODOO_MODELS, readOdoo, type SeenOdooRow } from "./read-odoo.ts"

/** Where each sandbox listens, without a slash at the end. */
export type Addresses = Readonly<Record<System, string>>

/** One verb of a back door; throws with the sandbox's own words where it refuses. */
export const knock = async (address: string, verb: string, body: unknown): Promise<unknown> => {
  const response = await fetch(`${address}/__sandbox__/${verb}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  const answer = await response.text()
  if (!response.ok) throw new Error(`${verb} at ${address}: ${response.status} ${answer}`)
  return JSON.parse(answer)
}

const odooRows = async (address: string, model: string): Promise<ReadonlyArray<SeenOdooRow>> => {
  const { rows } = (await knock(address, "list", { model })) as { readonly rows: ReadonlyArray<SeenOdooRow> }
  return rows
}

/** The currency of Odoo's first company, which all of its amounts are in. */
const odooCurrency = async (address: string): Promise<string | null> => {
  const [company] = await odooRows(address, "res.company")
  const currencies = await odooRows(address, "res.currency")
  const currency = currencies.find((row) => row["id"] === company?.["currency_id"])
  return typeof currency?.["name"] === "string" ? currency["name"] : null
}

/** Every live record of all three systems. */
export const fetchStores = async (addresses: Addresses): Promise<ReadonlyArray<StoredRecord>> => {
  const records: Array<StoredRecord> = []
  for (const object of HUBSPOT_OBJECTS) {
    const seen = (await knock(addresses.hubspot, "list", [object])) as ReadonlyArray<SeenHubspotRecord>
    records.push(...seen.flatMap(readHubspot))
  }
  const currency = await odooCurrency(addresses.odoo)
  for (const model of ODOO_MODELS) {
    const rows = await odooRows(addresses.odoo, model)
    records.push(...rows.flatMap((row) => readOdoo(model, row, currency)))
  }
  for (const object of APP_OBJECTS) {
    const seen = (await knock(addresses.app, "list", [object])) as ReadonlyArray<SeenAppRecord>
    records.push(...seen.flatMap(readApp))
  }
  return records
}

export interface OperatorAt {
  readonly address: string
  readonly token: string
  readonly tenant: string
}

const PAGE = 1000

const list = async (operator: OperatorAt, name: string): Promise<ReadonlyArray<unknown>> => {
  const items: Array<unknown> = []
  let after: string | null = null
  do {
    const url = new URL(`${operator.address}/operator/tenants/${operator.tenant}/${name}`)
    url.searchParams.set("limit", String(PAGE))
    if (after !== null) url.searchParams.set("after", after)
    const response = await fetch(url, { headers: { authorization: `Bearer ${operator.token}` } })
    if (!response.ok) throw new Error(`${name}: the operator's API answered ${response.status}`)
    const page = (await response.json()) as { readonly items: ReadonlyArray<unknown>; readonly next: string | null }
    items.push(...page.items)
    after = page.next
  } while (after !== null)
  return items
}

export const fetchLists = async (operator: OperatorAt): Promise<OperatorLists> => ({
  links: (await list(operator, "links")) as OperatorLists["links"],
  conflicts: (await list(operator, "conflicts")) as OperatorLists["conflicts"],
  matches: (await list(operator, "matches")) as OperatorLists["matches"],
  issues: (await list(operator, "issues")) as OperatorLists["issues"],
})
