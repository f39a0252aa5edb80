/** Opens a store and an empty one beside it, and verifies. */
import { layer as postgres } from "@concordat/adapters/postgres/Postgres"
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { tenantsIn } from "@concordat/engine/migration/history"
import { shareOf, sharesOf } from "@concordat/engine/ownership/shares"
import { State } from "@concordat/engine/ports/State"
import type { TenantVerified } from "@concordat/engine/verification/findings"
import { verify } from "@concordat/engine/verification/verify"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CommandFailed } from "../failure.ts"
import { openPlace, type Place } from "../migrate/places.ts"

export interface VerifyOptions {
  /** The store's file, or `kurrentdb`. */
  readonly store: string
  /** Null: all of them. */
  readonly tenant: string | null
  readonly say: (line: string) => Effect.Effect<void>
}

export interface StoreVerified {
  readonly store: string
  readonly seconds: number
  readonly tenants: ReadonlyArray<TenantVerified>
}

const SAY_EVERY_MS = 5_000
/** The services divide the reconciling by the first digit of the partition; one process does not. */
const DIGITS = { server: 1, file: 0 } as const

/** On disk, so that memory stays bounded however much there is; gone when the scope ends. */
const openScratch = Effect.gen(function* () {
  const dir = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "concordat-verify-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true })),
  )
  return yield* Layer.build(sqlite({ path: join(dir, "scratch.sqlite") }))
})

const stateOf = Effect.fnUntraced(function* ({ state }: Place) {
  if (state !== null) return state
  const url = yield* Config.Redacted("POSTGRES_URL").pipe(
    Effect.mapError(
      () =>
        new CommandFailed({
          detail: "POSTGRES_URL is not set: the services' state, which says how far they have decided",
        }),
    ),
  )
  const context = yield* Layer.build(postgres({ url, applicationName: "concordat verify", connections: 1 }))
  return Context.get(context, State)
})

export const runVerify = Effect.fn("runVerify")(function* ({ say, store, tenant }: VerifyOptions) {
  const place = yield* openPlace(store, true)
  const state = yield* stateOf(place)
  const there = yield* tenantsIn(place.journal)
  if (there.length === 0) return yield* new CommandFailed({ detail: `${store} holds no tenant` })
  if (tenant !== null && !there.includes(tenant))
    return yield* new CommandFailed({
      detail: `--tenant: ${store} holds no tenant ${tenant}; there are: ${there.join(", ")}`,
    })
  const scratch = yield* openScratch
  const began = yield* Clock.currentTimeMillis
  let saidAt = began
  const onProgress = Effect.fnUntraced(function* (facts: number) {
    const now = yield* Clock.currentTimeMillis
    if (now - saidAt < SAY_EVERY_MS) return
    saidAt = now
    yield* say(`${facts} facts decided again`)
  })
  const digits = place.isServer ? DIGITS.server : DIGITS.file
  const shares = tenant === null ? sharesOf(digits) : [shareOf(digits, tenant)]
  const tenants = yield* verify({ journal: place.journal, state, scratch, shares, tenant, onProgress })
  const seconds = ((yield* Clock.currentTimeMillis) - began) / 1_000
  const verified: StoreVerified = { store: place.name, seconds, tenants }
  return verified
}, Effect.scoped)
