/** The command itself, with what all of its subcommands take: where to ask, for which tenant, and how to answer. */
import { VERSION } from "@concordat/engine/version"
import * as Config from "effect/Config"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { FLAGS, WHAT } from "./says.ts"

const url = Flag.String("url").pipe(
  Flag.withDescription(FLAGS.url.says),
  Flag.withFallbackConfig(Config.String("CONCORDAT_URL")),
  Flag.withDefault("http://127.0.0.1:4400"),
)
const tenant = Flag.String("tenant").pipe(
  Flag.withDescription(FLAGS.tenant.says),
  Flag.withFallbackConfig(Config.String("CONCORDAT_TENANT")),
  Flag.optional,
)
const by = Flag.String("by").pipe(
  Flag.withDescription(FLAGS.by.says),
  Flag.withFallbackConfig(Config.String("USER")),
  Flag.withDefault("operator"),
)
const json = Flag.Boolean("json").pipe(Flag.withDescription(FLAGS.json.says), Flag.withDefault(false))

export const concordat = Command.make("concordat").pipe(
  Command.withSharedFlags({ url, tenant, by, json }),
  Command.withDescription(WHAT),
)

export { VERSION }
