/** The planner over stored documents: compiled mappings are remembered, everything else is read as it is now. */
import { sha256 } from "@concordat/model/ids"
import type { EntityRef } from "@concordat/model/events/record"
import { planWrite, unresolvedWrites, type PlannedWrite } from "@concordat/rules/push/plan"
import type { Compilers } from "@concordat/rules/reconcile/context"
import { type BindingDoc, type ConnectionDoc, entityKey } from "@concordat/rules/state/documents"
import { decodeDocument } from "@concordat/rules/state/stored"
import { type Loaded, Missing, type Wanted } from "@concordat/rules/state/transaction"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { sharedBinding } from "../flows/bindings.ts"
import { reachedOf } from "../flows/reached.ts"
import { giveWay, isBreak } from "../right-of-way.ts"
import { KEPT_CHARACTERS, PLANS_AT_A_STRETCH, SCAN_DOCUMENTS } from "../limits.ts"
import type { State, StateError } from "../ports/State.ts"
import type { Planner } from "./Planner.ts"

/** Asked for by every plan, and compiled from. */
const INTERNED: ReadonlySet<string> = new Set(["connection", "tenant", "binding"])

/** A connection's binding as it was last read, and the number under which its connection had it then. */
interface Bound {
  readonly number: number | undefined
  readonly binding: BindingDoc
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

/** A document as it was last read. `mark`: its text, or the hash of a long one. */
interface Kept {
  readonly mark: string
  readonly value: unknown
}

class PlannerOf implements Planner {
  readonly state: Context.Service.Shape<typeof State>
  readonly tenant: string
  readonly connection: string
  readonly compilers: Compilers
  /** Where the reconciler keeps how far it has decided this tenant. */
  readonly checkpoint: string
  /** The connection's own document and its tenant's, by kind and key; others are another connection's affair. */
  readonly kept = new Map<string, Kept>()
  bound: Bound | null = null

  constructor(
    state: Context.Service.Shape<typeof State>,
    of: Pick<PlannerOf, "tenant" | "connection" | "compilers" | "checkpoint">,
  ) {
    this.state = state
    this.tenant = of.tenant
    this.connection = of.connection
    this.compilers = of.compilers
    this.checkpoint = of.checkpoint
  }

  get opened() {
    return opened(this)
  }

  get mapping() {
    return mapping(this)
  }

  plan(entities: ReadonlyArray<EntityRef>) {
    return plan(this, entities)
  }

  unresolved(entities: ReadonlyArray<EntityRef>) {
    return unresolved(this, entities)
  }

  get decidedTo() {
    return Effect.map(this.state.checkpoint(this.checkpoint), (reached) => reachedOf(reached, this.tenant))
  }

  /**
   * Parsed again only where the text changed: compilers know their input by identity. Of a long text its hash is kept, since
   * with a thousand connections the texts themselves are most of what an idle one takes.
   */
  parse(kind: string, key: string, text: string | null): unknown {
    if (text === null) return null
    if (!INTERNED.has(kind)) return decodeDocument(kind, text)
    const id = `${kind}\n${key}`
    const mark = text.length > KEPT_CHARACTERS ? sha256(text) : text
    const known = this.kept.get(id)
    if (known?.mark === mark) return known.value
    const parsed: unknown = JSON.parse(text)
    const value = kind === "binding" && parsed !== null ? sharedBinding(parsed as BindingDoc) : parsed
    this.kept.set(id, { mark, value })
    return value
  }
}

/** Documents of one plan: what is read once is the same for all its entities. */
class View {
  readonly planner: PlannerOf
  readonly documents = new Map<string, unknown>()
  readonly ranges = new Map<string, ReadonlyArray<string>>()
  readonly loaded: Loaded = {
    get: (kind, key) => this.documents.get(`${kind}\n${key}`),
    range: (kind, prefix) => this.ranges.get(`${kind}\n${prefix}`),
  }

  constructor(planner: PlannerOf) {
    this.planner = planner
  }

