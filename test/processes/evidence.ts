/** What is left in files: writes that came twice, and acknowledged webhooks that are not in the journal. */
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { appFaults, hubspotFaults, intentsOf, logOf, odooFaults } from "../e2e/write-log.ts"
import type { Stage } from "./stage.ts"

/** Each intended write that is not in its sandbox's log, or there more than once. */
const writeFaults = (dir: string): ReadonlyArray<string> => {
  const intents = intentsOf(dir)
  const of = (connection: string) => intents.filter((one) => one.connection === connection)
  return [
    ...appFaults(logOf(dir, "app"), of("app")),
    ...hubspotFaults(logOf(dir, "hubspot"), of("hubspot")),
    ...odooFaults(logOf(dir, "odoo"), of("odoo")),
  ]
}

interface Delivery {
  readonly connection: string
  readonly hints: ReadonlyArray<{ readonly id: string }>
}

/** Records that an acknowledged webhook named, and that no delivery in the journal names. */
const lostDeliveries = (store: string, acknowledged: ReadonlySet<string>): ReadonlyArray<string> => {
  const db = new DatabaseSync(store, { readOnly: true })
  try {
    const there = new Set(
      db
        .prepare("SELECT data FROM event WHERE type = 'DeliveryAccepted'")
        .all()
        .flatMap(({ data }) => {
          const { connection, hints } = JSON.parse(String(data)) as Delivery
          return hints.map(({ id }) => `demo.${connection} ${id}`)
        }),
    )
    return [...acknowledged].filter((name) => !there.has(name))
  } finally {
    db.close()
  }
}

/** To be looked for while the engine is stopped: its file is copied beside the systems' logs. */
export const evidenceOf = ({ dir, store, witness }: Stage) => {
  const copy = join(dir, "concordat.sqlite")
  copyFileSync(store, copy)
  return { repeated: writeFaults(dir), unkept: lostDeliveries(copy, witness.acknowledged) }
}
