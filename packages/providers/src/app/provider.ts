/** The app as a provider. Connector and endpoint of one process share the versions: make them together. */
import { readFileSync } from "node:fs"
import type { Provider } from "@concordat/engine/ports/Provider"
import * as Effect from "effect/Effect"
import { makeConnector } from "./connector.ts"
import { definition } from "./definition.ts"
import { makeVersionsOf, type VersionsOf } from "./versions.ts"

export const makeApp = (): { readonly provider: Provider; readonly versionsOf: VersionsOf } => {
  const versionsOf = makeVersionsOf()
  const provider: Provider = {
    definition,
    mapping: readFileSync(new URL("mapping.yaml", import.meta.url), "utf8"),
    connect: (config) => Effect.sync(() => makeConnector(config, versionsOf)),
  }
  return { provider, versionsOf }
}