  keep(kind: string, key: string, value: unknown): void {
    this.documents.set(`${kind}\n${key}`, value)
  }
}

const load = Effect.fnUntraced(function* (view: View, wanted: ReadonlyArray<Wanted>) {
  const { planner } = view
  const { state, tenant } = planner
  const ids = wanted.filter((one) => one._tag === "Document")
  const texts = yield* state.getMany(ids.map(({ kind, key }) => ({ tenant, kind, key })))
  for (const [i, { kind, key }] of ids.entries()) view.keep(kind, key, planner.parse(kind, key, texts[i] ?? null))
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
    view.ranges.set(`${one.kind}\n${one.prefix}`, keys)
  }
})

const answer = Effect.fnUntraced(function* <A>(view: View, question: (loaded: Loaded) => A) {
  for (;;) {
    const asked = ask(question, view.loaded)
    if (asked._tag === "Known") return asked.value
    yield* load(view, asked.wanted)
  }
})

const documentOf = ({ connection, state, tenant }: PlannerOf, kind: "binding" | "connection") =>
  Effect.map(state.getMany([{ tenant, kind, key: connection }]), ([text]) => text ?? null)

const opened = (planner: PlannerOf): Effect.Effect<ConnectionDoc | null, StateError> =>
  Effect.map(
    documentOf(planner, "connection"),
    (text) => planner.parse("connection", planner.connection, text) as ConnectionDoc | null,
  )

/** The binding is large and seldom another: it is read where the connection says that it was written since. */
const bindingOf = Effect.fnUntraced(function* (planner: PlannerOf, { bound: number }: ConnectionDoc) {
  const { bound, connection } = planner
  if (bound !== null && bound.number === number) return bound.binding
  const text = yield* documentOf(planner, "binding")
  if (text === null) return null
  const binding = planner.parse("binding", connection, text) as BindingDoc
  planner.bound = { number, binding }
  return binding
})

const mapping = Effect.fnUntraced(function* (planner: PlannerOf) {
  const doc = yield* opened(planner)
  const binding = doc === null ? null : yield* bindingOf(planner, doc)
  return doc === null || binding === null ? null : planner.compilers.mapping(doc, binding)
})

const plan = Effect.fnUntraced(function* (planner: PlannerOf, entities: ReadonlyArray<EntityRef>) {
  const { compilers, connection, tenant } = planner
  const view = new View(planner)
  yield* load(view, [
    { _tag: "Document", kind: "tenant", key: "" },
    { _tag: "Document", kind: "connection", key: connection },
    ...entities.map(({ type, id }) => ({ _tag: "Document", kind: "entity", key: entityKey(type, id) }) as const),
  ])
  const doc = view.loaded.get("connection", connection) as ConnectionDoc | null
  if (doc !== null) view.keep("binding", connection, yield* bindingOf(planner, doc))
  const planned: Array<PlannedWrite | null> = []
  for (const [index, { type, id }] of entities.entries()) {
    // Hundreds are planned in a round: somebody else's single edit is not to wait for all of them.
    if (isBreak(index, entities.length, PLANS_AT_A_STRETCH)) yield* giveWay(tenant)
    planned.push(yield* answer(view, (loaded) => planWrite(loaded, compilers, tenant, connection, type, id)))
  }
  return planned
})

const unresolved = Effect.fnUntraced(function* (planner: PlannerOf, entities: ReadonlyArray<EntityRef>) {
  const { connection, tenant } = planner
  const view = new View(planner)
  const keys = new Set<string>()
  for (const { id, type } of entities) {
    const open = yield* answer(view, (loaded) => unresolvedWrites(loaded, tenant, connection, type, id))
    for (const key of open) keys.add(key)
  }
  return keys
})

export const makePlanner = (
  state: Context.Service.Shape<typeof State>,
  of: {
    readonly tenant: string
    readonly connection: string
    readonly compilers: Compilers
    /** Name of the checkpoint of the connection's reconciler. */
    readonly checkpoint: string
  },
): Planner => new PlannerOf(state, of)
