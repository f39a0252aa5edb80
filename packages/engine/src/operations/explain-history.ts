/** What an entity's own stream tells of each group: every change, the rule that made it and who lost. */
import type { GroupValue } from "@concordat/model/canonical/fields"
import { apart } from "@concordat/model/events/changes"
import type { Change, Provenance } from "@concordat/model/events/entity"
import { opened, type Personal } from "@concordat/model/events/envelope"
import { isJsonObject, type Json, type JsonObject, sameJson } from "@concordat/model/json"
import type { StoredFact } from "./stored-events.ts"
import type { ChangeStep } from "./views.ts"

/** The members that events of entity streams have, as far as history is told from them. Decoded by their own schemas. */
interface EntityFact {
  readonly values?: Personal
  readonly changes?: ReadonlyArray<Change>
  readonly connection?: string
  readonly group?: string
  readonly rule?: string
  readonly how?: string
  readonly by?: string
  readonly from?: string
  readonly off?: string
  readonly ours?: Provenance | null
  readonly theirs?: Provenance
}

const objectOf = (value: Json | undefined): JsonObject | null => (isJsonObject(value) ? value : null)

const step = (fact: StoredFact, kind: ChangeStep["kind"], rest: Partial<ChangeStep>): ChangeStep => ({
  at: fact.at,
  event: fact.id,
  kind,
  rule: "",
  value: null,
  from: null,
  loser: null,
  connection: null,
  ...rest,
})

/** One event can settle several conflicts about a group, and holds the values of the last. */
const changed = (fact: StoredFact, kind: "created" | "changed"): ReadonlyArray<readonly [string, ChangeStep]> => {
  const data = fact.data as EntityFact
  const values = data.values === undefined ? {} : opened(data.values)
  const changes = apart(data.changes ?? [])
  return changes.map((change, i) => {
    const isLast = changes.findLastIndex(({ group }) => group === change.group) === i
    const of = isLast ? objectOf(values[change.group]) : null
    const value = objectOf(of?.["value"]) as GroupValue | null
    const loser = change.loser === null ? null : { from: change.loser, value: objectOf(of?.["loser"]) }
    return [change.group, step(fact, kind, { rule: change.rule, value, from: change.provenance, loser })] as const
  })
}

/** A merge says the groups that it filled, by their values. */
const merged = (fact: StoredFact): ReadonlyArray<readonly [string, ChangeStep]> => {
  const data = fact.data as EntityFact
  const rule = `merge with ${data.from} by ${data.by}`
  return Object.entries(data.values === undefined ? {} : opened(data.values)).map(([group, of]) => {
    const value = objectOf(of)
    return [
      group,
      step(fact, "merged", { rule, value: (objectOf(value?.["value"]) ?? value) as GroupValue | null }),
    ] as const
  })
}

/** A split says what went: the values in it are the other entity's, so none of them is this one's. */
const split = (fact: StoredFact): ReadonlyArray<readonly [string, ChangeStep]> => {
  const data = fact.data as EntityFact
  const rule = `split of ${data.off} by ${data.by}`
  return Object.keys(data.values === undefined ? {} : opened(data.values)).map(
    (group) => [group, step(fact, "split", { rule })] as const,
  )
}

const parked = (fact: StoredFact): ReadonlyArray<readonly [string, ChangeStep]> => {
  const data = fact.data as EntityFact
  const values = data.values === undefined ? {} : opened(data.values)
  if (data.group === undefined || data.theirs === undefined) return []
  const loser = { from: data.theirs, value: objectOf(values["theirs"]) }
  const value = objectOf(values["ours"]) as GroupValue | null
  const connection = data.connection ?? null
  const rest = { rule: data.rule ?? "", value, from: data.ours ?? null, loser, connection }
  return [[data.group, step(fact, "parked", rest)]]
}

const told = (fact: StoredFact): ReadonlyArray<readonly [string, ChangeStep]> => {
  if (fact.type.endsWith("Created")) return changed(fact, "created")
  if (fact.type.endsWith("Changed")) return changed(fact, "changed")
  if (fact.type.endsWith("Merged")) return merged(fact)
  if (fact.type.endsWith("Split")) return split(fact)
  if (fact.type === "ConflictParked") return parked(fact)
  if (fact.type === "ConflictSettled") {
    const data = fact.data as EntityFact
    const rest = { rule: data.how ?? "", connection: data.connection ?? null }
    return data.group === undefined ? [] : [[data.group, step(fact, "settled", rest)]]
  }
  return []
}

/** A conflict that the value survived is told as a change to the value that there was. */
const orKept = (one: ChangeStep, before: ChangeStep | undefined): ChangeStep =>
  one.kind === "changed" && one.loser !== null && before?.value != null && sameJson(before.value, one.value)
    ? { ...one, kind: "kept" }
    : one

const SETS: ReadonlySet<ChangeStep["kind"]> = new Set(["created", "changed", "merged", "kept"])

/** By group, oldest first. */
export const stepsOf = (facts: ReadonlyArray<StoredFact>): ReadonlyMap<string, ReadonlyArray<ChangeStep>> => {
  const steps = new Map<string, Array<ChangeStep>>()
  for (const fact of facts) {
    for (const [group, one] of told(fact)) {
      const known = steps.get(group) ?? []
      known.push(
        orKept(
          one,
          known.findLast(({ kind }) => SETS.has(kind)),
        ),
      )
      steps.set(group, known)
    }
  }
  return steps
}
