/** What HubSpot makes of a property value on its way in: refused, or normalised to the text it will hold. */
import type { Property } from "./catalog.ts"
import type { Portal, Table, Values } from "./portal.ts"
import { refuse, type InvalidValue } from "./refusal.ts"

const LOCAL = /^[^\s"@]+$/
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}$/

type Checked = { readonly value: string } | { readonly error: string; readonly message: string }

const checkEmail = (raw: string): Checked => {
  // Addresses are validated (https://legacydocs.hubspot.com/docs/faq/how-does-hubspot-validate-email-addresses) and
  // held in lower case, which is why connectors lower them before comparing
  // (https://github.com/segmentio/action-destinations/pull/1514).
  const value = raw.trim().toLowerCase()
  const at = value.lastIndexOf("@")
  const valid = at > 0 && LOCAL.test(value.slice(0, at)) && DOMAIN.test(value.slice(at + 1))
  return valid ? { value } : { error: "INVALID_EMAIL", message: `Email address ${raw} is invalid` }
}

const checkTime = (raw: string, dateOnly: boolean): Checked => {
  const ms = /^-?\d+$/.test(raw) ? Number(raw) : Date.parse(raw)
  if (Number.isNaN(ms)) {
    // https://github.com/verbb/formie/issues/1755
    return { error: dateOnly ? "INVALID_DATE" : "INVALID_LONG", message: `${raw} was not a valid long.` }
  }
  if (!dateOnly) return { value: new Date(ms).toISOString() }
  return ms % 86_400_000 === 0
    ? { value: new Date(ms).toISOString().slice(0, 10) }
    : { error: "INVALID_DATE", message: `${ms} is at ${new Date(ms).toISOString()}, not midnight!` }
}

const check = (portal: Portal, table: Table, property: Property, raw: string): Checked => {
  if (table.kind.name === "contacts" && property.name === "email") return checkEmail(raw)
  switch (property.type) {
    case "number": {
      const value = raw.trim()
      return value !== "" && Number.isFinite(Number(value))
        ? { value }
        : { error: "INVALID_NUMBER", message: `${raw} was not a valid number.` }
    }
    case "datetime":
      return checkTime(raw.trim(), false)
    case "date":
      return checkTime(raw.trim(), true)
    case "bool":
      return raw === "true" || raw === "false"
        ? { value: raw }
        : { error: "INVALID_BOOLEAN", message: `${raw} was not a valid boolean.` }
    case "enumeration": {
      if (property.name === "hubspot_owner_id" && !portal.owners.some((owner) => owner.id === raw)) {
        return { error: "INVALID_OWNER_ID", message: `Owner ${raw} does not exist` }
      }
      if (property.externalOptions) return { value: raw }
      const options = new Set(property.options.map((option) => option.value))
      // Text as in https://github.com/gitcoinco/code_fund_ads/issues/479.
      return raw.split(";").every((value) => options.has(value))
        ? { value: raw }
        : {
            error: "INVALID_OPTION",
            message: `${raw} was not one of the allowed options: [${[...options].join(", ")}]`,
          }
    }
    default:
      return { value: raw }
  }
}

/** Deals: the stage has to be one of the pipeline; a stage alone names its pipeline. */
const settleStage = (portal: Portal, before: Values, values: Record<string, string>): InvalidValue | undefined => {
  const pipelines = portal.pipelines.get("deals") ?? []
  const stage = values["dealstage"]
  if (values["pipeline"] !== undefined && !pipelines.some((p) => p.id === values["pipeline"])) {
    return {
      name: "pipeline",
      error: "INVALID_OPTION",
      message: `${values["pipeline"]} was not one of the allowed options`,
    }
  }
  if (stage === undefined || stage === "") return undefined
  const home = pipelines.find((p) => p.stages.some((s) => s.id === stage))
  const wanted = values["pipeline"] ?? before["pipeline"] ?? home?.id
  const pipeline = pipelines.find((p) => p.id === wanted)
  const held = pipeline?.stages.find((s) => s.id === stage)
  if (pipeline === undefined || held === undefined) {
    return { name: "dealstage", error: "INVALID_OPTION", message: `${stage} was not one of the allowed options` }
  }
  values["pipeline"] = pipeline.id
  values["hs_is_closed"] = held.metadata["isClosed"] ?? "false"
  values["hs_is_closed_won"] = String(held.metadata["isClosed"] === "true" && held.metadata["probability"] === "1.0")
  return undefined
}

/** The values as HubSpot will hold them ("" clears), or everything that is wrong with them. */
export const checkValues = (
  portal: Portal,
  table: Table,
  before: Values,
  given: unknown,
): { readonly values: Record<string, string>; readonly invalid: ReadonlyArray<InvalidValue> } => {
  const values: Record<string, string> = {}
  const invalid: Array<InvalidValue> = []
  if (given !== undefined && (typeof given !== "object" || given === null || Array.isArray(given))) {
    throw refuse(400, "VALIDATION_ERROR", "Invalid input JSON: properties must be an object")
  }
  for (const [name, raw] of Object.entries(given ?? {})) {
    const property = table.properties.get(name)
    if (property === undefined) {
      invalid.push({ name, error: "PROPERTY_DOESNT_EXIST", message: `Property "${name}" does not exist` })
    } else if (property.readOnlyValue) {
      invalid.push({
        name,
        error: "READ_ONLY_VALUE",
        message: `"${name}" is a read only property; its value cannot be set.`,
      })
    } else if (raw === null || raw === "") {
      values[name] = ""
    } else if (typeof raw === "object") {
      throw refuse(
        400,
        "VALIDATION_ERROR",
        `Invalid input JSON: Cannot deserialize value of type \`java.lang.String\` at properties.${name}`,
      )
    } else {
      const checked = check(portal, table, property, String(raw))
      if ("value" in checked) values[name] = checked.value
      else invalid.push({ name, error: checked.error, message: checked.message })
    }
  }
  if (table.kind.name === "deals" && invalid.length === 0) {
    const wrong = settleStage(portal, before, values)
    if (wrong !== undefined) invalid.push(wrong)
  }
  for (const name of portal.settings.requiredProperties[table.kind.name] ?? []) {
    const after = values[name] ?? before[name] ?? ""
    // https://developers.hubspot.com/changelog/crm-api-write-validation-enforcement
    if (after === "")
      invalid.push({ name, error: "MISSING_REQUIRED_PROPERTY", message: `Property "${name}" is required` })
  }
  return { values, invalid }
}
