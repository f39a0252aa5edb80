/** At rest: every person once in every system, all systems of one mind, and each value with a reason. */
import { explain } from "@concordat/engine/operations/explain"
import { links } from "@concordat/engine/operations/links"
import { status } from "@concordat/engine/operations/status"
import { waiting } from "@concordat/engine/operations/waiting"
import type { Listed, TenantStatus, WaitingItem } from "@concordat/engine/operations/views"
import type * as Effect from "effect/Effect"
import type { Deployment } from "../deployment.ts"
import type { SideName } from "../script.ts"
import type { Ports } from "../store/ports.ts"
import type { Seen, Side } from "../world/side.ts"
import { type GroupName, GROUPS, type Kind, kindOf, KINDS, TYPES } from "../world/things.ts"
import type { World } from "../world/world.ts"
import { normalised, type Violation } from "./entered.ts"
import type { History } from "./history.ts"
import { participantsApart } from "./participants.ts"
import { counting, quarantinedIn, REWRITTEN } from "./quarantined.ts"
import { mayDiffer } from "./removed.ts"

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

const allOf = async <A>(
  asked: Asked,
  pageAfter: (after: string | null) => Effect.Effect<Listed<A>, unknown, Ports>,
): Promise<ReadonlyArray<A> | undefined> => {
  const items: Array<A> = []
  for (let after: string | null = null; ;) {
    const page: Listed<A> | undefined = await asked(() => pageAfter(after))
    if (page === undefined) return undefined
    items.push(...page.items)
    if (page.next === null) return items
    after = page.next
  }
}
const everythingThatWaits = ({ asked, world }: Judged) =>
  allOf(asked, (after) => waiting(world.tenant.name, { connection: null, after, limit: 1_000, kind: null }))
const everythingLinked = ({ asked, world }: Judged) =>
  allOf(asked, (after) => links(world.tenant.name, { type: null, after, limit: 1_000 }))

const violation = (invariant: string, detail: string): Violation => ({ invariant, detail })

