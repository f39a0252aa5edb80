/** The connection that a command is about. Which there are is known where it is asked. */
import { NAME } from "@concordat/model/streams"
import * as Argument from "effect/cli/Argument"

const named = Argument.String("connection").pipe(
  Argument.filter(
    (name) => NAME.test(name),
    (name) => `"${name}" is no name of a connection: those are of a-z, 0-9 and _, as status lists them`,
  ),
)

export const connectionArgument = named.pipe(Argument.withDescription("Its name in the configuration"))

export const anyConnection = named.pipe(
  Argument.withDescription("Its name in the configuration; else all of them"),
  Argument.optional,
)
