/** `concordat migrate`: takes a tenant's journal from the embedded layout to the production layout, or back. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { CommandFailed } from "../failure.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const migrate = Command.make(
  "migrate",
  {
    from: Argument.String("from").pipe(
      Argument.withDescription("The store's file, or kurrentdb: the server at KURRENTDB_URL"),
    ),
    to: Argument.String("to").pipe(Argument.withDescription("The other one; a file is made where there is none")),
    all: Flag.Boolean("all").pipe(Flag.withDescription("All tenants, one after the other"), Flag.withDefault(false)),
  },
  Effect.fnUntraced(function* ({ all, from, to }) {
    const { runMigrate } = yield* lazy(() => import("../migrate/run.ts"))
    const { count } = yield* lazy(() => import("../table.ts"))
    const { json, tenant } = yield* concordat
    const migrated = yield* runMigrate({
      from,
      to,
      all,
      tenant: Option.getOrNull(tenant),
      say: (line) => Console.error(line),
    }).pipe(Effect.mapError((error) => new CommandFailed({ detail: error.message })))
    if (json) return yield* Console.log(JSON.stringify(migrated, null, 2))
    const lines = migrated.tenants.map(
      ({ copied, events, tenant }) =>
        `${tenant}: ${count(events)} events in ${migrated.to}, ${count(copied)} of them appended now; all compared`,
    )
    yield* Console.log([...lines, ...migrated.notes].join("\n"))
  }),
).pipe(Command.withDescription(SAYS.migrate))
