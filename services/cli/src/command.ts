/** The command with those of its subcommands that are asked for. */
import * as Command from "effect/cli/Command"
import { COMMANDS } from "./commands.ts"
import { concordat } from "./root.ts"
import type { CommandName } from "./says.ts"

export const commandOf = async (names: ReadonlyArray<CommandName>) => {
  const loaded = await Promise.all(names.map((name) => COMMANDS[name]()))
  return concordat.pipe(Command.withSubcommands(loaded))
}
