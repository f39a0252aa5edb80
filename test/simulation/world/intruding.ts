/**
 * People who edit a record between the engine's last read of it and its write: the write is on its way already, and stands over
 * what they enter. The system takes no preconditions, so nobody can help it.
 */
import type { Server } from "../network.ts"
import type { SideName } from "../script.ts"
import type { GroupName, Kind } from "./things.ts"
import { type Update, updatesIn } from "./updates.ts"

/** What the fields are called there that a write may name, by what they are in. */
const FIELDS: Readonly<Record<"hubspot" | "odoo", ReadonlyArray<readonly [Kind, GroupName, field: string]>>> = {
  hubspot: [
    ["person", "title", "jobtitle"],
    ["person", "phone", "phone"],
    ["person", "address", "city"],
    ["company", "phone", "phone"],
    ["deal", "closeDate", "closedate"],
  ],
  odoo: [
    ["person", "title", "function"],
    ["person", "phone", "phone"],
    ["person", "address", "city"],
    ["company", "phone", "phone"],
    ["deal", "closeDate", "date_deadline"],
  ],
}

export class Intruding {
  /** How many are about to, by system. */
  readonly #waiting = new Map<SideName, number>()
  /** Edits that were made so. */
  count = 0

  /** Somebody edits what the next write there changes, just before it comes. */
  wait(name: SideName): void {
    this.#waiting.set(name, (this.#waiting.get(name) ?? 0) + 1)
  }

  /** `edit`: false where that is no record of the story, or the system lets nobody save it. */
  before(
    name: SideName,
    server: Server,
    edit: (kind: Kind, id: string, group: GroupName) => Promise<boolean> | boolean,
  ): Server {
    if (name === "app") return server
    const intrude = async (updates: ReadonlyArray<Update>): Promise<void> => {
      for (const { fields, id, kinds } of updates)
        for (const [kind, group, field] of FIELDS[name]) {
          if (!kinds.includes(kind) || !fields.has(field) || !(await edit(kind, id, group))) continue
          this.count += 1
          this.#waiting.set(name, this.#waiting.get(name)! - 1)
          return
        }
    }
    return (call, onArrival) => {
      const updates = (this.#waiting.get(name) ?? 0) > 0 && call.writes === true ? updatesIn(name, call) : []
      return updates.length === 0 ? server(call, onArrival) : intrude(updates).then(() => server(call, onArrival))
    }
  }
}
