/** HubSpot as a provider. */
import { readFileSync } from "node:fs"
import type { Provider } from "@concordat/engine/ports/Provider"
import { connect } from "./connector.ts"
import { definition, limitsOf } from "./definition.ts"

export const makeHubspot = (): Provider => ({
  definition,
  limitsOf,
  mapping: readFileSync(new URL("mapping.yaml", import.meta.url), "utf8"),
  connect,
})
