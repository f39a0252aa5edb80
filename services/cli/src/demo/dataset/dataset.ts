/** The data set of the demo: what each system is seeded with, and what the records really are. */
import { type AppSeed, appSeed } from "./app-seed.ts"
import { type HubspotSeed, hubspotSeed } from "./hubspot-seed.ts"
import { type OdooSeed, odooSeed } from "./odoo-seed.ts"
import { DEMO, type Sizes } from "./sizes.ts"
import type { World } from "./things.ts"
import type { Truth } from "./truth.ts"
import { makeWorld } from "./world.ts"

export interface Dataset {
  readonly sizes: Sizes
  readonly world: World
  readonly hubspot: HubspotSeed
  readonly odoo: OdooSeed
  readonly app: AppSeed
  readonly truth: Truth
}

/** The same sizes give the same data, to the last letter. */
export const makeDataset = (given: Partial<Sizes> = {}): Dataset => {
  const sizes = { ...DEMO, ...given }
  const world = makeWorld(sizes)
  const hubspot = hubspotSeed(world)
  const odoo = odooSeed(world, sizes.before)
  const app = appSeed(world)
  return {
    sizes,
    world,
    hubspot: hubspot.seed,
    odoo: odoo.seed,
    app: app.seed,
    truth: {
      records: { ...hubspot.truth, ...odoo.truth, ...app.truth },
      ambiguous: world.ambiguous,
      either: Object.fromEntries(
        Object.entries(odoo.truth).flatMap(([key, { label }]) => {
          const other = world.halfKnown.get(label)
          return other === undefined ? [] : [[key, [label, other]]]
        }),
      ),
      staff: odoo.staff,
      subjects: Object.fromEntries(
        world.activities.flatMap(({ kind, subject, label }) => (kind === "note" ? [] : [[subject, label]])),
      ),
      removed: [],
    },
  }
}
