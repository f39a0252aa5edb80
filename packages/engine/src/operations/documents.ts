/** How operations read the state: documents by name and whole ranges of them, page by page. */
import { ENTITY_TYPES, type EntityType } from "@concordat/model/canonical/fields"
import { type ConnectionDoc, type EntityDoc, entityKey, type TenantDoc } from "@concordat/rules/state/documents"
import { decodeDocument } from "@concordat/rules/state/stored"
import * as Effect from "effect/Effect"
import { State } from "../ports/State.ts"
import { NotFound } from "./failures.ts"

const PAGE = 1000

/** What is stored under a kind has that kind's shape: one writer, one version of the state at a time. */
const parse = <A>(kind: string, text: string): A => decodeDocument(kind, text) as A

export const getMany = Effect.fnUntraced(function* <A>(tenant: string, kind: string, keys: ReadonlyArray<string>) {
  const state = yield* State
  const found: Array<A | null> = []
  for (let at = 0; at < keys.length; at += PAGE) {
    const texts = yield* state.getMany(keys.slice(at, at + PAGE).map((key) => ({ tenant, kind, key })))
    for (const text of texts) found.push(text === null ? null : parse<A>(kind, text))
  }
  return found
})

export const get = <A>(tenant: string, kind: string, key: string) =>
  Effect.map(getMany<A>(tenant, kind, [key]), ([found]) => found ?? null)

/** Every document of a kind whose key begins with the prefix, handed over one by one in key order. */
export const eachOf = Effect.fnUntraced(function* <A>(
  tenant: string,
  kind: string,
  prefix: string,
  each: (key: string, doc: A) => void,
) {
  const state = yield* State
  let after: string | null = null
  for (;;) {
    const page: ReadonlyArray<{ readonly key: string; readonly value: string }> = yield* state.scan({
      tenant,
      kind,
      prefix,
      after,
      limit: PAGE,
    })
    for (const { key, value } of page) each(key, parse<A>(kind, value))
    if (page.length < PAGE) return
    after = page.at(-1)!.key
  }
})

/** A page of a list; `next` is null when nothing follows. */
export const pageOf = Effect.fnUntraced(function* <A>(
  tenant: string,
  kind: string,
  prefix: string,
  page: { readonly after: string | null; readonly limit: number },
) {
  const state = yield* State
  const found = yield* state.scan({ tenant, kind, prefix, after: page.after, limit: page.limit + 1 })
  const docs = found.slice(0, page.limit).map(({ key, value }) => ({ key, doc: parse<A>(kind, value) }))
  return { docs, next: found.length > page.limit ? (docs.at(-1)?.key ?? null) : null }
})

export const countOf = Effect.fnUntraced(function* (tenant: string, kind: string, prefix: string) {
  const state = yield* State
  return yield* state.count({ tenant, kind, prefix })
})

/** The tenant's connections by name, closed ones included. */
export const connectionsOf = Effect.fnUntraced(function* (tenant: string) {
  const doc = yield* get<TenantDoc>(tenant, "tenant", "")
  const names = doc?.connections ?? []
  const docs = yield* getMany<ConnectionDoc>(tenant, "connection", names)
  return names.flatMap((name, i) => {
    const found = docs[i]
    return found === null || found === undefined ? [] : [{ name, doc: found }]
  })
})

export const connectionOf = Effect.fnUntraced(function* (tenant: string, connection: string) {
  const doc = yield* get<ConnectionDoc>(tenant, "connection", connection)
  if (doc !== null) return doc
  const there = (yield* get<TenantDoc>(tenant, "tenant", ""))?.connections ?? []
  return yield* new NotFound({ what: "connection", id: connection, there })
})

export const entityOf = Effect.fnUntraced(function* (tenant: string, type: EntityType, id: string) {
  const doc = yield* get<EntityDoc>(tenant, "entity", entityKey(type, id))
  if (doc !== null) return doc
  const others = ENTITY_TYPES.map((one) => entityKey(one, id))
  const found = yield* getMany<EntityDoc>(tenant, "entity", others)
  const there = others.filter((_, i) => found[i] != null)
  return yield* new NotFound({ what: "entity", id: entityKey(type, id), there })
})

/** The parts of a key; the last one keeps what bars are left in it. */
export const parts = (key: string, count: number): ReadonlyArray<string> => {
  const found = key.split("|")
  return [...found.slice(0, count - 1), found.slice(count - 1).join("|")]
}
