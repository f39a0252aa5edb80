/** What a line that can't be understood is answered with: what is wrong first, how it is written after it, and no more. */
import * as CliOutput from "effect/cli/CliOutput"
import * as Console from "effect/Console"

const EXPECTED = /Expected: ("[^"]*"(?: \| "[^"]*")*)$/

/** What could stand there instead in the order of the alphabet, and kinds of values in plain words. */
const inWords = (message: string): string =>
  message
    .replace(
      EXPECTED,
      (_, choices: string) => `It takes one of: ${choices.replaceAll('"', "").split(" | ").toSorted().join(", ")}`,
    )
    .replace("Expected a string representing a finite number", "It takes a number")

export const presenter: CliOutput.Presenter = {
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event)
    const { commandPath, errors, helpDoc } = event
    const commands = (helpDoc.subcommands ?? []).flatMap((group) => group.commands.map(({ name }) => name)).toSorted()
    return Console.error(
      [
        ...errors.map(({ message }) => inWords(message)),
        ...(commands.length === 0 ? [] : [`commands: ${commands.join(", ")}`]),
        `usage: ${helpDoc.usage}`,
        `more:  ${commandPath.join(" ")} --help`,
      ].join("\n"),
    )
  },
}

export const layerPresenter = CliOutput.layerPresenter(presenter)
