/** Posts of automation rules: unsigned, without an event's id or type, and on 17 sent before the commit. Hints, no more. */
import type { Hint, WebhookRequest } from "@concordat/engine/ports/Provider"
import { Unreadable } from "@concordat/engine/ports/ProviderError"
import { isJsonObject, type Json } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createHash, timingSafeEqual } from "node:crypto"
import { SHORTEST_SECRET } from "./definition.ts"
import { providerError } from "./errors.ts"
import { objects } from "./objects.ts"

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** The only thing that a rule can carry is its address: `…?secret=…`, compared in constant time. */
export const verify =
  (secret: Redacted.Redacted | undefined) =>
  (request: WebhookRequest): boolean => {
    const expected = secret === undefined ? "" : Redacted.value(secret)
    const given = URL.canParse(request.url) ? new URL(request.url).searchParams.get("secret") : null
    if (request.method !== "POST" || expected.length < SHORTEST_SECRET || given === null) return false
    return timingSafeEqual(digest(given), digest(expected))
  }

/** `{"_model": "res.partner", "_id": 4372, …}`. What it says of the values may never have been committed, and is not read. */
export const parse = Effect.fnUntraced(function* (request: WebhookRequest) {
  const body = yield* Effect.try({
    try: () => JSON.parse(new TextDecoder().decode(request.body)) as Json,
    catch: () => providerError("webhook", new Unreadable({ detail: "the post is no JSON" })),
  })
  const { _model: object, _id: id } = isJsonObject(body) ? body : {}
  if (typeof object !== "string" || typeof id !== "number" || !Number.isInteger(id))
    return yield* providerError("webhook", new Unreadable({ detail: "the post names no record" }))
  // A rule on a model that is not taken in has nothing to tell.
  return Object.hasOwn(objects, object) ? [{ object, id: String(id), kind: "changed" } satisfies Hint] : []
})
