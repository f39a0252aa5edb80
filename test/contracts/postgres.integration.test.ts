/** The state on PostgreSQL keeps the contract that SQLite keeps, and that of a state with several writers. */
import { Database } from "@concordat/adapters/postgres/Database"
import { layer } from "@concordat/adapters/postgres/Postgres"
import { acquireDatabase, acquireOwn, givenUrl, missingOwn, version } from "@concordat/adapters/postgres/testing/server"
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { layerSplitCommit } from "@concordat/engine/flows/split-commit"
import { Bus } from "@concordat/engine/ports/Bus"
import { Journal } from "@concordat/engine/ports/Journal"
import type { LeaseToken } from "@concordat/engine/ports/Leases"
import type { StateError } from "@concordat/engine/ports/State"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { describe, it } from "vitest"
import { commitContract } from "./commit.contract.ts"
import { leasesContract } from "./leases.contract.ts"
import { stateContract } from "./state.contract.ts"
import { stateWriterContract } from "./state-writer.contract.ts"

const skipped = (reason: string) => {
  for (const port of ["State", "StateWriter", "Leases", "Commit"])
    describe.skip(`${port}: PostgreSQL (${reason})`, () => it("keeps the contract", () => undefined))
}

/** Journal and bus of the layout, which are others' stores. */
const others = Layer.effectContext(
  Effect.map(Layer.build(sqlite({ path: ":memory:" })), (built) =>
    Context.make(Journal, Context.get(built, Journal)).pipe(Context.add(Bus, Context.get(built, Bus))),
  ),
)

/** As whoever gives out leases does: a change of the row, which waits for the transactions that look at it. */
const hand = ({ epoch, name }: LeaseToken) =>
  Effect.flatMap(Database, ({ run, sql }) =>
    Effect.asVoid(
      run(
        sql.unsafe(
          `insert into concordat.lease (name, epoch) values ($1, $2::bigint)
           on conflict (name) do update set epoch = excluded.epoch`,
          [name, epoch],
        ),
      ),
    ),
  )

const contracts = (name: string, database: Effect.Effect<string, StateError, Scope.Scope>) => {
  const store = () =>
    Layer.unwrap(
      Effect.map(database, (url) =>
        layerSplitCommit.pipe(Layer.provideMerge(others), Layer.provideMerge(layer({ url: Redacted.make(url) }))),
      ),
    )
  stateContract(name, store(), { checksKeys: true })
  stateWriterContract(name, store(), hand)
  leasesContract(name, store(), (ms) => TestClock.withLive(Effect.sleep(ms)))
  commitContract(`${name} with others' journal and bus`, store())
}

/** An order of words instead of code points, as many installations have: it must not show. Since server 15. */
const WORDS = "template template0 locale 'C' locale_provider icu icu_locale 'en-US'"
const options = Number(/\d+/.exec(version())?.[0] ?? 0) >= 15 ? WORDS : ""

if (givenUrl !== null) contracts("PostgreSQL at POSTGRES_URL", acquireDatabase(givenUrl))
if (missingOwn === null)
  contracts(
    "PostgreSQL",
    Effect.flatMap(acquireOwn(), ({ url }) => acquireDatabase(url, options)),
  )
else skipped(missingOwn)
