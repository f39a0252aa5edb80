/** What has to exist before the first write: our unique property, on every object that is written. */
import { RequestRefused } from "@concordat/engine/ports/ProviderError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { modifiedProperty } from "./changes.ts"
import { decode, type HubspotClient } from "./client.ts"
import { definition, OWN_ID } from "./definition.ts"
import { providerError } from "./errors.ts"

const Property = Schema.Struct({ groupName: Schema.String, hasUniqueValue: Schema.optionalKey(Schema.Boolean) })

const path = (object: string, name?: string): string =>
  `/crm/properties/{version}/${object}${name === undefined ? "" : `/${name}`}`

/** Uniqueness can only be given when a property is made, so one of that name without it is in the way. */
const ensure = Effect.fnUntraced(function* (client: HubspotClient, object: string) {
  const operation = `${object}.property`
  const answer = yield* client.send({ method: "GET", path: path(object, OWN_ID), operation, also: [404] })
  if (answer.status !== 404) {
    const { hasUniqueValue } = yield* decode(operation, Property, answer.text)
    if (hasUniqueValue === true) return
    return yield* providerError(
      operation,
      new RequestRefused({
        code: "PROPERTY_NOT_UNIQUE",
        detail: `${object} has a property ${OWN_ID} that is not unique; rename or delete it`,
      }),
    )
  }
  // The names of groups differ by object; that of a property that is always there will do.
  const { body: known } = yield* client.fetch(
    { method: "GET", path: path(object, modifiedProperty(object)), operation },
    Property,
  )
  yield* client.send({
    method: "POST",
    path: path(object),
    body: {
      name: OWN_ID,
      label: "Concordat id",
      description: "Names this record in Concordat. Please leave it as it is.",
      groupName: known.groupName,
      type: "string",
      fieldType: "text",
      hasUniqueValue: true,
    },
    operation: `${operation}.create`,
    writes: true,
    // Someone made it a moment ago.
    also: [409],
  })
})

export const prepare = (client: HubspotClient) =>
  Effect.forEach(Object.keys(definition.objects), (object) => ensure(client, object), { discard: true })
