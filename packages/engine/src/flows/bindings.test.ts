/** Connections with equal mappings share what is compiled of them, wherever their documents come from. */
import { emptyMetadata, type Metadata } from "@concordat/model/metadata"
import type { BindingDoc, ConnectionDoc } from "@concordat/rules/state/documents"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { makePlanner } from "../connection/planning.ts"
import type { State } from "../ports/State.ts"
import { sharedBinding } from "./bindings.ts"
import { makeCompilers } from "./Compilers.ts"
import { DocumentCache } from "./DocumentCache.ts"

const document = { version: 1, provider: "some", empty: "null", strings: {}, objects: [] }
const inEuro: Metadata = { ...emptyMetadata, currency: "EUR" }
const binding = (metadata: Metadata | null): BindingDoc => structuredClone({ mapping: document, metadata })
const connection = (region: string) => ({ opened: { settings: { region } }, bound: 1 }) as unknown as ConnectionDoc

describe("bindings", () => {
  it("are one where they are equal, part by part", () => {
    const [one, like, other] = [inEuro, inEuro, emptyMetadata].map((metadata) => sharedBinding(binding(metadata)))
    assert.strictEqual(like!.mapping, one!.mapping)
    assert.strictEqual(like!.metadata, one!.metadata)
    assert.strictEqual(other!.mapping, one!.mapping)
    assert.notStrictEqual(other!.metadata, one!.metadata)
    assert.deepStrictEqual(sharedBinding({ mapping: null, metadata: null }), { mapping: null, metadata: null })
  })

  it("are compiled once for each metadata and settings, in whatever order connections ask", () => {
    const { mapping } = makeCompilers()
    const all = [inEuro, emptyMetadata].map((metadata) => sharedBinding(binding(metadata)))
    const compiled = () => all.flatMap((one) => ["DE", "AT"].map((region) => mapping(connection(region), one)))
    const first = compiled()
    assert.lengthOf(new Set(first), 4)
    for (const [i, one] of compiled().entries()) assert.strictEqual(one, first[i])
  })

  it("are the same ones to a worker and to the reconciler, loaded or decided there", async () => {
    const texts: Record<string, unknown> = { connection: connection("DE"), binding: binding(inEuro) }
    const getMany: State["Service"]["getMany"] = (ids) =>
      Effect.succeed(ids.map(({ kind }) => JSON.stringify(texts[kind])))
    const state = { getMany, checkpoint: () => Effect.succeed(null) } as unknown as State["Service"]
    const compilers = makeCompilers()
    const planner = (name: string) =>
      makePlanner(state, { tenant: "acme", connection: name, compilers, checkpoint: "" })
    const [one, other] = await Effect.runPromise(Effect.all([planner("crm").mapping, planner("erp").mapping]))
    assert.isNotNull(one)
    assert.strictEqual(other, one)
    const cache = new DocumentCache(1_000)
    cache.keep("binding", "crm", binding(inEuro), 100)
    cache.write("binding", "erp", binding(inEuro))
    for (const name of ["crm", "erp"])
      assert.strictEqual(compilers.mapping(connection("DE"), cache.get("binding", name) as BindingDoc), one)
  })
})
