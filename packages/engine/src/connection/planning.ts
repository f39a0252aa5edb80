/** The planner over stored documents: compiled mappings are remembered, everything else is read as it is now. */
import { sha256 } from "@concordat/model/ids"
import type { EntityRef } from "@concordat/model/events/record"
import { planWrite, type PlannedWrite } from "@concordat/rules/push/plan"
import type { Compilers } from "@concordat/rules/reconcile/context"
import { type BindingDoc, type ConnectionDoc, entityKey } from "@concordat/rules/state/documents"
import { decodeDocument } from "@concordat/rules/state/stored"
import { type Loaded, Missing, type Wanted } from "@concordat/rules/state/transaction"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { sharedBinding } from "../flows/bindings.ts"
import { reachedOf } from "../flows/reached.ts"
import { PLANS_AT_A_STRETCH, SCAN_DOCUMENTS } from "../limits.ts"
import type { State, StateError } from "../ports/State.ts"
import type { Planner } from "./Planner.ts"

/** Asked for by every plan, and compiled from. */
const INTERNED: ReadonlySet<string> = new Set(["connection", "tenant", "binding"])

/** A connection's binding as it was last read, and the number under which its connection had it then. */
interface Bound {
  readonly number: number | undefined
  readonly binding: BindingDoc
}

/**
 * Parsed again only where the text changed: compilers know their input by identity. Of a text its hash is kept, since with a
 * thousand connections the texts themselves are most of what an idle one takes.
 */
const makeIntern = () => {
  const kept = new Map<string, { hash: string; value: unknown }>()
  return (id: string, kind: string, text: string): unknown => {
    const hash = sha256(text)
    const known = kept.get(id)
    if (known?.hash === hash) return known.value
    const parsed: unknown = JSON.parse(text)
    const value = kind === "binding" && parsed !== null ? sharedBinding(parsed as BindingDoc) : parsed
    kept.set(id, { hash, value })
    return value
  }
}

type Asked<A> =
  | { readonly _tag: "Known"; readonly value: A }
  | { readonly _tag: "Missing"; readonly wanted: ReadonlyArray<Wanted> }
const ask = <A>(question: (loaded: Loaded) => A, loaded: Loaded): Asked<A> => {
  try {
    return { _tag: "Known", value: question(loaded) }
  } catch (thrown) {
    if (thrown instanceof Missing) return { _tag: "Missing", wanted: thrown.wanted }
    throw thrown
  }
}

export const makePlanner = (
  state: Context.Service.Shape<typeof State>,
  tenant: string,
  connection: string,
  compilers: Compilers,
  /** Where the reconciler keeps how far it has decided this tenant. */
  checkpoint: string,
): Planner => {
  const intern = makeIntern()
  const parse = (kind: string, key: string, text: string | null): unknown =>
    text === null ? null : INTERNED.has(kind) ? intern(`${kind}\n${key}`, kind, text) : decodeDocument(kind, text)

  /** Documents of one plan: what is read once is the same for all its entities. */
  const makeView = () => {
    const documents = new Map<string, unknown>()
    const ranges = new Map<string, ReadonlyArray<string>>()
    const loaded: Loaded = {
      get: (kind, key) => documents.get(`${kind}\n${key}`),
      range: (kind, prefix) => ranges.get(`${kind}\n${prefix}`),
    }
    const load = Effect.fnUntraced(function* (wanted: ReadonlyArray<Wanted>) {
      const ids = wanted.filter((one) => one._tag === "Document")
      const texts = yield* state.getMany(ids.map(({ kind, key }) => ({ tenant, kind, key })))
      for (const [i, { kind, key }] of ids.entries())
        documents.set(`${kind}\n${key}`, parse(kind, key, texts[i] ?? null))
      for (const one of wanted) {
        if (one._tag !== "Range") continue
        const keys: Array<string> = []
        for (let after: string | null = null; ;) {
          const page: ReadonlyArray<{ readonly key: string }> = yield* state.scan({
            tenant,
            kind: one.kind,
            prefix: one.prefix,
            after,
            limit: SCAN_DOCUMENTS,
          })
          for (const { key } of page) keys.push(key)
          if (page.length < SCAN_DOCUMENTS) break
          after = page.at(-1)!.key
        }
        ranges.set(`${one.kind}\n${one.prefix}`, keys)
      }
    })
    const answer = <A>(question: (loaded: Loaded) => A): Effect.Effect<A, StateError> =>
      Effect.gen(function* () {
        for (;;) {
          const asked = ask(question, loaded)
          if (asked._tag === "Known") return asked.value
          yield* load(asked.wanted)
        }
      })
    return {
      load,
      answer,
      known: loaded.get,
      keep: (kind: string, key: string, value: unknown) => void documents.set(`${kind}\n${key}`, value),
    }
  }

  const document = (kind: "binding" | "connection"): Effect.Effect<string | null, StateError> =>
    Effect.map(state.getMany([{ tenant, kind, key: connection }]), ([text]) => text ?? null)
  let bound: Bound | null = null
  /** The binding is large and seldom another: it is read where the connection says that it was written since. */
  const bindingOf = Effect.fnUntraced(function* (opened: ConnectionDoc) {
    if (bound !== null && bound.number === opened.bound) return bound.binding
    const text = yield* document("binding")
    if (text === null) return null
    const binding = intern(`binding\n${connection}`, "binding", text) as BindingDoc
    bound = { number: opened.bound, binding }
    return binding
  })

  const mapping = Effect.gen(function* () {
    const text = yield* document("connection")
    if (text === null) return null
    const opened = intern(`connection\n${connection}`, "connection", text) as ConnectionDoc
    const binding = yield* bindingOf(opened)
    return binding === null ? null : compilers.mapping(opened, binding)
  })

  const plan = Effect.fnUntraced(function* (entities: ReadonlyArray<EntityRef>) {
    const view = makeView()
    yield* view.load([
      { _tag: "Document", kind: "tenant", key: "" },
      { _tag: "Document", kind: "connection", key: connection },
      ...entities.map(({ type, id }) => ({ _tag: "Document", kind: "entity", key: entityKey(type, id) }) as const),
    ])
    const opened = view.known("connection", connection) as ConnectionDoc | null
    if (opened !== null) view.keep("binding", connection, yield* bindingOf(opened))
    const planned: Array<PlannedWrite | null> = []
    for (const [index, { type, id }] of entities.entries()) {
      // Hundreds are planned in a round: somebody else's single edit is not to wait for all of them.
      if (index > 0 && index % PLANS_AT_A_STRETCH === 0) yield* Effect.yieldNow
      planned.push(yield* view.answer((loaded) => planWrite(loaded, compilers, tenant, connection, type, id)))
    }
    return planned
  })

  const planner: Planner = {
    mapping,
    plan,
    decidedTo: Effect.map(state.checkpoint(checkpoint), (reached) => reachedOf(reached, tenant)),
  }
  return planner
}
