/** How a canonical field is typed and with which others it is decided: the vocabulary of the tables beside this file. */

export const ENTITY_TYPES = ["contact", "company", "deal", "activity"] as const
export type EntityType = (typeof ENTITY_TYPES)[number]

/** What refers to others comes after them: written in this order, a record is complete when it is created. */
export const CREATION_ORDER = ["company", "contact", "deal", "activity"] as const satisfies ReadonlyArray<EntityType>

/**
 * Kinds of value, each with an equivalence of its own (see `values/`). Values are JSON:
 * `text`, `email`, `phone` (E.164 where it parses), `domain`, `url`, `country` (ISO 3166-1 alpha-2), `currency` (ISO 4217),
 * `enum` and `owner` (the owner's e-mail) are strings; `minor` is an integer in minor units of the group's currency;
 * `instant` is ISO 8601 in UTC with milliseconds; `date` is `YYYY-MM-DD`; `seconds` and `integer` are numbers;
 * `ref` is an entity id; `set` and `refs` are lists without order. Empty is always `null` (for sets: `[]`).
 */
export type ValueKind =
  | "text"
  | "html"
  | "email"
  | "phone"
  | "domain"
  | "url"
  | "country"
  | "currency"
  | "enum"
  | "owner"
  | "minor"
  | "decimal"
  | "integer"
  | "seconds"
  | "boolean"
  | "instant"
  | "date"
  | "ref"
  | "refs"
  | "set"

export type Value = null | string | number | boolean | ReadonlyArray<string>
export type GroupValue = Readonly<Record<string, Value>>

export interface Field {
  readonly kind: ValueKind
  /** The group it is decided in; its own name where it is alone. */
  readonly group: string
  /** Of `ref` and `refs`: the type of entity. */
  readonly to?: EntityType
  /** Of `set`: the kind of its members. */
  readonly of?: ValueKind
  readonly values?: ReadonlyArray<string>
}

export type FieldTable = Readonly<Record<string, Field>>
