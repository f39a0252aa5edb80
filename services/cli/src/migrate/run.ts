/** Moves tenants from one place to the other, and says what it did and what is left to do. */
import { moveTenant, type Progress } from "@concordat/engine/migration/moving"
import { tenantsIn } from "@concordat/engine/migration/history"
import { NAME } from "@concordat/model/streams"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { CommandFailed } from "../failure.ts"
import { openPlace, SERVER } from "./places.ts"
import { checkServicesRest } from "./services.ts"

export interface MigrateOptions {
  readonly from: string
  readonly to: string
  /** Null: the only one there is. */
  readonly tenant: string | null
  readonly all: boolean
  readonly say: (line: string) => Effect.Effect<void>
}

export interface Moved {
  readonly tenant: string
  /** All that its streams show. */
  readonly events: number
  /** Those that the target did not hold before. */
  readonly copied: number
}

export interface Migrated {
  readonly from: string
  readonly to: string
  readonly tenants: ReadonlyArray<Moved>
  readonly notes: ReadonlyArray<string>
}

const SAY_EVERY_MS = 5_000

const failed = (detail: string) => new CommandFailed({ detail })

const chosen = (there: ReadonlyArray<string>, { all, from, tenant }: MigrateOptions) => {
  if (there.length === 0) return Effect.fail(failed(`${from} holds no tenant`))
  if (tenant !== null && !there.includes(tenant))
    return Effect.fail(failed(`${from} holds no tenant ${tenant}; there are: ${there.join(", ")}`))
  if (tenant !== null) return Effect.succeed([tenant])
  if (all || there.length === 1) return Effect.succeed(there)
  return Effect.fail(failed(`which tenant? --all, or --tenant with one of: ${there.join(", ")}`))
}

const check = ({ all, from, tenant, to }: MigrateOptions) => {
  if ((from === SERVER) === (to === SERVER))
    return Effect.fail(failed(`one of both has to be ${SERVER}, the other a file: migrate concordat.sqlite ${SERVER}`))
  if (all && tenant !== null)
    return Effect.fail(failed("either --all, or --tenant (CONCORDAT_TENANT) with one of them"))
  if (tenant !== null && !NAME.test(tenant))
    return Effect.fail(failed(`--tenant "${tenant}" is no name of a tenant: those are of a-z, 0-9 and _`))
  return Effect.void
}

const notesOf = ({ from, to }: MigrateOptions, asked: boolean): ReadonlyArray<string> => [
  "Only the journal was moved. State is not: the next start rebuilds it from the journal.",
  to === SERVER
    ? `Set CONCORDAT_KEY to the key that ${from} was used with (${from}.key, or the configuration's): ids are hashed with it.`
    : `Put the services' CONCORDAT_KEY into ${to}.key, or into the configuration: ids are hashed with it.`,
  ...(asked ? [] : ["POSTGRES_URL is not set, so nobody looked whether services are running: they have to rest."]),
]

export const runMigrate = Effect.fn("runMigrate")(function* (options: MigrateOptions) {
  yield* check(options)
  const asked = yield* checkServicesRest
  const from = yield* openPlace(options.from, true)
  const wanted = yield* chosen(yield* tenantsIn(from.journal), options)
  const to = yield* openPlace(options.to, false)
  let saidAt = yield* Clock.currentTimeMillis
  const onProgress = Effect.fnUntraced(function* ({ compared, copied, tenant }: Progress) {
    const now = yield* Clock.currentTimeMillis
    if (now - saidAt < SAY_EVERY_MS) return
    saidAt = now
    yield* options.say(`${tenant}: ${copied} events appended, ${compared} found there and compared`)
  })
  const tenants: Array<Moved> = []
  for (const tenant of wanted)
    tenants.push(
      yield* moveTenant({
        tenant,
        from: from.journal,
        to: to.journal,
        together: to.together,
        onFirst: to.dropState,
        onProgress,
      }),
    )
  const migrated: Migrated = { from: from.name, to: to.name, tenants, notes: notesOf(options, asked) }
  return migrated
}, Effect.scoped)
