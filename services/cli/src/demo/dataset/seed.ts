/** The requests that put a data set into the sandboxes. */
import type { Dataset } from "./dataset.ts"
import type { System } from "./sizes.ts"

/** For `POST /__sandbox__/{verb}` of that system, in this order. */
export interface SeedRequest {
  readonly system: System
  readonly verb: "seed"
  readonly body: unknown
}

export const seedRequests = (dataset: Dataset): ReadonlyArray<SeedRequest> => [
  { system: "hubspot", verb: "seed", body: [dataset.hubspot] },
  ...dataset.odoo.map((body): SeedRequest => ({ system: "odoo", verb: "seed", body })),
  { system: "app", verb: "seed", body: [dataset.app] },
]
