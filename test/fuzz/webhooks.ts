/** Webhooks: what is signed, what is not, and bodies that no provider sends. What is acknowledged stands in the journal, readable. */
import { Journal } from "@concordat/engine/ports/Journal"
import { readEvent } from "@concordat/model/events/stored"
import type { Json } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { createHmac } from "node:crypto"
import { type Engine, SECRETS, TENANT } from "./engine.ts"
import { CANARY, changed, changes, hostile, tear, textOf, torn } from "./hostile.ts"
import type { Target } from "./target.ts"

const HUBSPOT: Json = [
  {
    eventId: 1,
    subscriptionType: "contact.propertyChange",
    objectId: 101,
    propertyName: "email",
    propertyValue: CANARY,
  },
  {
    eventId: 2,
    subscriptionType: "object.creation",
    objectTypeId: "0-1",
    objectId: 102,
    occurredAt: 1_790_000_000_000,
  },
  { eventId: 3, subscriptionType: "contact.merge", primaryObjectId: 101, mergedObjectIds: [103], newObjectId: 104 },
  {
    eventId: 4,
    subscriptionType: "contact.associationChange",
    associationType: "CONTACT_TO_COMPANY",
    fromObjectId: 101,
    toObjectId: 201,
  },
]
const ODOO: Json = { _model: "res.partner", _id: 7, _action: "Send(#1)", name: "Ada", email: CANARY }

const STATUSES = new Set([202, 400, 401, 413])

const signed = (url: string, path: string, body: Buffer, at: number): Record<string, string> => {
  const hash = createHmac("sha256", SECRETS.client).update(`POST${url}${path}`).update(body).update(String(at))
  return { "x-hubspot-signature-v3": hash.digest("base64"), "x-hubspot-request-timestamp": String(at) }
}

/** Header values that a socket carries. */
const header = hostile.map((value) =>
  String(typeof value === "string" ? value : JSON.stringify(value))
    .replaceAll(/[^\x20-\x7e]/g, "?")
    .slice(0, 2_000),
)

interface Tried {
  readonly status: number
  readonly key: string
}

export const webhooks = (engine: Engine): Target => {
  const acknowledged = new Set<string>()
  let id = 1_000_000

  const post = async (connection: string, body: Buffer, headers: Record<string, string>): Promise<Tried> => {
    const path =
      connection === "odoo" ? `/webhooks/${TENANT}/odoo?secret=${SECRETS.hook}` : `/webhooks/${TENANT}/hubspot`
    const own = connection === "hubspot" ? signed(engine.url, path, body, Date.now()) : {}
    const { status } = await engine.ask({
      method: "POST",
      path,
      body,
      headers: { "content-type": "application/json", ...own, ...headers },
    })
    return { status, key: `${connection} ${body.length}` }
  }

  /** A good one among the others: acknowledged, it has to be in the journal. */
  const good = async (): Promise<void> => {
    id += 1
    const body = Buffer.from(JSON.stringify([{ subscriptionType: "contact.propertyChange", objectId: id }]))
    const { status } = await post("hubspot", body, {})
    if (status !== 202) throw new Error(`a good webhook is answered with ${status}`)
    acknowledged.add(String(id))
  }

  const one = fc.record({
    connection: fc.constantFrom("hubspot", "odoo"),
    changes: fc.oneof(changes, fc.constant([])),
    torn,
    headers: fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      {
        weight: 1,
        arbitrary: fc.dictionary(
          fc.constantFrom(
            "x-hubspot-signature-v3",
            "x-hubspot-request-timestamp",
            "content-type",
            "content-encoding",
            "x-forwarded-proto",
          ),
          header,
          { minKeys: 1, maxKeys: 2 },
        ),
      },
    ),
  })
  return {
    name: "webhooks",
    property: fc.asyncProperty(one, async ({ changes, connection, headers, torn }) => {
      const body = tear(textOf(changed(connection === "odoo" ? ODOO : HUBSPOT, changes)), torn)
      const { status } = await post(connection, body, { ...headers })
      // A body that is too large may be cut off before the answer is read.
      if (!STATUSES.has(status) && !(status === 0 && body.length > 5_000_000))
        throw new Error(`answered with ${status}`)
      await good()
    }) as unknown as Target["property"],
    afterwards: () =>
      Effect.runPromise(
        Effect.gen(function* () {
          const journal = yield* Journal
          const kept = new Set<string>()
          for (let after: string | null = null; ;) {
            const page: Effect.Success<ReturnType<typeof journal.readAll>> = yield* journal.readAll({
              after,
              prefixes: ["delivery-"],
              limit: 1_000,
            })
            for (const { data, metadata, type } of page.events) {
              const read = readEvent(type, data, metadata)
              if (Result.isFailure(read))
                throw new Error(`kept and unreadable: ${read.failure.message}: ${data.slice(0, 300)}`)
              for (const hint of (read.success as { hints: ReadonlyArray<{ id: string }> }).hints) kept.add(hint.id)
            }
            if (page.events.length === 0) break
            after = page.position
          }
          const lost = [...acknowledged].filter((one) => !kept.has(one))
          if (lost.length > 0) throw new Error(`acknowledged and not in the journal: ${lost.slice(0, 10).join(", ")}`)
        }).pipe(Effect.provideContext(engine.concordat.stores)),
      ),
  }
}
