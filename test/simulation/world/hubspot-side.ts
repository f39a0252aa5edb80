/** A HubSpot portal as a side of the world. */
import { type HubspotSandbox, makeHubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import type { SettingsPatch } from "@concordat/providers/hubspot/sandbox/shapes"
import type { Chance } from "../random.ts"
import type { Timeline } from "../timeline.ts"
import { type GroupName, joined, parted, type Seen, type Side, type Values, type Written } from "./side.ts"

const FIELDS: Readonly<Record<GroupName, ReadonlyArray<string>>> = {
  name: ["firstname", "lastname"],
  email: ["email"],
  title: ["jobtitle"],
  phone: ["phone"],
  address: ["address", "city", "zip"],
}

const rawOf = (values: Partial<Values>): Record<string, string> => {
  const raw: Record<string, string> = {}
  for (const [group, text] of Object.entries(values)) {
    const fields = FIELDS[group as GroupName]
    for (const [at, part] of parted(text, fields.length).entries()) raw[fields[at]!] = part
  }
  return raw
}

const seenOf = (record: { readonly id: string; readonly properties: Readonly<Record<string, string>> }): Seen => ({
  id: record.id,
  values: Object.fromEntries(
    Object.entries(FIELDS).map(([group, fields]) => [
      group,
      joined(...fields.map((field) => record.properties[field] ?? "")),
    ]),
  ) as Values,
})

export interface HubspotSide extends Side {
  readonly sandbox: HubspotSandbox
}

const KINDS = ["create", "update", "archive"] as const
const kindOf = (kind: string): Written["kind"] | undefined => KINDS.find((one) => one === kind)

export const makeHubspotSide = (options: {
  readonly name: string
  readonly tenant: string
  readonly timeline: Timeline
  readonly chance: Chance
  /** By how much its clock is off, ms. */
  readonly skewMs: number
  readonly secret: string
  readonly settings: SettingsPatch
  readonly onWritten: (written: Written) => void
}): HubspotSide => {
  const { name, tenant, timeline } = options
  let writes = 0
  const sandbox = makeHubspotSandbox({
    now: () => timeline.now + options.skewMs,
    random: options.chance.next,
    secret: options.secret,
    settings: options.settings,
    onWrite: ({ by, id, kind, object }) => {
      const known = kindOf(kind)
      if (by !== "INTEGRATION" || object !== "contacts" || known === undefined) return
      writes += 1
      options.onWritten({ side: name, id, kind: known })
    },
  })
  return {
    name,
    tenant,
    sandbox,
    isApp: false,
    provider: "hubspot",
    object: "contacts",
    get: (id) => {
      const record = sandbox.get("contacts", id)
      return record === null || record.archivedAt !== null ? null : seenOf(record)
    },
    list: () => sandbox.list("contacts").map(seenOf),
    seed: (values) => sandbox.seed({ records: { contacts: [{ properties: rawOf(values) }] } })["contacts"]![0]!,
    create: (values) => sandbox.put({ object: "contacts", properties: rawOf(values) }).id,
    edit: (id, values) => void sandbox.put({ object: "contacts", id, properties: rawOf(values) }),
    remove: (id) => sandbox.archive("contacts", id),
    writes: () => writes,
  }
}
