/** The command itself, with what all of its subcommands take: where to ask, for which tenant, and how to answer. */
import { VERSION } from "@concordat/engine/version"
import * as Config from "effect/Config"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"

const url = Flag.String("url").pipe(
  Flag.withDescription("Address of the running Concordat; else CONCORDAT_URL"),
  Flag.withFallbackConfig(Config.String("CONCORDAT_URL")),
  Flag.withDefault("http://127.0.0.1:4400"),
)
const tenant = Flag.String("tenant").pipe(
  Flag.withDescription("Tenant to ask for; else CONCORDAT_TENANT, else the only one there is"),
  Flag.withFallbackConfig(Config.String("CONCORDAT_TENANT")),
  Flag.optional,
)
const by = Flag.String("by").pipe(
  Flag.withDescription("Who asks, as it stands in the journal; else the user of this machine"),
  Flag.withFallbackConfig(Config.String("USER")),
  Flag.withDefault("operator"),
)
const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Answer in JSON, for other programs"),
  Flag.withDefault(false),
)

export const concordat = Command.make("concordat").pipe(
  Command.withSharedFlags({ url, tenant, by, json }),
  Command.withDescription(
    "Keeps a company's product and its CRMs in agreement. The operator's token is read from CONCORDAT_TOKEN.",
  ),
)

export { VERSION }
