/** The providers that this installation knows. One more provider is one more line. */
import type { Provider } from "@concordat/engine/ports/Provider"
import { makeApp } from "@concordat/providers/app/provider"
import type { VersionsOf } from "@concordat/providers/app/versions"
import { makeHubspot } from "@concordat/providers/hubspot/provider"
import { odoo } from "@concordat/providers/odoo/connector"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

const { resolve } = createRequire(import.meta.url)

/** A provider's default mapping stands beside its definition. */
const mappingOf = (provider: string): string =>
  readFileSync(join(dirname(resolve(`@concordat/providers/${provider}/definition`)), "mapping.yaml"), "utf8")

export interface Catalogue {
  readonly providers: Readonly<Record<string, Provider>>
  /** What the app's connections and its endpoint know in common. */
  readonly versionsOf: VersionsOf
}

/** Made anew for each process, or each Concordat in it: the app's connections keep versions in memory. */
export const makeCatalogue = (): Catalogue => {
  const app = makeApp()
  return {
    providers: { app: app.provider, hubspot: makeHubspot(), odoo: odoo(mappingOf("odoo")) },
    versionsOf: app.versionsOf,
  }
}