const explained = async (
  { asked, history, world }: Judged,
  thing: string,
  { name: side, objects }: Side,
  record: Seen,
  settled: ReadonlyMap<GroupName, string>,
  removed: ReadonlySet<string>,
): Promise<ReadonlyArray<Violation>> => {
  const answer = await asked(() =>
    explain(world.tenant.name, {
      type: TYPES[kindOf(thing)],
      id: `${side}:${objects[kindOf(thing)]}:${record.id}`,
      field: null,
    }),
  )
  if (answer === undefined) return [violation("explainable", `${thing}: nothing is said of ${side} ${record.id}`)]
  return answer.groups.flatMap(({ at, from, group, history: steps, observation }): ReadonlyArray<Violation> => {
    const value = settled.get(group as GroupName)
    if (value === undefined || value === "") return []
    const where = `${thing}.${group}`
    // What a person took from there goes back to what that person said.
    if (observation === null && steps.some((one) => one.rule === "resolved" && one.from?.event === from.event))
      return history.decisions.chose(thing, group as GroupName, from.connection)
        ? []
        : [violation("explainable", `${where} is said to be decided for ${from.connection}, and nobody did`)]
    if (observation === null)
      return [violation("explainable", `${where} comes from ${from.connection}, and no fact says so`)]
    const entered = history.values.filter((one) => one.value === value)
    const isAsking = !world.isAttended && history.rulings.asks(kindOf(thing), group as GroupName)
    // Where a person is asked, what stands is not what is told of: that may be of a system that has the thing no more.
    const isParked = isAsking && at.some(({ state }) => state === "parked")
    const told = isParked ? history.of(thing, [group as GroupName]) : entered
    const isTrue = told.some(({ shownBy, sides }) => sides.union(shownBy).has(observation.connection))
    // Of a deal at Odoo the company is said once, when it is created.
    const has = (name: string): boolean =>
      world.sides.get(name as SideName)?.groups[kindOf(thing)].includes(group as GroupName) === true &&
      isMapped(history, name, kindOf(thing), group as GroupName)
    const unconfirmed = at.filter(
      ({ connection, state }) =>
        state !== "held" &&
        // An edit that a write stood over may wait for a person while both sides show what was written.
        !(state === "parked" && isAsking) &&
        !removed.has(connection) &&
        has(connection) &&
        !(state === "quarantined" && world.rewriting.includes(connection as SideName)),
    )
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

/** Who is responsible: people of one system are not those of another here, and nobody edits it. */
const isOwner = ({ group, kind }: WaitingItem): boolean => kind === "problem" && group === "owner"

/** What an automation there keeps changing back is left to it. */
const isRewritten = ({ rewriting }: World, { connection, group, kind }: WaitingItem): boolean =>
  kind === "quarantined" && group === REWRITTEN && rewriting.includes(connection as SideName)

/** What people of this world may be asked: nothing of a deal that two edited at once is decided without them. */
const isAsked = ({ history: { rulings }, world }: Judged, { entity, group, kind }: WaitingItem): boolean => {
  const of = KINDS.find((one) => entity?.startsWith(`${TYPES[one]}:`) === true)
  return kind === "conflict" && !world.isAttended && of !== undefined && rulings.asks(of, group as GroupName)
}

const listed = (judged: Judged, now: TenantStatus, waits: ReadonlyArray<WaitingItem>): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  if (now.behind > 0) found.push(violation("converged", `${now.behind} facts are not decided`))
  for (const { connection, paused, armed } of now.connections) {
    if (paused.length > 0) found.push(violation("converged", `${connection} is paused: ${paused.join(", ")}`))
    if (!armed) found.push(violation("converged", `${connection} is not armed`))
  }
  const wasRemoved = [...judged.world.reshaping.removed.values()].some(({ size }) => size > 0)
  for (const one of waits) {
    const { connection, entity, group, kind, reason, record } = one
    const what = `${kind} ${entity ?? record} ${group ?? ""} at ${connection}: ${reason}`
    if (!EXCUSES.has(kind)) found.push(violation("converged", what))
    // What was deleted somewhere is not made there again, and what refers to it there waits.
    else if (isRewritten(judged.world, one)) continue
    else if (!isAsked(judged, one) && !isOwner(one) && !(wasRemoved && (kind === "tombstone" || kind === "reference")))
      found.push(violation("waiting", what))
  }
  return found
}

interface Place {
  readonly side: Side
  readonly records: ReadonlyArray<Seen>
  /** It was deleted there, or can't be there without what was. */
  readonly isGone: boolean
  /** How many records of it there may be: of what was made one elsewhere each may still be there, as a duplicate. */
  readonly most: number
}

const placed = (thing: string, isMerged: boolean, places: ReadonlyArray<Place>): ReadonlyArray<Violation> =>
  places.flatMap(({ isGone, most, records, side }): ReadonlyArray<Violation> => {
    const there = `${thing} is ${records.length} times at ${side.name}`
    return [
      ...(isGone && !isMerged && records.length > 0
        ? [violation("revived", `${thing} was deleted at ${side.name} and is there again`)]
        : []),
      ...(!isGone && records.length === 0 ? [violation("missing", `${thing} is not at ${side.name}`)] : []),
      ...(records.length > most ? [violation("duplicate", there)] : []),
    ]
  })

interface Held {
  readonly side: Side
  readonly record: Seen
}

/** One record of each side, in every way: where there are several, any may be the one that counts. */
const choices = (places: ReadonlyArray<Place>): ReadonlyArray<ReadonlyArray<Held>> =>
  places
    .filter(({ isGone, records }) => !isGone && records.length > 0)
    .reduce<ReadonlyArray<ReadonlyArray<Held>>>(
      (all, { records, side }) => all.flatMap((held) => records.map((record) => [...held, { side, record }])),
      [[]],
    )

const isMapped = ({ mapped }: History, side: string, kind: Kind, group: GroupName): boolean =>
  mapped.way(side, kind, group) === "both"

/** A company that is part of another is that one. */
const textOf = ({ joins }: History, group: GroupName, { record }: Held): string => {
  const value = normalised(group, record.values[group] ?? "")
  return group === "company" ? joins.whole(value) : value
}

/** What all sides hold, by group; those that are parked, or refer to what is gone somewhere, aside. */
const settledIn = (
  { history, world }: Judged,
  thing: string,
  held: ReadonlyArray<Held>,
  conflicts: number,
  quarantined: ReadonlySet<string>,
): { readonly settled: ReadonlyMap<GroupName, string>; readonly found: ReadonlyArray<Violation> } => {
  const kind = kindOf(thing)
  const settled = new Map<GroupName, string>()
  const found: Array<Violation> = []
  let parked = 0
  for (const group of GROUPS[kind]) {
    const has = held.filter(
      ({ side }) => side.groups[kind].includes(group) && isMapped(history, side.name, kind, group),
    )
    const said = has.map((one) => ({ ...one, object: one.side.objects[kind], value: textOf(history, group, one) }))
    const there = counting(said, group, quarantined)
    const values = there.map(({ value }) => value)
    // What stands in a CRM's record may have to be read yet; the product tells by itself.
    const isUnread = ({ record, side }: Held): boolean =>
      !side.isApp && history.isUnread(side.name, `${kind}:${record.id}`, group)
    // Of a deal at Odoo the company is not asked for, and may have been deleted: the engine may take none from there once it reads that.
    const unread =
      kind === "deal" && group === "company" && values.length > 0
        ? held.find((one) => one.side.customer !== undefined && isUnread(one))
        : undefined
    if (unread !== undefined)
      found.push(violation("divergent", `${thing}.${group}: what stands at ${unread.side.name} has not been read`))
    else if (new Set(values).size === 1) settled.set(group, values[0]!)
    else if (group === "company" && !said.some(isUnread) && mayDiffer(world.reshaping, history, thing, said)) continue
    else if (values.length > 0 && parked < conflicts && history.rulings.asks(kind, group)) parked += 1
    // Where there is none, it is mapped nowhere that has the thing.
    else if (values.length > 0)
      found.push(
        violation(
          "divergent",
          `${thing}.${group}: ${there.map(({ side }, at) => `${side.name} "${values[at]}"`).join(", ")}`,
        ),
      )
  }
  return { settled, found }
}

const judgeThing = async (
  judged: Judged,
  thing: string,
  conflicts: number,
  quarantined: ReadonlySet<string>,
): Promise<ReadonlyArray<Violation>> => {
  const { history, world } = judged
  const removed = world.goneFrom(thing)
  const names = history.namesOf(thing).length
  const places = [...world.sides].map(([name, side]) => ({
    side,
    records: world.recordsOf(name, thing),
    isGone: removed.has(name),
    most: world.isAside(name, thing) ? names : 1,
  }))
  // Deleted before anybody else heard of it.
  if (removed.size > 0 && places.every(({ isGone, records }) => isGone || records.length === 0)) return []
  const misplaced = placed(thing, names > 1, places)
  if (misplaced.length > 0) return misplaced
  // Its records are there, as another's duplicates.
  if (history.joins.isPart(thing)) return []
  const chosen = choices(places).map((held) => ({ held, ...settledIn(judged, thing, held, conflicts, quarantined) }))
  const { found, held, settled } = chosen.find((one) => one.found.length === 0) ?? chosen[0]!
  if (found.length > 0) return found
  const apart = participantsApart(world, history, thing, held)
  if (apart.length > 0) return apart
  const before = history.violations.length
  for (const [group, value] of settled)
    if (conflicts === 0 || !history.rulings.asks(kindOf(thing), group)) history.settle(thing, group, value)
  const [first] = held
  if (history.violations.length > before || first === undefined) return []
  return explained(judged, thing, first.side, first.record, settled, removed)
}

export const judge = async (judged: Judged): Promise<ReadonlyArray<Violation>> => {
  const { asked, world } = judged
  const now = await asked(() => status(world.tenant.name))
  const waits = await everythingThatWaits(judged)
  const isAnyQuarantined = waits?.some((one) => isRewritten(world, one)) === true
  const entities = isAnyQuarantined ? await everythingLinked(judged) : []
  if (now === undefined || waits === undefined || entities === undefined)
    return [violation("answers", "the engine answers no questions")]
  const found: Array<Violation> = [...listed(judged, now, waits)]
  const conflicts = waits.filter((one) => isAsked(judged, one)).length
  const quarantined = quarantinedIn(entities, world.rewriting)
  for (const thing of world.things)
    if (found.length === 0) found.push(...(await judgeThing(judged, thing, conflicts, quarantined)))
  return found
}
