/** Meetings: beginning, end and length hang together, and who is invited. Instants are microseconds. */
import type { Environment } from "./environment.ts"
import { OdooFault } from "./fault.ts"
import { secondOf } from "./time.ts"
import type { Row, Value } from "./wire.ts"

type Vals = Record<string, Value>

const HOUR = 3_600_000_000

const endOf = (start: Value | undefined, hours: Value | undefined): number =>
  Number(start) + Math.round((Number(hours) || 1) * 60) * 60_000_000

const checked = (vals: Vals): Vals => {
  if (Number(vals["stop"]) < Number(vals["start"]))
    throw new OdooFault(
      "ValidationError",
      "The ending date and time cannot be earlier than the starting date and time.",
    )
  return { ...vals, duration: Math.round(((Number(vals["stop"]) - Number(vals["start"])) / HOUR) * 100) / 100 }
}

/** The end has a default of its own, an hour from now, whatever the beginning is. */
export const newEvent = (env: Environment, vals: Vals): Vals => {
  const now = secondOf(env.tx.startedAt)
  const caller = env.tx.get("res.users", env.uid)?.["partner_id"]
  const partners = vals["partner_ids"] ?? (typeof caller === "number" ? [caller] : [])
  // The importer makes an empty list `false`.
  if (!Array.isArray(partners)) throw new OdooFault("TypeError", "'bool' object is not iterable")
  const owner = typeof vals["user_id"] === "number" ? env.tx.get("res.users", vals["user_id"]) : undefined
  const told = env.version === 19 && owner !== undefined && env.context["skip_contact_description"] !== true
  return checked({
    ...vals,
    partner_ids: partners,
    start: vals["start"] ?? now,
    stop: vals["stop"] ?? now + HOUR,
    ...(told
      ? {
          description: `${vals["description"] || ""}<div><strong>Organized by</strong><br>${String(owner["name"])}</div>`,
        }
      : {}),
  })
}

/** A beginning that moves takes the end along; a new length moves the end; a new end changes the length. */
export const eventWrite = (before: Row, vals: Vals): Vals => {
  if (!("start" in vals) && !("stop" in vals) && !("duration" in vals)) return vals
  const start = vals["start"] ?? before["start"]
  const stop = vals["stop"] ?? endOf(start, vals["duration"] ?? before["duration"])
  return { ...vals, ...checked({ start: start ?? false, stop }) }
}
