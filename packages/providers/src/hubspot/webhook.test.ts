/** Traps of webhooks: signatures over raw bytes, events that repeat, swap and get lost, ids that are not unique. */
import { Signature } from "@hubspot/api-client"
import type { Hint, WebhookRequest } from "@concordat/engine/ports/Provider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { DEFAULT_SECRET } from "./sandbox/sandbox.ts"
import type { Delivery } from "./sandbox/webhooks.ts"
import { openPortal, START, type TestPortal } from "./testing/portal.ts"

const TARGET = "https://sync.example.com/hooks/acme/hubspot?v=1"
const calm = {
  target: TARGET,
  duplicateRate: 0,
  dropRate: 0,
  reorderRate: 0,
  delayMs: [0, 0] as const,
  properties: null,
}

const requestOf = (delivery: Delivery): WebhookRequest => ({
  method: delivery.method,
  url: delivery.url,
  headers: delivery.headers,
  body: Buffer.from(delivery.body),
})

const hintsNow = Effect.fnUntraced(function* ({ sandbox, connector }: TestPortal) {
  const hints: Array<Hint> = []
  for (const delivery of sandbox.takeWebhooks()) hints.push(...(yield* connector.webhook.parse(requestOf(delivery))))
  return hints
})

/** The official client computes the same signature, from the URL with its escapes decoded. */
const signed = (body: string, url: string, decoded: string, at: number): WebhookRequest => ({
  method: "POST",
  url,
  headers: {
    "x-hubspot-request-timestamp": String(at),
    "x-hubspot-signature-v3": Signature.getSignature("POST", "v3", {
      clientSecret: DEFAULT_SECRET,
      requestBody: body,
      url: decoded,
      timestamp: at,
      signature: "",
    }),
  },
  body: Buffer.from(body),
})

