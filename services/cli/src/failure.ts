/** How a command ends that could not do as asked: one clear sentence, or an exit code that says it all. */
import * as CliError from "effect/cli/CliError"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"

export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", { detail: Schema.String }) {
  override get message(): string {
    return this.detail
  }
  override get [CliError.userMessage](): string {
    return this.detail
  }
}

/** The command has said what it had to say; only the code is left. */
export class EndsWith extends Schema.TaggedError<EndsWith>()("EndsWith", { code: Schema.Int }) {
  override get message(): string {
    return `ends with ${this.code}`
  }
  override get [Runtime.errorExitCode](): number {
    return this.code
  }
  override readonly [Runtime.errorReported] = false
}
