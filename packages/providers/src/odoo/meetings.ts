/** Meetings: guests apart from the people of the house, who are attendees too, and an end for every beginning. */
import { isJsonObject, type Json, type JsonObject } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import type { Catalog } from "./catalog.ts"
import type { CallError } from "./errors.ts"
import { everything } from "./reading.ts"
import { datetimeOf, stampOf } from "./records.ts"
import type { Rpc } from "./rpc.ts"
import type { Wanted } from "./values.ts"

/** As long as a meeting is in Odoo when nobody says how long it is. */
const HOURS = 1

const attendees = (vals: JsonObject): ReadonlyArray<number> => {
  const [command] = Array.isArray(vals["partner_ids"]) ? vals["partner_ids"] : []
  return Array.isArray(command) && Array.isArray(command[2]) ? command[2].map(Number) : []
}

const invite = (wanted: Wanted, partners: ReadonlyArray<number>): Wanted => ({
  ...wanted,
  vals: { ...wanted.vals, partner_ids: [[6, 0, [...new Set(partners)]]] },
})

/** The end that a new meeting needs: left to its default it is an hour from now, which may lie before the beginning. */
const ended = (wanted: Wanted): Wanted => {
  const start = stampOf(wanted.vals["start"])
  const hours = typeof wanted.vals["duration"] === "number" ? wanted.vals["duration"] : HOURS
  return start === undefined || "stop" in wanted.vals
    ? wanted
    : { ...wanted, vals: { ...wanted.vals, stop: datetimeOf(start + Math.round(hours * 60) * 60_000) } }
}

/** A new meeting stands in the calendar of its owner, who is an attendee; without one, in that of the caller. */
export const newMeeting = (catalog: Catalog, wanted: Wanted): Effect.Effect<Wanted, CallError> =>
  Effect.map(catalog.staff, (staff) => {
    const owner = staff.find(({ user }) => user === wanted.vals["user_id"])
    const guests = attendees(wanted.vals)
    const partners = owner === undefined ? guests : [...guests, owner.partner]
    const { partner_ids: _, ...vals } = wanted.vals
    return ended(partners.length === 0 ? { ...wanted, vals } : invite(wanted, partners))
  })

/** The guests are ours to say; which colleagues come is not. */
export const movedMeeting = Effect.fnUntraced(function* (rpc: Rpc, catalog: Catalog, id: number, wanted: Wanted) {
  if (!("partner_ids" in wanted.vals)) return wanted
  const { result } = yield* rpc.call({
    model: "calendar.event",
    method: "search_read",
    args: { domain: [["id", "=", id]], fields: ["partner_ids"], load: null },
    context: everything,
  })
  const [row]: ReadonlyArray<Json> = Array.isArray(result) ? result : []
  const there = isJsonObject(row ?? null) ? (row as JsonObject)["partner_ids"] : []
  const colleagues = new Set((yield* catalog.staff).map(({ partner }) => partner))
  const coming = (Array.isArray(there) ? there.map(Number) : []).filter((partner) => colleagues.has(partner))
  return invite(wanted, [...attendees(wanted.vals), ...coming])
})
