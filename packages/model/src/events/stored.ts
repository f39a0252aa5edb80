/**
 * Stored events are a public format: each type has a schema and a version, and is read only through here, where older
 * versions are lifted. Nothing stored is ever rewritten.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { EntityType } from "../canonical/fields.ts"
import { batchEvents } from "./batch.ts"
import { fromVersion1 } from "./changes.ts"
import { connectionEvents } from "./connection.ts"
import { decisionEvents, type EntityEventKind, entityEvents } from "./entity.ts"
import { recordEvents } from "./record.ts"

const TYPES: ReadonlyArray<EntityType> = ["contact", "company", "deal", "activity"]
export const entityEventType = (type: EntityType, kind: EntityEventKind): string =>
  `${type[0]!.toUpperCase()}${type.slice(1)}${kind}`

/** `ContactCreated`, `ContactChanged`, `CompanyCreated` … */
const WITH_CHANGES = TYPES.flatMap((type) => [entityEventType(type, "Created"), entityEventType(type, "Changed")])

/** Every type is at version 1 but those named here. */
const VERSIONS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(WITH_CHANGES.map((type) => [type, 2])),
  ConnectionOpened: 2,
}
/** `upcasts[type][n]` turns the data of version n into that of n + 1. */
export type Upcasts = Readonly<
  Record<
    string,
    Readonly<Record<number, (data: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>>>
  >
>
const UPCASTS: Upcasts = {
  ...Object.fromEntries(WITH_CHANGES.map((type) => [type, { 1: fromVersion1 }])),
  ConnectionOpened: { 1: (data) => ({ ...data, edition: 1 }) },
}

export const versionOf = (type: string): number => VERSIONS[type] ?? 1
/** The version that an event was stored in. */
export const versionIn = (metadata: Readonly<Record<string, string>>): number =>
  Number(metadata["schemaVersion"] ?? "1")

const schemas = new Map<string, Schema.Codec<unknown>>()
for (const [name, schema] of Object.entries({
  ...recordEvents,
  ...connectionEvents,
  ...decisionEvents,
  ...batchEvents,
})) {
  schemas.set(name, schema as Schema.Codec<unknown>)
}
for (const type of TYPES) {
  for (const [kind, schema] of Object.entries(entityEvents)) {
    schemas.set(entityEventType(type, kind as EntityEventKind), schema as Schema.Codec<unknown>)
  }
}

export const eventTypes: ReadonlyArray<string> = [...schemas.keys()].toSorted()

export class UnreadableEvent extends Schema.TaggedError<UnreadableEvent>()("UnreadableEvent", {
  type: Schema.String,
  version: Schema.Finite,
  detail: Schema.String,
}) {
  override get message(): string {
    return `event ${this.type} v${this.version}: ${this.detail}`
  }
}

const decoders = new Map<string, (data: unknown) => Result.Result<unknown, Schema.SchemaError>>()
const decoderOf = (type: string) => {
  const known = decoders.get(type)
  if (known !== undefined) return known
  const schema = schemas.get(type)
  if (schema === undefined) return undefined
  const decode = Schema.decodeUnknownResult(schema)
  decoders.set(type, decode)
  return decode
}

/** Lifts stored data to the newest version of its type. */
export const upcast = (
  type: string,
  version: number,
  data: Readonly<Record<string, unknown>>,
  upcasts: Upcasts = UPCASTS,
): Readonly<Record<string, unknown>> => {
  let lifted = data
  for (let at = version; upcasts[type]?.[at] !== undefined; at++) lifted = upcasts[type][at]!(lifted)
  return lifted
}

/** Reads a stored event: parses, lifts, checks. A newer version than this engine knows is an error and never guessed. */
export const readEvent = (
  type: string,
  data: string,
  metadata: Readonly<Record<string, string>>,
): Result.Result<unknown, UnreadableEvent> => {
  const version = versionIn(metadata)
  const fail = (detail: string) => Result.fail(new UnreadableEvent({ type, version, detail }))
  const decode = decoderOf(type)
  if (decode === undefined) return fail("this engine does not know the type; a newer engine wrote it")
  if (!(version <= versionOf(type))) return fail(`this engine knows versions up to ${versionOf(type)}; upgrade it`)
  let parsed: unknown
  try {
    parsed = JSON.parse(data)
  } catch {
    return fail("the stored data is not JSON")
  }
  if (typeof parsed !== "object" || parsed === null) return fail("the stored data is not an object")
  return Result.mapError(
    decode(upcast(type, version, parsed as Readonly<Record<string, unknown>>)),
    (error) => new UnreadableEvent({ type, version, detail: error.message }),
  )
}
