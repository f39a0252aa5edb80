/** The list of an object's properties, and what it says of ours: asked for at the start and each hour, it need not be asked twice. */
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { modifiedProperty } from "./changes.ts"
import type { HubspotClient } from "./client.ts"
import { OWN_ID } from "./definition.ts"

const Properties = Schema.Struct({
  results: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      label: Schema.String,
      type: Schema.String,
      groupName: Schema.optionalKey(Schema.String),
      options: Schema.optionalKey(
        Schema.Array(
          Schema.Struct({
            value: Schema.String,
            label: Schema.String,
            displayOrder: Schema.optionalKey(Schema.Finite),
          }),
        ),
      ),
      hasUniqueValue: Schema.optionalKey(Schema.Boolean),
      calculated: Schema.optionalKey(Schema.Boolean),
      modificationMetadata: Schema.optionalKey(Schema.Struct({ readOnlyValue: Schema.optionalKey(Schema.Boolean) })),
    }),
  ),
})

/** What stands in the way of our unique property, or does not. */
export interface Listed {
  /** Our property; null: there is none. */
  readonly own: { readonly isUnique: boolean } | null
  /** The names of groups differ by object; that of a property that is always there will do. */
  readonly group: string
  /** The lifecycle stages that a portal has, from the first to the last; none for objects without. */
  readonly stages: ReadonlyArray<string>
}

/** By object, as it was listed last. */
export type Lists = Map<string, Listed>

export const properties = (
  client: HubspotClient,
  lists: Lists,
  object: string,
): Effect.Effect<(typeof Properties.Type)["results"], ProviderError> =>
  Effect.map(
    client.fetch(
      { method: "GET", path: `/crm/properties/{version}/${object}`, operation: `${object}.properties` },
      Properties,
    ),
    ({ body: { results } }) => {
      const own = results.find(({ name }) => name === OWN_ID)
      const group = results.find(({ name }) => name === modifiedProperty(object))?.groupName ?? ""
      const stages = (results.find(({ name }) => name === "lifecyclestage")?.options ?? [])
        .toSorted((a, b) => (a.displayOrder ?? 0) - (b.displayOrder ?? 0))
        .map(({ value }) => value)
      lists.set(object, { own: own === undefined ? null : { isUnique: own.hasUniqueValue === true }, group, stages })
      return results
    },
  )
