/** Mappings of the generated records: the default one of HubSpot, and of its contacts without what refers to other objects. */
import { makeHubspot } from "@concordat/providers/hubspot/provider"
import type { MappingDocument } from "@concordat/rules/mapping/document"
import { parseMapping } from "@concordat/rules/mapping/parse"
import * as Result from "effect/Result"

export const PERSONS = "contacts"

/** Companies and owners are records of their own: here are only people. */
const LEFT_OUT = new Set(["company", "owner"])

/** The default mapping of HubSpot, all of its objects. */
export const wholeMapping = (): MappingDocument =>
  Result.getOrThrow(parseMapping(makeHubspot().mapping, "hubspot.yaml"))

export const personMapping = (): MappingDocument => {
  const whole = wholeMapping()
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
