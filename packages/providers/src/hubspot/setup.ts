/** What has to exist before the first write: our unique property, on every object that is written. */
import { RequestRefused } from "@concordat/engine/ports/ProviderError"
import * as Effect from "effect/Effect"
import type { HubspotClient } from "./client.ts"
import { definition, OWN_ID } from "./definition.ts"
import { providerError } from "./errors.ts"
import { type Lists, properties } from "./properties.ts"

const create = (client: HubspotClient, object: string, groupName: string) =>
  client.send({
    method: "POST",
    path: `/crm/properties/{version}/${object}`,
    body: {
      name: OWN_ID,
      label: "Concordat id",
      description: "Names this record in Concordat. Please leave it as it is.",
      groupName,
      type: "string",
      fieldType: "text",
      hasUniqueValue: true,
    },
    operation: `${object}.property.create`,
    writes: true,
    // It was listed before somebody made it.
    also: [409],
  })

/** Uniqueness can only be given when a property is made, so one of that name without it is in the way. */
const ensure = Effect.fnUntraced(function* (client: HubspotClient, lists: Lists, object: string) {
  if (!lists.has(object)) yield* properties(client, lists, object)
  if (lists.get(object)!.own === null) {
    const { status } = yield* create(client, object, lists.get(object)!.group)
    if (status !== 409) {
      lists.set(object, { ...lists.get(object)!, own: { isUnique: true } })
      return
    }
    yield* properties(client, lists, object)
  }
  if (lists.get(object)!.own?.isUnique === true) return
  // What is mended meanwhile is seen when it is tried again.
  lists.delete(object)
  return yield* providerError(
    `${object}.property`,
    new RequestRefused({
      code: "PROPERTY_NOT_UNIQUE",
      detail: `${object} has a property ${OWN_ID} that is not unique; rename or delete it`,
    }),
  )
})

/**
 * The first edit after arming waits for it, and for what it leaves of the calls that an account may make at once: of the
 * smallest plan ten, so a call for each object is all.
 */
export const prepare = (client: HubspotClient, lists: Lists) =>
  Effect.forEach(Object.keys(definition.objects), (object) => ensure(client, lists, object), {
    concurrency: "unbounded",
    discard: true,
  })
