/** Operators who find that two people, companies or deals are one and have them merged, and find later that they are not. */
import { links } from "@concordat/engine/operations/links"
import type { EntityRef } from "@concordat/model/events/record"
import type { History } from "../oracle/history.ts"
import type { SideName } from "../script.ts"
import type { Operators } from "./operators.ts"
import type { Reshaping } from "./reshaping.ts"
import type { Seen, Side } from "./side.ts"
import { type Kind, kindOf, TYPES } from "./things.ts"

const BY = "somebody"
/** What one page of a list has at most. */
const PAGE = 1_000

export interface Registry {
  readonly tenant: string
  readonly sides: ReadonlyMap<SideName, Side>
  readonly history: History
  readonly operators: Operators
  readonly reshaping: Reshaping
  readonly onStep: (what: string) => void
  readonly recordsOf: (name: SideName, key: string) => ReadonlyArray<Seen>
}

interface Pair {
  readonly into: EntityRef
  readonly from: EntityRef
}

export class Joining {
  readonly #registry: Registry
  /** By the one that is part of the other. */
  readonly #pairs = new Map<string, Pair>()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** Its record in each system; null: it is not once in each, or somebody is at it in another way. */
  #everywhere(key: string): ReadonlyMap<SideName, string> | null {
    const { history, recordsOf, reshaping, sides } = this.#registry
    if (history.canonical(key) !== key || reshaping.removed.has(key) || reshaping.merged.has(key)) return null
    const found = [...sides.keys()].map((name) => [name, recordsOf(name, key)] as const)
    if (found.some(([, records]) => records.length !== 1)) return null
    return new Map(found.map(([name, [record]]) => [name, record!.id]))
  }

  /** The entity that has those records, and no other. */
  async #entityOf(kind: Kind, records: ReadonlyMap<SideName, string>): Promise<EntityRef | null> {
    const { operators, tenant } = this.#registry
    const page = await operators.answer(() => links(tenant, { type: TYPES[kind], after: null, limit: PAGE }))
    const found = page?.items.find(
      ({ at, mergedInto }) =>
        mergedInto === null &&
        [...records].every(([name, id]) => at.some((one) => one.connection === name && one.primary?.id === id)),
    )
    return found === undefined ? null : { type: found.type, id: found.id }
  }

  /** Two of a kind, by their keys: the second becomes part of the first. */
  async join(winner: string, loser: string): Promise<void> {
    const { history, onStep, operators, reshaping } = this.#registry
    const [mine, theirs] = [this.#everywhere(winner), this.#everywhere(loser)]
    const isTaken = [winner, loser].some((key) => reshaping.held.has(key))
    if (winner === loser || mine === null || theirs === null || isTaken) return
    // Nobody does anything else with them while somebody looks into it.
    for (const key of [winner, loser]) reshaping.held.add(key)
    const kind = kindOf(winner)
    const [into, from] = [await this.#entityOf(kind, mine), await this.#entityOf(kind, theirs)]
    if (into === null || from === null) {
      for (const key of [winner, loser]) reshaping.held.delete(key)
      return
    }
    onStep(`somebody says that ${loser} is ${winner}`)
    history.joined(loser, winner)
    this.#pairs.set(loser, { into, from })
    if (!(await operators.operate({ _tag: "MergeRequested", by: BY, from, into }))) this.#parted(loser)
  }

  async part(loser: string): Promise<void> {
    const { history, onStep, operators } = this.#registry
    const pair = this.#pairs.get(loser)
    if (pair === undefined || !history.joins.isPart(loser)) return
    const { from, into } = pair
    onStep(`somebody says that ${loser} is nobody else`)
    history.joins.dispute(loser)
    if (await operators.operate({ _tag: "SplitRequested", by: BY, entity: into, merged: from.id })) this.#parted(loser)
  }

  #parted(loser: string): void {
    const { history, recordsOf, sides } = this.#registry
    const records = [...sides].flatMap(([name, { isApp }]) =>
      recordsOf(name, loser).map(({ id }) => ({ side: name, isApp, id: `${kindOf(loser)}:${id}` })),
    )
    history.parted(loser, records)
  }
}
