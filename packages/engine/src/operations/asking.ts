/** Puts a question of the rules to stored documents: whatever it turns out to need is loaded, and it is asked again. */
import { type Loaded, Missing } from "@concordat/rules/state/transaction"
import type { BindingDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { sharedBinding } from "../flows/bindings.ts"
import { eachOf, getMany } from "./documents.ts"

type Asked<A> = { readonly value: A } | { readonly missing: Missing }

const ask = <A>(question: (loaded: Loaded) => A, loaded: Loaded): Asked<A> => {
  try {
    return { value: question(loaded) }
  } catch (thrown) {
    if (thrown instanceof Missing) return { missing: thrown }
    throw thrown
  }
}

/** Documents of one tenant, as they are found when they are first asked for. */
export const makeAsking = (tenant: string) => {
  const documents = new Map<string, unknown>()
  const ranges = new Map<string, ReadonlyArray<string>>()
  const loaded: Loaded = {
    get: (kind, key) => documents.get(`${kind}\n${key}`),
    range: (kind, prefix) => ranges.get(`${kind}\n${prefix}`),
  }
  const load = Effect.fnUntraced(function* ({ wanted }: Missing) {
    for (const one of wanted) {
      if (one._tag === "Document") {
        const [found] = yield* getMany<unknown>(tenant, one.kind, [one.key])
        // Compilers know by identity what they have compiled, and a binding is mostly one that somebody holds already.
        const isBinding = one.kind === "binding" && found !== null && found !== undefined
        documents.set(`${one.kind}\n${one.key}`, isBinding ? sharedBinding(found as BindingDoc) : (found ?? null))
        continue
      }
      const keys: Array<string> = []
      yield* eachOf<unknown>(tenant, one.kind, one.prefix, (key) => void keys.push(key))
      ranges.set(`${one.kind}\n${one.prefix}`, keys)
    }
  })
  return Effect.fnUntraced(function* <A>(question: (loaded: Loaded) => A) {
    for (;;) {
      const asked = ask(question, loaded)
      if ("value" in asked) return asked.value
      yield* load(asked.missing)
    }
  })
}
