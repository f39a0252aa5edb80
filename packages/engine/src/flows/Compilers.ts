/** Compiles mappings and rules from what the journal holds, once for each document (`bindings.ts`): they are known by identity. */
import type { JsonObject } from "@concordat/model/json"
import type { Metadata } from "@concordat/model/metadata"
import { compileMapping, type CompiledMapping } from "@concordat/rules/mapping/compile"
import type { MappingDocument } from "@concordat/rules/mapping/document"
import { defaultPolicy, makePolicy, type Policy, type PolicyDocument } from "@concordat/rules/policy/policy"
import type { Compilers } from "@concordat/rules/reconcile/context"

/** A stored mapping or rules document is what the parser made of the text: it was checked when it was taken in. */
export const makeCompilers = (): Compilers => {
  /** By document and metadata, then by settings. */
  const mappings = new WeakMap<JsonObject, WeakMap<Metadata, Map<string, CompiledMapping>>>()
  const policies = new WeakMap<JsonObject, Policy>()
  return {
    mapping: ({ opened }, { mapping, metadata }) => {
      // Without the provider's own word on fields, stages and owners nothing can be told apart.
      if (mapping === null || metadata === null) return null
      const settings = `${opened.settings["region"] ?? ""}|${opened.settings["currency"] ?? ""}`
      let ofDocument = mappings.get(mapping)
      if (ofDocument === undefined) mappings.set(mapping, (ofDocument = new WeakMap()))
      let bySettings = ofDocument.get(metadata)
      if (bySettings === undefined) ofDocument.set(metadata, (bySettings = new Map()))
      let compiled = bySettings.get(settings)
      if (compiled === undefined) {
        compiled = compileMapping(mapping as unknown as MappingDocument, {
          metadata,
          settings: { region: opened.settings["region"] ?? "", currency: opened.settings["currency"] ?? null },
        })
        bySettings.set(settings, compiled)
      }
      return compiled
    },
    policy: ({ policy }) => {
      if (policy === null || Object.keys(policy).length === 0) return defaultPolicy
      const known = policies.get(policy)
      if (known !== undefined) return known
      const made = makePolicy(policy as unknown as PolicyDocument)
      policies.set(policy, made)
      return made
    },
  }
}
