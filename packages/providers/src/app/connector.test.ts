import { assert, describe, it } from "@effect/vitest"
import type { Connector, WriteOutcome, WriteRow } from "@concordat/engine/ports/Provider"
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import { canonical } from "@concordat/model/canonical/types"
import { Metadata } from "@concordat/model/metadata"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { makeConnector } from "./connector.ts"
import { definition } from "./definition.ts"
import { metadata } from "./metadata.ts"
import { makeApp } from "./provider.ts"
import { makeVersionsOf } from "./versions.ts"

const config = { tenant: "acme", connection: "app", settings: {}, credentials: {}, opaqueId: (id: string) => id }

const row = (key: string, version?: string): WriteRow => ({
  key,
  kind: "update",
  id: "p1",
  ownId: "e1",
  type: "contact",
  values: { title: "Dr" },
  before: {},
  ...(version === undefined ? {} : { version }),
})

const write = (connector: Connector, given: WriteRow): WriteOutcome =>
  Effect.runSync(connector.write!("contact", [given]))[0]!.outcome

describe("the app's connector", () => {
  it("[AP7] a create that is repeated names the same record", () => {
    const connector = makeConnector(config, makeVersionsOf())
    const create: WriteRow = { ...row("k1"), kind: "create" }
    const first = write(connector, create)
    assert.deepInclude(first, { _tag: "Written", id: "cc-e1", held: { title: "Dr" } })
    assert.deepStrictEqual(write(connector, create), first)
  })

  it("[AP8] a worker that forgot the versions is refused once, not for ever", () => {
    const versionsOf = makeVersionsOf()
    const connector = makeConnector(config, versionsOf)
    const versions = versionsOf("acme", "app")
    versions.announce("contact", "p1", versions.of("edit")).keep()
    assert.strictEqual(write(connector, row("k1", "forgotten"))._tag, "Refused")
    const taken = write(connector, row("k2"))
    assert.deepInclude(taken, { _tag: "Written", version: versions.of("edit") })
    assert.strictEqual(write(connector, row("k3", versions.of("edit")))._tag, "Written")
  })

  it("[AP8] while an edit is on its way into the journal, every write to its record is refused", () => {
    const versionsOf = makeVersionsOf()
    const connector = makeConnector(config, versionsOf)
    const versions = versionsOf("acme", "app")
    const announced = versions.announce("contact", "p1", versions.of("edit"))
    for (const key of ["k1", "k2", "k3"]) assert.strictEqual(write(connector, row(key))._tag, "Refused")
    announced.withdraw()
    assert.strictEqual(write(connector, row("k4"))._tag, "Written")
    assert.isTrue(versions.wasTaken("k4"))
    assert.isFalse(versions.wasTaken("k1"))
  })

  it("[AP8] another tenant's edit of a record of the same name refuses nothing", () => {
    const versionsOf = makeVersionsOf()
    versionsOf("globex", "app").announce("contact", "p1", "v1")
    assert.strictEqual(write(makeConnector(config, versionsOf), row("k1"))._tag, "Written")
  })

  it("says of itself what the canonical tables say", () => {
    assert.deepStrictEqual(Schema.decodeSync(Metadata)(metadata), metadata)
    for (const type of ENTITY_TYPES) {
      assert.sameMembers(Object.keys(metadata.fields[type] ?? {}), Object.keys(canonical[type]))
      assert.sameMembers(Object.keys(definition.objects), [...ENTITY_TYPES])
    }
  })

  it("comes with a mapping and the versions that its endpoint shares", () => {
    const { provider, versionsOf } = makeApp()
    assert.include(provider.mapping, "objects:")
    assert.strictEqual(versionsOf("a", "b"), versionsOf("a", "b"))
    assert.isTrue(provider.definition.isApp)
  })
})
