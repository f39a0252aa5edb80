/**
 * Webhooks: signature version 3 over the raw bytes, and events as hints. Events come more than once, in any order, with
 * ids that are not unique, so nothing of them but "go and look" is used.
 */
import type { Hint, WebhookRequest } from "@concordat/engine/ports/Provider"
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import { createHmac, timingSafeEqual } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { decode } from "./client.ts"
import { Id } from "./wire.ts"

const MOST_AGE_MS = 300_000

/** HubSpot signs the URL with these escapes decoded (https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests). */
const ESCAPES: Readonly<Record<string, string>> = {
  "%3A": ":",
  "%2F": "/",
  "%3F": "?",
  "%40": "@",
  "%21": "!",
  "%24": "$",
  "%27": "'",
  "%28": "(",
  "%29": ")",
  "%2A": "*",
  "%2C": ",",
  "%3B": ";",
}

const signedUrl = (url: string): string =>
  url.replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => ESCAPES[escape.toUpperCase()] ?? escape)

/** Genuine, and not older than five minutes. */
export const verify = (secret: Redacted.Redacted, request: WebhookRequest, nowMs: number): boolean => {
  const signature = request.headers["x-hubspot-signature-v3"] ?? ""
  const timestamp = request.headers["x-hubspot-request-timestamp"] ?? ""
  const sentAt = Number(timestamp)
  if (timestamp === "" || !Number.isFinite(sentAt) || Math.abs(nowMs - sentAt) > MOST_AGE_MS) return false
  const expected = createHmac("sha256", Redacted.value(secret))
    .update(`${request.method.toUpperCase()}${signedUrl(request.url)}`)
    .update(request.body)
    .update(timestamp)
    .digest()
  const given = Buffer.from(signature, "base64")
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const Event = Schema.Struct({
  subscriptionType: Schema.optionalKey(Schema.String),
  /** Some pages call it so. */
  eventType: Schema.optionalKey(Schema.String),
  objectId: Schema.optionalKey(Id),
  objectTypeId: Schema.optionalKey(Schema.String),
  primaryObjectId: Schema.optionalKey(Id),
  mergedObjectIds: Schema.optionalKey(Schema.Array(Id)),
  newObjectId: Schema.optionalKey(Schema.NullOr(Id)),
  associationType: Schema.optionalKey(Schema.String),
  fromObjectId: Schema.optionalKey(Id),
  toObjectId: Schema.optionalKey(Id),
  fromObjectTypeId: Schema.optionalKey(Schema.String),
  toObjectTypeId: Schema.optionalKey(Schema.String),
})
type Event = typeof Event.Type
const Events = Schema.Array(Event)

const OBJECTS: Readonly<Record<string, string>> = {
  contact: "contacts",
  company: "companies",
  deal: "deals",
  call: "calls",
  task: "tasks",
  note: "notes",
  meeting: "meetings",
  email: "emails",
  "0-1": "contacts",
  "0-2": "companies",
  "0-3": "deals",
  "0-48": "calls",
  "0-27": "tasks",
  "0-46": "notes",
  "0-47": "meetings",
  "0-49": "emails",
}

const KINDS: Readonly<Record<string, Hint["kind"]>> = {
  creation: "created",
  deletion: "gone",
  privacyDeletion: "gone",
  restore: "restored",
  propertyChange: "changed",
}

/** By own name only: `constructor` is no object of HubSpot's. */
const named = <A>(table: Readonly<Record<string, A>>, name: string | undefined): A | undefined =>
  name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined

/** Ids are counted: anything else would be asked for in a path of theirs, or fill the journal. */
const ID = /^\d{1,20}$/

const hint = (
  object: string | undefined,
  id: typeof Id.Type | null | undefined,
  kind: Hint["kind"],
  about?: string,
): ReadonlyArray<Hint> =>
  object === undefined || id === undefined || id === null || !ID.test(String(id))
    ? []
    : [{ object, id: String(id), kind, ...(about === undefined ? {} : { about }) }]

const hintsOf = (event: Event): ReadonlyArray<Hint> => {
  const [prefix = "", what = ""] = (event.subscriptionType ?? event.eventType ?? "").split(".")
  const object = named(OBJECTS, event.objectTypeId ?? prefix)
  if (what === "merge") {
    return [
      ...hint(object, event.newObjectId, "changed"),
      ...hint(object, event.primaryObjectId ?? event.objectId, "merged"),
      ...(event.mergedObjectIds ?? []).flatMap((id) => hint(object, id, "merged")),
    ]
  }
  if (what === "associationChange") {
    const names = (event.associationType ?? "").toLowerCase().split("_to_")
    const from = named(OBJECTS, event.fromObjectTypeId ?? names[0])
    const to = named(OBJECTS, event.toObjectTypeId ?? names[1])
    return [
      ...hint(from, event.fromObjectId, "changed", to === undefined ? undefined : `@${to}`),
      ...hint(to, event.toObjectId, "changed", from === undefined ? undefined : `@${from}`),
    ]
  }
  const kind = named(KINDS, what)
  if (kind === undefined) return []
  return hint(object, event.objectId, kind, what === "propertyChange" ? "fields" : undefined)
}

/** Each record once for each kind; events of objects that are not synchronised are left out. */
export const parse = (request: WebhookRequest): Effect.Effect<ReadonlyArray<Hint>, ProviderError> =>
  decode("webhook.parse", Events, Buffer.from(request.body).toString("utf8")).pipe(
    Effect.map((events) => {
      const hints = new Map(
        events
          .flatMap(hintsOf)
          .map((found) => [`${found.object} ${found.id} ${found.kind} ${found.about ?? ""}`, found] as const),
      )
      return [...hints.values()]
    }),
  )
