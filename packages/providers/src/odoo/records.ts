/** Rows of Odoo as records: bare ids, `false` for empty kept as it is, associations, and values derived from several columns. */
import type { RawRecord } from "@concordat/engine/ports/Provider"
import type { Json, JsonObject } from "@concordat/model/json"
import type { ActivityType, Columns, CountryState, CrmStage } from "./catalog.ts"
import { objects } from "./objects.ts"
import { ownerOf } from "./owners.ts"

/** Leans on `write_date` being `YYYY-MM-DD HH:MM:SS` in UTC: whole seconds, truncated. */
export const stampOf = (value: Json | undefined): number | undefined => {
  const at = typeof value === "string" ? Date.parse(`${value.replace(" ", "T")}Z`) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

/** The same form, for a bound in a domain. The second is the finest that all versions understand alike. */
export const datetimeOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ")

export type LeadStatus = "open" | "won" | "lost"

/**
 * 19 says it in `won_status`. Before, lost is archived with probability 0, also where the lead still stands in a won
 * stage; won is a won stage, and a probability of 100 typed into an open stage is none.
 */
export const leadStatus = (row: JsonObject, stages: ReadonlyArray<CrmStage>): LeadStatus => {
  const status = row["won_status"]
  if (status === "won" || status === "lost") return status
  if (status === "pending") return "open"
  if (row["active"] === false && row["probability"] === 0) return "lost"
  const stage = stages.find(({ id }) => id === row["stage_id"])
  return (stage === undefined ? Number(row["probability"]) >= 100 : stage.won) ? "won" : "open"
}

/** False for what is archived, and not merely lost: it is gone for everyone who does not search for archived rows. */
export const isLive = (object: string, row: JsonObject, stages: ReadonlyArray<CrmStage>): boolean =>
  row["active"] !== false || (object === "crm.lead" && leadStatus(row, stages) === "lost")

/** Columns to ask for: what is wanted and exists, what the object needs, and who wrote it when. Never a picture. */
export const columnsFor = (object: string, wanted: ReadonlyArray<string>, columns: Columns): ReadonlyArray<string> => {
  const described = objects[object]
  const named = wanted.flatMap((name) => {
    if (name === "@record") return described?.record ?? []
    return name.startsWith("$") ? [] : [name.startsWith("@") ? name.slice(1) : name]
  })
  const asked = [...named, ...(described?.always ?? []), "write_date", "write_uid"]
  return [...new Set(asked)].filter((name) => {
    const column = columns.get(name)
    return column !== undefined && column.type !== "binary" && name !== "id"
  })
}

export interface Surroundings {
  readonly columns: Columns
  readonly stages: ReadonlyArray<CrmStage>
  readonly activityTypes: ReadonlyArray<ActivityType>
  readonly states: ReadonlyArray<CountryState>
  /** Partners that are users of the house. */
  readonly colleagues: ReadonlySet<number>
  readonly uid: number | null
}

const association = (
  row: JsonObject,
  name: string,
  { columns, colleagues }: Surroundings,
  object: string,
): Json | undefined => {
  if (name === "guests") {
    const all = Array.isArray(row["partner_ids"]) ? row["partner_ids"] : []
    return all.flatMap((id) => (colleagues.has(Number(id)) ? [] : [{ object: "res.partner", id: String(id) }]))
  }
  const record = objects[object]?.record
  if (name === "record") {
    if (record === null || record === undefined) return undefined
    const [model, id] = [row[record[0]], row[record[1]]]
    return typeof model === "string" && typeof id === "number" && id > 0 ? [{ object: model, id: String(id) }] : []
  }
  const relation = columns.get(name)?.relation
  const value = row[name]
  if (relation === null || relation === undefined || value === undefined) return undefined
  const ids = Array.isArray(value) ? value : typeof value === "number" ? [value] : []
  return ids.map((id) => ({ object: relation, id: String(id) }))
}

const derivedValue = (object: string, name: string, row: JsonObject, around: Surroundings): Json | undefined => {
  if (object === "crm.lead" && name === "$status") return leadStatus(row, around.stages)
  if (name === "$state")
    return typeof row["state_id"] === "number"
      ? (around.states.find(({ id }) => id === row["state_id"])?.name ?? undefined)
      : false
  const type = row[object === "mail.message" ? "mail_activity_type_id" : "activity_type_id"]
  if (name === "$kind") {
    if (object === "mail.message" && typeof type !== "number")
      return String(row["message_type"]).startsWith("email") ? "email" : "note"
    return around.activityTypes.find(({ id }) => id === type)?.kind ?? "task"
  }
  // What became a message has happened.
  if (name === "$done") return object === "mail.message" || row["active"] === false
  return undefined
}

const writer = (row: JsonObject, uid: number | null): RawRecord["by"] => {
  if (row["write_uid"] === 1) return "automation"
  return row["write_uid"] === uid && uid !== null
    ? "integration"
    : typeof row["write_uid"] === "number"
      ? "person"
      : undefined
}

export const toRecord = (
  object: string,
  row: JsonObject,
  wanted: ReadonlyArray<string>,
  around: Surroundings,
  ownId: string | undefined,
): RawRecord => {
  const values: Record<string, Json> = {}
  for (const name of wanted) {
    const value = name.startsWith("@")
      ? association(row, name.slice(1), around, object)
      : name.startsWith("$")
        ? derivedValue(object, name, row, around)
        : name === "user_id"
          ? ownerOf(object, row, around, ownId !== undefined)
          : row[name]
    if (value !== undefined) values[name] = value
  }
  const stamp = stampOf(row["write_date"])
  const by = writer(row, around.uid)
  return {
    object,
    id: String(row["id"]),
    values,
    ...(stamp === undefined ? {} : { stamp }),
    ...(by === undefined ? {} : { by }),
    ...(ownId === undefined ? {} : { ownId }),
  }
}
