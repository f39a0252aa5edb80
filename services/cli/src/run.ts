/** Runs the command that the words name. */
import { runMain } from "@effect/platform-node/NodeRuntime"
import { layer } from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { commandOf } from "./command.ts"
import { teardown } from "./ending.ts"
import { layerPresenter } from "./presenter.ts"
import { VERSION } from "./root.ts"
import { type CommandName, SAYS } from "./says.ts"

const EVERY = Object.keys(SAYS) as ReadonlyArray<CommandName>

/** Any word may be a flag's value, so each that could be a command is loaded; none, and what is said is an error. */
export const asked = (words: ReadonlyArray<string>): ReadonlyArray<CommandName> => {
  const named = EVERY.filter((name) => words.includes(name))
  return named.length > 0 ? named : EVERY
}

export const run = async (words: ReadonlyArray<string>): Promise<void> => {
  const command = await commandOf(asked(words))
  runMain(Command.run(command, { version: VERSION }).pipe(Effect.provide([layer, layerPresenter])), { teardown })
}
