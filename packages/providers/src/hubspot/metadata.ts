/** What a portal says of itself: properties, pipelines, owners, currency. */
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import type { Metadata, Pipeline } from "@concordat/model/metadata"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { HubspotClient } from "./client.ts"
import { API_VERSION, definition } from "./definition.ts"
import { type Lists, properties } from "./properties.ts"
import { Id, nextOf } from "./wire.ts"

const Pipelines = Schema.Struct({
  results: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      label: Schema.String,
      archived: Schema.optionalKey(Schema.Boolean),
      stages: Schema.Array(
        Schema.Struct({
          id: Schema.String,
          label: Schema.String,
          displayOrder: Schema.optionalKey(Schema.Finite),
          archived: Schema.optionalKey(Schema.Boolean),
          /** Texts, also where they mean numbers and truth values. */
          metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
        }),
      ),
    }),
  ),
})

const Owners = Schema.Struct({
  results: Schema.Array(
    Schema.Struct({
      id: Id,
      email: Schema.optionalKey(Schema.NullOr(Schema.String)),
      firstName: Schema.optionalKey(Schema.NullOr(Schema.String)),
      lastName: Schema.optionalKey(Schema.NullOr(Schema.String)),
      archived: Schema.optionalKey(Schema.Boolean),
    }),
  ),
  paging: Schema.optionalKey(
    Schema.NullOr(Schema.Struct({ next: Schema.optionalKey(Schema.NullOr(Schema.Struct({ after: Id }))) })),
  ),
})

const Account = Schema.Struct({ companyCurrency: Schema.optionalKey(Schema.NullOr(Schema.String)) })

const fields = Effect.fnUntraced(function* (client: HubspotClient, lists: Lists, object: string) {
  const results = yield* properties(client, lists, object)
  return Object.fromEntries(
    results.map((property) => [
      property.name,
      {
        type: property.type.toLowerCase(),
        label: property.label,
        readOnly: property.modificationMetadata?.readOnlyValue === true || property.calculated === true,
        unique: property.hasUniqueValue === true || (object === "contacts" && property.name === "email"),
        ...(property.options === undefined || property.options.length === 0
          ? {}
          : { options: property.options.map(({ value, label }) => ({ value, label })) }),
      },
    ]),
  )
})

const closed = (metadata: Readonly<Record<string, unknown>> | undefined): "won" | "lost" | null => {
  if (String(metadata?.["isClosed"]) !== "true") return null
  return Number(metadata?.["probability"]) === 1 ? "won" : "lost"
}

const pipelines = Effect.fnUntraced(function* (client: HubspotClient, object: string) {
  const { body } = yield* client.fetch(
    { method: "GET", path: `/crm/pipelines/{version}/${object}`, operation: `${object}.pipelines` },
    Pipelines,
  )
  return body.results
    .filter((pipeline) => pipeline.archived !== true)
    .map((pipeline): Pipeline => ({
      object,
      id: pipeline.id,
      label: pipeline.label,
      stages: pipeline.stages
        .filter((stage) => stage.archived !== true)
        .toSorted((a, b) => (a.displayOrder ?? 0) - (b.displayOrder ?? 0))
        .map((stage) => ({ id: stage.id, label: stage.label, closed: closed(stage.metadata) })),
    }))
})

/** Those who left too: records keep naming them. An owner's id is not the user's. */
const owners = Effect.fnUntraced(function* (client: HubspotClient) {
  const found: Array<Metadata["owners"][number]> = []
  for (const archived of ["false", "true"]) {
    let after: string | null = null
    do {
      const query: Record<string, string> = { limit: "100", archived, ...(after === null ? {} : { after }) }
      const { body }: { readonly body: typeof Owners.Type } = yield* client.fetch(
        { method: "GET", path: "/crm/owners/{version}", query, operation: "owners.list" },
        Owners,
      )
      for (const owner of body.results) {
        const name = [owner.firstName, owner.lastName]
          .filter((part) => typeof part === "string" && part !== "")
          .join(" ")
        found.push({
          id: String(owner.id),
          email: owner.email ?? null,
          name: name === "" ? String(owner.id) : name,
          active: archived === "false",
        })
      }
      after = nextOf(body.paging)
    } while (after !== null)
  }
  return found
})

const read = Effect.fnUntraced(function* (client: HubspotClient, lists: Lists) {
  const objects = Object.keys(definition.objects)
  const byObject = yield* Effect.forEach(objects, (object) =>
    Effect.map(fields(client, lists, object), (found) => [object, found] as const),
  )
  const { body: account } = yield* client.fetch(
    { method: "GET", path: "/account-info/{version}/details", operation: "account.details" },
    Account,
  )
  const found: Metadata = {
    fields: Object.fromEntries(byObject),
    pipelines: yield* pipelines(client, "deals"),
    owners: yield* owners(client),
    lookups: {},
    currency: account.companyCurrency ?? null,
    version: API_VERSION,
  }
  return found
})

export const metadata = (client: HubspotClient, lists: Lists): Effect.Effect<Metadata, ProviderError> =>
  read(client, lists)
