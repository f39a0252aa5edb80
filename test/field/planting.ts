/** Many things at once, as they always were, and how many records there are of what is synced. */
import type { HubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import type { AppSandbox } from "@concordat/providers/app/sandbox/sandbox"
import type { OdooSandbox } from "@concordat/providers/odoo/sandbox/sandbox"
import { unnamed, kindOf, parted, type Values } from "../simulation/world/things.ts"
import type { Side } from "../simulation/world/side.ts"
import type { SideName } from "../simulation/script.ts"

export interface Row {
  readonly key: string
  readonly values: Values
}

/** Odoo's people in one go: one at a time the whole table is listed twice for each. */
const plantedPeople = ({ backdoor }: OdooSandbox, rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const first = Math.max(0, ...backdoor.list("res.partner").map(({ id }) => Number(id))) + 1
  backdoor.seed(
    "res.partner",
    rows.map(({ values }, at) => {
      const [street = "", city = "", zip = ""] = parted(values.address ?? "", 3)
      return {
        id: first + at,
        name: unnamed(values.name ?? ""),
        email: values.email || false,
        function: values.title || false,
        phone: values.phone || false,
        street: street || false,
        city: city || false,
        zip: zip || false,
        is_company: false,
        type: "contact",
        active: true,
      }
    }),
  )
  return rows.map((_, at) => String(first + at))
}

/** The ids that they have there, in the order given. */
export const planted = (side: Side, rows: ReadonlyArray<Row>): ReadonlyArray<string> =>
  side.provider === "odoo" && rows.every(({ key }) => kindOf(key) === "person")
    ? plantedPeople((side as Side & { readonly sandbox: OdooSandbox }).sandbox, rows)
    : rows.map(({ key, values }) => side.seed(kindOf(key), values, {}))

/** Live records of what is synced, whatever they are of. */
export const rawCount = (name: SideName, sandbox: unknown): number => {
  switch (name) {
    case "hubspot": {
      const counts = (sandbox as HubspotSandbox).counts()
      return ["contacts", "companies", "deals", "tasks"].reduce((sum, object) => sum + (counts[object] ?? 0), 0)
    }
    case "odoo": {
      const { backdoor } = sandbox as OdooSandbox
      const models = ["res.partner", "crm.lead", "mail.activity"] as const
      return models.reduce(
        (sum, model) => sum + backdoor.list(model, model === "mail.activity" ? [] : [["active", "=", true]]).length,
        0,
      )
    }
    case "app": {
      const objects = ["contact", "company", "deal", "activity"]
      return objects.reduce((sum, object) => sum + (sandbox as AppSandbox).list(object).length, 0)
    }
  }
}
