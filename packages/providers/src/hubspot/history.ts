/**
 * Who edited, where that can be had for nothing: histories come with a read of few records, which is what webhooks and
 * single edits lead to. A batch with histories takes 50 records instead of 100 and carries every old value
 * (https://github.com/activepieces/activepieces/pull/9359), so larger reads, which are imports and background jobs, go without.
 */
import type { RawRecord } from "@concordat/engine/ports/Provider"
import { isFacet } from "./associations.ts"
import type { WireRecord } from "./wire.ts"

/** Most records of a read that asks for histories. */
const FEW = 10

/** How long ago an edit may be that a reading is about. Associations have no history: what changed one of them must not
 * be taken for whoever edited a property long before. */
const RECENT_MS = 120_000

/** Of all sources of a change the ones in which a person sits at the screen
 * (`PropertyValue.source` of https://github.com/HubSpot/hubspot-api-nodejs). An automation that a person has set up is none. */
const PERSON = new Set(["CRM_UI", "CRM_UI_BULK_ACTION", "MOBILE_IOS", "MOBILE_ANDROID"])
const INTEGRATION = new Set(["INTEGRATION", "API", "INTEGRATIONS_PLATFORM", "INTEGRATIONS_SYNC"])
const AUTOMATION = new Set(["AUTOMATION_PLATFORM", "WORKFLOWS", "CALCULATED"])

export const kindOf = (source: string): RawRecord["by"] | undefined =>
  PERSON.has(source)
    ? "person"
    : INTEGRATION.has(source)
      ? "integration"
      : AUTOMATION.has(source)
        ? "automation"
        : undefined

/** Properties whose histories a read of so many records asks for. Activities have long texts, and hardly an automation. */
export const withHistory = (object: string, count: number, fields: ReadonlyArray<string>): ReadonlyArray<string> =>
  count > FEW || !["contacts", "companies", "deals"].includes(object) ? [] : fields.filter((field) => !isFacet(field))

/**
 * Who made the newest change of the asked properties, where it is recent by HubSpot's own clock. Not by
 * `hs_updated_by_user_id`: it goes on naming the last person after an automation has changed the record.
 */
export const editorOf = (record: WireRecord, clock: number | null): RawRecord["by"] | undefined => {
  let newest = Number.NEGATIVE_INFINITY
  let kinds = new Set<RawRecord["by"] | undefined>()
  for (const versions of Object.values(record.propertiesWithHistory ?? {})) {
    for (const { sourceType, timestamp } of versions) {
      const at = Date.parse(timestamp)
      if (Number.isNaN(at) || at < newest) continue
      if (at > newest) kinds = new Set()
      newest = at
      kinds.add(kindOf(sourceType))
    }
  }
  const isRecent = clock !== null && clock - newest <= RECENT_MS
  return isRecent && kinds.size === 1 ? [...kinds][0] : undefined
}