describe("webhooks", () => {
  it.effect("an event that names no object, kind or record of HubSpot's brings no hint, whatever its words are", () =>
    Effect.gen(function* () {
      const { connector } = yield* openPortal()
      const parse = (event: object) => {
        const body = JSON.stringify([{ subscriptionType: "contact.propertyChange", objectId: 5, ...event }])
        return connector.webhook.parse({ method: "POST", url: TARGET, headers: {}, body: Buffer.from(body) })
      }
      for (const event of [
        { subscriptionType: "contact.constructor" },
        { subscriptionType: "constructor.creation" },
        { objectTypeId: "toString" },
        {
          subscriptionType: "contact.associationChange",
          associationType: "constructor_to_valueOf",
          fromObjectId: 1,
          toObjectId: 2,
        },
        { objectId: "" },
        { objectId: "../../owners" },
        { objectId: 1.5 },
        { objectId: "7".repeat(100_000) },
      ])
        assert.deepStrictEqual(yield* parse(event), [], JSON.stringify(event).slice(0, 80))
      assert.lengthOf(yield* parse({}), 1)
    }),
  )
  it.effect("[HS18] an event that repeats, comes before its creation or shares its id is one hint for its record", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal({ webhooks: { ...calm, duplicateRate: 1, reorderRate: 1 } })
      const { id } = portal.sandbox.put({ object: "contacts", properties: { email: "a@example.com", firstname: "A" } })
      const deliveries = portal.sandbox.takeWebhooks()
      const events = deliveries.flatMap(
        (delivery) => JSON.parse(delivery.body) as ReadonlyArray<{ subscriptionType: string }>,
      )
      assert.strictEqual(events.length, 6)
      assert.strictEqual(events[0]?.subscriptionType, "contact.propertyChange")
      const hints = yield* portal.connector.webhook.parse(requestOf(deliveries[0]!))
      assert.sameDeepMembers(
        [...hints],
        [
          { object: "contacts", id, kind: "created" },
          { object: "contacts", id, kind: "changed", about: "fields" },
        ],
      )
    }),
  )

  it.effect("[HS30] a delivery that is not answered comes again, with a new signature; dropped events never come", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* openPortal({ webhooks: calm })
      sandbox.put({ object: "contacts", properties: { email: "a@example.com" } })
      const [delivery] = sandbox.takeWebhooks()
      sandbox.undelivered(delivery!)
      assert.deepStrictEqual(sandbox.takeWebhooks(), [])
      sandbox.advance(60_000)
      const [again] = sandbox.takeWebhooks()
      assert.include(again?.body, '"attemptNumber":1')
      assert.isTrue(connector.webhook.verify(requestOf(again!), sandbox.now()))
      sandbox.settings({ webhooks: { dropRate: 1 } })
      sandbox.put({ object: "contacts", properties: { email: "b@example.com" } })
      assert.deepStrictEqual(sandbox.takeWebhooks(), [])
    }),
  )

  it.effect("[HS31] genuine and fresh only: the raw bytes, the decoded URL, five minutes", () =>
    Effect.gen(function* () {
      const { connector } = yield* openPortal()
      const { verify } = connector.webhook
      const body = '[{"objectId": 1,  "subscriptionType":"contact.creation", "name":"Zoë"}]'
      const genuine = signed(body, TARGET, TARGET, START)
      assert.isTrue(verify(genuine, START))
      assert.isTrue(verify(genuine, START + 299_000))
      assert.isFalse(verify(genuine, START + 301_000), "old")
      assert.isFalse(verify({ ...genuine, body: Buffer.from(JSON.stringify(JSON.parse(body))) }, START), "written anew")
      assert.isFalse(verify({ ...genuine, url: TARGET.replace("v=1", "v=2") }, START), "another URL")
      assert.isFalse(
        verify(
          { ...genuine, headers: { ...genuine.headers, "x-hubspot-request-timestamp": String(START + 1) } },
          START,
        ),
        "another time",
      )
      assert.isFalse(verify({ ...genuine, headers: {} }, START), "nothing")
      assert.isFalse(
        verify({ ...genuine, headers: { ...genuine.headers, "x-hubspot-signature-v3": "AAAA" } }, START),
        "short",
      )
      const escaped = "https://sync.example.com/hooks/acme%3Ahubspot?to=a%40b.c&x=%2525"
      assert.isTrue(
        verify(signed(body, escaped, "https://sync.example.com/hooks/acme:hubspot?to=a@b.c&x=%2525", START), START),
      )
    }),
  )

  it.effect("[HS32] the merge event names the primary, the merged and a third id; all are looked at", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal({ webhooks: calm })
      const { contacts } = portal.sandbox.seed({
        records: { contacts: [{ properties: { email: "a@example.com" } }, { properties: { email: "b@example.com" } }] },
      })
      const [kept, lost] = contacts as [string, string]
      const into = portal.sandbox.merge("contacts", kept, lost)
      assert.sameDeepMembers(yield* hintsNow(portal), [
        { object: "contacts", id: into, kind: "changed" },
        { object: "contacts", id: kept, kind: "merged" },
        { object: "contacts", id: lost, kind: "merged" },
        { object: "contacts", id: lost, kind: "gone" },
      ])
    }),
  )

  it.effect(
    "[HS33] a primary association raises two events, each side has its own, and both records are looked at",
    () =>
      Effect.gen(function* () {
        const portal = yield* openPortal({ webhooks: calm })
        const { contacts, companies, tasks } = portal.sandbox.seed({
          records: {
            contacts: [{ properties: { email: "a@example.com" } }],
            companies: [{ properties: { name: "C" } }],
            tasks: [{ properties: { hs_task_subject: "T" } }],
          },
        })
        const [contact, company, task] = [contacts![0]!, companies![0]!, tasks![0]!]
        portal.raw("POST", "/crm/associations/2026-09/contacts/companies/batch/create", {
          inputs: [
            {
              from: { id: contact },
              to: { id: company },
              types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 1 }],
            },
          ],
        })
        const [delivery] = portal.sandbox.takeWebhooks()
        assert.strictEqual(delivery?.events.length, 4)
        assert.sameDeepMembers(
          [...(yield* portal.connector.webhook.parse(requestOf(delivery!)))],
          [
            { object: "contacts", id: contact, kind: "changed", about: "@companies" },
            { object: "companies", id: company, kind: "changed", about: "@contacts" },
          ],
        )
        // One of the two sides' events may be lost.
        const [event] = JSON.parse(delivery!.body) as ReadonlyArray<unknown>
        const alone = { ...requestOf(delivery!), body: Buffer.from(JSON.stringify([event])) }
        assert.lengthOf(yield* portal.connector.webhook.parse(alone), 2)
        portal.sandbox.put({ object: "tasks", id: task, associations: { contacts: [contact] } })
        assert.sameDeepMembers(yield* hintsNow(portal), [
          { object: "tasks", id: task, kind: "changed", about: "@contacts" },
          { object: "contacts", id: contact, kind: "changed", about: "@tasks" },
        ])
      }),
  )

  it.effect("erasure raises two events; events of engagements are generic; a body that is no list is unreadable", () =>
    Effect.gen(function* () {
      const portal = yield* openPortal({ webhooks: calm })
      const { contacts } = portal.sandbox.seed({ records: { contacts: [{ properties: { email: "a@example.com" } }] } })
      portal.sandbox.erase("contacts", contacts![0]!)
      assert.deepStrictEqual(yield* hintsNow(portal), [{ object: "contacts", id: contacts![0]!, kind: "gone" }])
      const { id } = portal.sandbox.put({ object: "calls", properties: { hs_call_title: "C" } })
      assert.sameDeepMembers(yield* hintsNow(portal), [
        { object: "calls", id, kind: "created" },
        { object: "calls", id, kind: "changed", about: "fields" },
      ])
      const error = yield* portal.connector.webhook
        .parse({ method: "POST", url: TARGET, headers: {}, body: Buffer.from("{}") })
        .pipe(Effect.flip)
      assert.strictEqual(error.reason._tag, "Unreadable")
    }),
  )
})
