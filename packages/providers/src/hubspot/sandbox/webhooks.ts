/**
 * Webhooks as HubSpot sends them: JSON arrays of at most 100 events, signed (v3), and neither once nor in order
 * (https://developers.hubspot.com/docs/apps/legacy-apps/public-apps/create-generic-webhook-subscriptions).
 */
import { createHmac } from "node:crypto"
import { objectKind } from "./catalog.ts"
import { between, type Portal, type Table, type Values, type WebhookEvent } from "./portal.ts"
import type { Actor } from "./shapes.ts"

export interface Delivery {
  readonly method: "POST"
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What is given back to `undelivered` when the target does not answer 2xx. */
  readonly events: ReadonlyArray<WebhookEvent>
}

const BATCH = 100
const ATTEMPTS = 10

const queue = (portal: Portal, subscriptionType: string, actor: Actor, fields: Record<string, unknown>): void => {
  const settings = portal.settings.webhooks
  if (settings.target === null || portal.random() < settings.dropRate) return
  const body = {
    // Documented as not unique.
    eventId: Math.floor(portal.random() * 1_000),
    subscriptionId: 2_400_000 + subscriptionType.length,
    portalId: portal.portalId,
    appId: portal.appId,
    occurredAt: portal.now(),
    subscriptionType,
    attemptNumber: 0,
    changeSource: actor.source,
    sourceId: actor.sourceId,
    ...fields,
  }
  const copies = portal.random() < settings.duplicateRate ? 2 : 1
  for (let copy = 0; copy < copies; copy += 1) {
    portal.webhookEvents.push({ dueAt: portal.now() + between(portal, settings.delayMs), attempt: 0, body })
  }
}

const named = (table: Table, id: number): Record<string, unknown> => ({
  objectId: id,
  ...(table.kind.subscription === "object" ? { objectTypeId: table.kind.typeId } : {}),
})

export const emitSimple = (portal: Portal, table: Table, id: number, what: string, actor: Actor): void =>
  queue(portal, `${table.kind.subscription}.${what}`, actor, { ...named(table, id), changeFlag: what.toUpperCase() })

export const emitCreated = (portal: Portal, table: Table, id: number, actor: Actor): void =>
  queue(portal, `${table.kind.subscription}.creation`, actor, { ...named(table, id), changeFlag: "CREATED" })

export const emitProperties = (portal: Portal, table: Table, id: number, values: Values, actor: Actor): void => {
  const subscribed = portal.settings.webhooks.properties
  for (const [propertyName, propertyValue] of Object.entries(values)) {
    if (subscribed !== null && !subscribed.includes(propertyName)) continue
    queue(portal, `${table.kind.subscription}.propertyChange`, actor, {
      ...named(table, id),
      propertyName,
      propertyValue,
    })
  }
}

/** Contacts raise both, in no fixed order (https://developers.hubspot.com/changelog/now-live-webhooks-now-support-privacy-compliant-contact-deletions). */
export const emitErased = (portal: Portal, table: Table, id: number, actor: Actor): void => {
  if (table.kind.name === "contacts") emitSimple(portal, table, id, "privacyDeletion", actor)
  emitSimple(portal, table, id, "deletion", actor)
}

export const emitMerged = (
  portal: Portal,
  table: Table,
  merge: { readonly primary: number; readonly merged: number; readonly result: number },
  actor: Actor,
): void => {
  queue(portal, `${table.kind.subscription}.merge`, actor, {
    ...named(table, merge.primary),
    primaryObjectId: merge.primary,
    mergedObjectIds: [merge.merged],
    ...(merge.result === merge.primary ? {} : { newObjectId: merge.result }),
    numberOfPropertiesMoved: 0,
  })
  emitSimple(portal, table, merge.merged, "deletion", actor)
}

const shout = (object: string): string => (objectKind(object)?.singular ?? object).toUpperCase()

/** Each side has its own event. */
export const emitAssociation = (
  portal: Portal,
  from: string,
  id: number,
  to: string,
  other: number,
  removed: boolean,
  isPrimary: boolean,
  actor: Actor,
): void => {
  for (const [a, aId, b, bId] of [
    [from, id, to, other],
    [to, other, from, id],
  ] as const) {
    const kind = objectKind(a)
    if (kind === undefined) continue
    queue(portal, `${kind.subscription}.associationChange`, actor, {
      associationType: `${shout(a)}_TO_${shout(b)}`,
      fromObjectId: aId,
      toObjectId: bId,
      ...(kind.subscription === "object"
        ? { fromObjectTypeId: kind.typeId, toObjectTypeId: objectKind(b)?.typeId }
        : {}),
      associationRemoved: removed,
      isPrimaryAssociation: isPrimary,
    })
  }
}

/** v3: base64 HMAC-SHA256 over method, URI, body and timestamp (the official client's utils/signature.ts). */
export const signatureV3 = (secret: string, method: string, url: string, body: string, timestamp: string): string =>
  createHmac("sha256", secret).update(`${method}${url}${body}${timestamp}`).digest("base64")

const delivery = (portal: Portal, target: string, events: ReadonlyArray<WebhookEvent>): Delivery => {
  const body = JSON.stringify(events.map((event) => ({ ...event.body, attemptNumber: event.attempt })))
  const timestamp = String(portal.now())
  return {
    method: "POST",
    url: target,
    headers: {
      "content-type": "application/json",
      "x-hubspot-request-timestamp": timestamp,
      "x-hubspot-signature-v3": signatureV3(portal.secret, "POST", target, body, timestamp),
    },
    body,
    events,
  }
}

/** Every delivery that is due now. */
export const takeWebhooks = (portal: Portal): ReadonlyArray<Delivery> => {
  const { target, reorderRate } = portal.settings.webhooks
  const now = portal.now()
  const due = portal.webhookEvents.filter((event) => event.dueAt <= now).toSorted((a, b) => a.dueAt - b.dueAt)
  if (target === null || due.length === 0) return []
  const waiting = portal.webhookEvents.filter((event) => event.dueAt > now)
  portal.webhookEvents.splice(0, portal.webhookEvents.length, ...waiting)
  const deliveries: Array<Delivery> = []
  for (let from = 0; from < due.length; from += BATCH) {
    const batch = due.slice(from, from + BATCH)
    deliveries.push(delivery(portal, target, portal.random() < reorderRate ? batch.toReversed() : batch))
  }
  return deliveries
}

/** Not answered with 2xx within five seconds: tried up to ten times, further and further apart over 24 hours. */
export const undelivered = (portal: Portal, events: ReadonlyArray<WebhookEvent>): void => {
  for (const event of events) {
    if (event.attempt + 1 >= ATTEMPTS) continue
    const wait = Math.min(60_000 * 2 ** event.attempt, 6 * 3_600_000)
    portal.webhookEvents.push({ ...event, attempt: event.attempt + 1, dueAt: portal.now() + wait })
  }
}
