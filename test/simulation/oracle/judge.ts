/** At rest: every person once in every system, all systems of one mind, and each value with a reason. */
import { explain } from "@concordat/engine/operations/explain"
import { status } from "@concordat/engine/operations/status"
import { waiting } from "@concordat/engine/operations/waiting"
import type { Listed, WaitingItem } from "@concordat/engine/operations/views"
import type * as Effect from "effect/Effect"
import type { Deployment } from "../deployment.ts"
import type { Ports } from "../store/ports.ts"
import { GROUPS, type GroupName, type Seen, type Side } from "../world/side.ts"
import type { World } from "../world/world.ts"
import { type History, normalised, type Violation } from "./history.ts"

/** An answer of the engine's to an operator; undefined: it gave none in time. */
export type Asked = <A>(question: () => Effect.Effect<A, unknown, Ports>) => Promise<A | undefined>

export interface Judged {
  readonly world: World
  readonly history: History
  readonly deployment: Deployment
  readonly asked: Asked
}

/** What the engine itself lists as not agreed, with its reason: of these the world is not of one mind. */
const EXCUSES = new Set(["match", "conflict", "refused", "quarantined", "problem", "tombstone", "reference", "record"])

const everythingThatWaits = async ({ asked, world }: Judged): Promise<ReadonlyArray<WaitingItem> | undefined> => {
  const items: Array<WaitingItem> = []
  for (let after: string | null = null; ;) {
    const page: Listed<WaitingItem> | undefined = await asked(() =>
      waiting(world.tenant.name, { connection: null, after, limit: 1_000, kind: null }),
    )
    if (page === undefined) return undefined
    items.push(...page.items)
    if (page.next === null) return items
    after = page.next
  }
}

const violation = (invariant: string, detail: string): Violation => ({ invariant, detail })

const explained = async (
  { asked, history, world }: Judged,
  person: string,
  { name: side, object }: Side,
  record: Seen,
  settled: ReadonlyMap<GroupName, string>,
  removed: ReadonlySet<string>,
): Promise<ReadonlyArray<Violation>> => {
  const answer = await asked(() =>
    explain(world.tenant.name, { type: "contact", id: `${side}:${object}:${record.id}`, field: null }),
  )
  if (answer === undefined) return [violation("explainable", `${person}: nothing is said of ${side} ${record.id}`)]
  return answer.groups.flatMap(({ at, from, group, observation }): ReadonlyArray<Violation> => {
    const value = settled.get(group as GroupName)
    if (value === undefined || value === "") return []
    const where = `${person}.${group}`
    if (observation === null)
      return [violation("explainable", `${where} comes from ${from.connection}, and no fact says so`)]
    const entered = history.values.filter((one) => one.value === value)
    const isTrue = entered.some(({ sides }) => sides.has(observation.connection))
    const unconfirmed = at.filter(({ connection, state }) => state !== "held" && !removed.has(connection))
    return [
      ...(isTrue
        ? []
        : [violation("explainable", `${where} "${value}" is said to come from ${observation.connection}`)]),
      ...unconfirmed.map(({ connection, state }) =>
        violation("explainable", `${where} is "${state}" at ${connection}`),
      ),
    ]
  })
}

export const judge = async (judged: Judged): Promise<ReadonlyArray<Violation>> => {
  const { asked, history, world } = judged
  const found: Array<Violation> = []
  const now = await asked(() => status(world.tenant.name))
  const waits = await everythingThatWaits(judged)
  if (now === undefined || waits === undefined) return [violation("answers", "the engine answers no questions")]
  if (now.behind > 0) found.push(violation("converged", `${now.behind} facts are not decided`))
  for (const { connection, paused, armed } of now.connections) {
    if (paused.length > 0) found.push(violation("converged", `${connection} is paused: ${paused.join(", ")}`))
    if (!armed) found.push(violation("converged", `${connection} is not armed`))
  }
  for (const { connection, entity, group, kind, reason } of waits)
    if (!EXCUSES.has(kind))
      found.push(violation("converged", `${kind} ${entity} ${group ?? ""} at ${connection}: ${reason}`))
  const wasRemoved = [...world.removed.values()].some(({ size }) => size > 0)
  for (const { connection, entity, group, kind, reason, record } of waits) {
    if (!EXCUSES.has(kind) || (kind === "tombstone" && wasRemoved)) continue
    found.push(violation("waiting", `${kind} ${entity ?? record} ${group ?? ""} at ${connection}: ${reason}`))
  }
  for (const person of world.persons) {
    const removed = world.removed.get(person) ?? new Set()
    const places = [...world.sides].map(([name, side]) => ({
      side,
      records: world.recordsOf(name, person),
      isGone: removed.has(name),
    }))
    // Deleted before anybody else heard of it.
    if (removed.size > 0 && places.every(({ isGone, records }) => isGone || records.length === 0)) continue
    for (const { isGone, records, side } of places) {
      if (isGone && records.length > 0)
        found.push(violation("revived", `${person} was deleted at ${side.name} and is there again`))
      if (!isGone && records.length === 0) found.push(violation("missing", `${person} is not at ${side.name}`))
      if (records.length > 1) found.push(violation("duplicate", `${person} is ${records.length} times at ${side.name}`))
    }
    const held = places.flatMap(({ isGone, records: [record], side }) =>
      isGone || record === undefined ? [] : [{ side, record }],
    )
    if (found.length > 0) continue
    const settled = new Map<GroupName, string>()
    for (const group of GROUPS) {
      const values = held.map(({ record }) => normalised(group, record.values[group]))
      if (new Set(values).size === 1) settled.set(group, values[0]!)
      else
        found.push(
          violation(
            "divergent",
            `${person}.${group}: ${held.map(({ side }, at) => `${side.name} "${values[at]}"`).join(", ")}`,
          ),
        )
    }
    if (found.length > 0) continue
    const before = history.violations.length
    for (const [group, value] of settled) history.settle(person, group, value)
    if (history.violations.length > before) continue
    const [first] = held
    if (first === undefined) continue
    found.push(...(await explained(judged, person, first.side, first.record, settled, removed)))
  }
  return found
}
