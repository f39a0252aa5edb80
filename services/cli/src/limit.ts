/** How many rows a list shows. */
import * as Effect from "effect/Effect"
import * as Flag from "effect/cli/Flag"
import { CommandFailed } from "./failure.ts"

const MOST = 1_000

export const limitFlag = Flag.Int("limit").pipe(
  Flag.withDescription(`Most rows to list, 1 to ${MOST}`),
  Flag.withDefault(100),
)

export const checkedLimit = (limit: number): Effect.Effect<void, CommandFailed> =>
  limit >= 1 && limit <= MOST
    ? Effect.void
    : Effect.fail(new CommandFailed({ detail: `--limit ${limit}: give a number from 1 to ${MOST}` }))
