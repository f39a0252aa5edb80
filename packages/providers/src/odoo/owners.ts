/**
 * Owners of activities. 17 and 18 know none without: an activity that names no owner is the caller's, and one can't be
 * taken away. There our own user stands for nobody.
 */
import type { Json, JsonObject } from "@concordat/model/json"
import type { Columns } from "./catalog.ts"
import type { Wanted } from "./values.ts"

const OWNER = "user_id"

export const needsOwner = (object: string, columns: Columns): boolean =>
  object === "mail.activity" && columns.get(OWNER)?.required === true

const isNobody = (vals: JsonObject): boolean => !(OWNER in vals) || vals[OWNER] === false

/** A create without an owner: it gets the caller, which says nothing. */
export const unownedActivity = (object: string, wanted: Wanted, columns: Columns): Wanted => {
  if (!needsOwner(object, columns) || !isNobody(wanted.vals)) return wanted
  const { [OWNER]: _, ...vals } = wanted.vals
  return { ...wanted, vals, held: { ...wanted.held, [OWNER]: false } }
}

/** An owner that is taken away: our own user takes its place, and that is what is held then. */
export const releasedActivity = (object: string, wanted: Wanted, columns: Columns, uid: number | null): Wanted => {
  if (!needsOwner(object, columns) || uid === null || wanted.vals[OWNER] !== false) return wanted
  return { ...wanted, vals: { ...wanted.vals, [OWNER]: uid }, held: { ...wanted.held, [OWNER]: uid } }
}

/**
 * The owner of a row. Whether our own user was named, or is there for want of another, can't be told of what we made
 * ourselves: it is unknown then, and stays what it was known to be.
 */
export const ownerOf = (
  object: string,
  row: JsonObject,
  { columns, uid }: { readonly columns: Columns; readonly uid: number | null },
  isOurs: boolean,
): Json | undefined =>
  isOurs && needsOwner(object, columns) && uid !== null && row[OWNER] === uid ? undefined : row[OWNER]
