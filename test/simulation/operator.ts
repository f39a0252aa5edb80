/** Who looks after a tenant once everything answers: what was refused for a reason that is gone is tried again. */
import { ask } from "@concordat/engine/operations/requests"
import { status } from "@concordat/engine/operations/status"
import { waiting } from "@concordat/engine/operations/waiting"
import type { EntityType } from "@concordat/model/canonical/fields"
import type { Asked } from "./oracle/judge.ts"
import type { Script } from "./script.ts"

const BY = "somebody"

/**
 * Reasons for which a connection is stopped until somebody has looked at it. Whoever renewed a token has resumed already; but
 * an answer to the token before may pause the connection after that, which only shows when somebody looks again.
 */
const LOOKED_AT: ReadonlySet<string> = new Set(["mass deletion", "authorisation"])

const tried = (script: Script): boolean =>
  script.actions.some((action) => action.kind === "trouble" && action.what === "rule")

export const tend = async (asked: Asked, tenant: string, script: Script): Promise<void> => {
  const now = await asked(() => status(tenant))
  for (const { connection, paused } of now?.connections ?? [])
    if (paused.length > 0 && paused.every((reason) => LOOKED_AT.has(reason)))
      await asked(() => ask(tenant, { _tag: "ResumeRequested", connection, by: BY }))
  if (!tried(script)) return
  const refused = await asked(() =>
    waiting(tenant, { connection: "hubspot", after: null, limit: 1_000, kind: "refused" }),
  )
  for (const name of new Set(refused?.items.flatMap(({ entity }) => (entity === null ? [] : [entity])))) {
    const [type, id] = name.split(":") as [EntityType, string]
    await asked(() => ask(tenant, { _tag: "ReplayRequested", connection: "hubspot", by: BY, entity: { type, id } }))
  }
}
