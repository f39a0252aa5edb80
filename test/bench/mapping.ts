/** The mapping of the generated people: the default one of HubSpot's contacts, without what refers to other objects. */
import { makeHubspot } from "@concordat/providers/hubspot/provider"
import type { MappingDocument } from "@concordat/rules/mapping/document"
import { parseMapping } from "@concordat/rules/mapping/parse"
import * as Result from "effect/Result"

export const PERSONS = "contacts"

/** Companies and owners are records of their own: here are only people. */
const LEFT_OUT = new Set(["company", "owner"])

export const personMapping = (): MappingDocument => {
  const whole = Result.getOrThrow(parseMapping(makeHubspot().mapping, "hubspot.yaml"))
  return {
    ...whole,
    objects: whole.objects
      .filter(({ name }) => name === PERSONS)
      .map((spec) => ({
        ...spec,
        fields: Object.fromEntries(Object.entries(spec.fields).filter(([name]) => !LEFT_OUT.has(name))),
      })),
  }
}
