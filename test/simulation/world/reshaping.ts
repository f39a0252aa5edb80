/** What people do with whole records: they are rid of one, take it back, and make one of two. */
import type { History } from "../oracle/history.ts"
import type { SideName } from "../script.ts"
import type { Seen, Side } from "./side.ts"
import { type GroupName, keyOf, type Kind, kindOf } from "./things.ts"

/** What of the world it takes. */
export interface Place {
  readonly sides: ReadonlyMap<SideName, Side>
  readonly history: History
  readonly onStep: (what: string) => void
  /** What a record is of, by side, kind and id. */
  readonly keys: Map<string, string>
  /** The person whom an activity is with. */
  readonly with: ReadonlyMap<string, string>
  readonly recordsOf: (name: SideName, key: string) => ReadonlyArray<Seen>
}

export class Reshaping {
  /** Where a thing was removed, and is not to be created again. */
  readonly removed = new Map<string, Set<SideName>>()
  /** What operators are at: nobody else removes it, takes it back or makes it one with another. */
  readonly held = new Set<string>()
  /** What was made one of two, and where. */
  readonly merged = new Map<string, Set<SideName>>()
  /** Records that were removed, by side and thing. */
  readonly #away = new Map<string, string>()
  readonly #place: Place

  constructor(place: Place) {
    this.#place = place
  }

  #sideOf(name: SideName): Side {
    return this.#place.sides.get(name)!
  }

  #enter(side: Side, kind: Kind, id: string, values: Seen["values"]): void {
    const { history } = this.#place
    const key = history.canonical(this.#place.keys.get(`${side.name}|${kind}:${id}`) ?? keyOf(kind, values))
    const by = { side: side.name, isApp: side.isApp, id: `${kind}:${id}` }
    if (key !== "") history.enter(by, key, values, false)
  }

  /** A reference becomes another one without anybody's having chosen it: if what stood there may stand or not, so may this. */
  #refers(side: Side, kind: Kind, { id, values }: Seen, company: string): void {
    const { history, keys } = this.#place
    const key = history.canonical(keys.get(`${side.name}|${kind}:${id}`) ?? keyOf(kind, values))
    const by = { side: side.name, isApp: side.isApp, id: `${kind}:${id}` }
    if (key === "") return
    const isAside = history.isAside(side.name, by.id, "company")
    for (const one of history.enter(by, key, { company }, false, isAside)) one.isLeftEmpty = company === ""
  }

  /** What refers to a company refers to another one from now on, or to none. */
  #refer(side: Side, from: string, to: string): void {
    for (const kind of ["person", "deal"] as const)
      for (const seen of side.groups[kind].includes("company") ? side.list(kind) : [])
        if (seen.values.company === from) this.#refers(side, kind, seen, to)
    for (const { id } of side.customer === undefined ? [] : side.list("deal"))
      if (side.customer?.(id) === from) this.#enterCustomer(side, id, to)
  }

  #enterCustomer(side: Side, deal: string, company: string): void {
    const { history, keys } = this.#place
    const seen = side.get("deal", deal)
    if (seen === null || side.customer === undefined) return
    const thing = history.canonical(keys.get(`${side.name}|deal:${deal}`) ?? keyOf("deal", seen.values))
    if (thing !== "") history.stood(side.name, `deal:${deal}`, thing, "company", side.customer(deal))
    this.#refers(side, "deal", seen, company)
  }

  #remove(name: SideName, key: string): void {
    this.removed.set(key, (this.removed.get(key) ?? new Set<SideName>()).add(name))
  }

  async remove(name: SideName, key: string): Promise<void> {
    const side = this.#sideOf(name)
    const kind = kindOf(key)
    const { history } = this.#place
    const [record] = this.#place.recordsOf(name, key)
    if (record === undefined || this.merged.has(history.canonical(key)) || this.held.has(key)) return
    this.#place.onStep(`${name} loses ${key}`)
    this.#remove(name, key)
    history.vanished(name, `${kind}:${record.id}`, history.canonical(key))
    if (kind === "company") this.#refer(side, key, "")
    this.#away.set(`${name}|${key}`, record.id)
    const hanging = kind === "person" ? this.#hangingOn(side, key) : []
    await side.remove(kind, record.id)
    for (const [id, activity] of hanging) {
      if (side.outlasts?.(id) === true) continue
      this.#remove(name, activity)
      history.vanished(name, `activity:${id}`, history.canonical(activity))
    }
  }

  /** What hangs on a person's record there may go with that one, and does not come back with it. */
  #hangingOn(side: Side, key: string): ReadonlyArray<readonly [id: string, activity: string]> {
    const { history, keys } = this.#place
    const begins = `${side.name}|activity:`
    const isOf = (person: string): boolean => history.canonical(person) === history.canonical(key)
    return [...keys]
      .filter(([record]) => record.startsWith(begins))
      .map(([record, activity]) => [record.slice(begins.length), activity] as const)
      .filter(([id]) => side.hangsOn?.(id).some(isOf) === true)
  }

  async restore(name: SideName, key: string): Promise<void> {
    const side = this.#sideOf(name)
    const kind = kindOf(key)
    const id = this.#away.get(`${name}|${key}`)
    const restore = side.restore(kind)
    if (id === undefined || restore === null || this.#place.recordsOf(name, key).length > 0) return
    this.#place.onStep(`${name} takes ${key} back`)
    const from = this.removed.get(key)
    from?.delete(name)
    if (from?.size === 0) this.removed.delete(key)
    this.#away.delete(`${name}|${key}`)
    await restore(id)
    this.#place.history.returned(name, `${kind}:${id}`, this.#place.history.canonical(key))
    // What it refers to may be gone by now.
    const back = side.get(kind, id)
    if (back !== null) this.#enter(side, kind, id, back.values)
    if (kind === "company") this.#referAgain(side, key)
  }

  /** What referred to a company that was taken back does so again, where nobody has chosen another. */
  #referAgain(side: Side, key: string): void {
    for (const kind of ["person", "deal"] as const)
      for (const seen of side.groups[kind].includes("company") ? side.list(kind) : [])
        if (seen.values.company === key) this.#refers(side, kind, seen, key)
  }

  async merge(name: SideName, ...two: readonly [winner: string, loser: string]): Promise<void> {
    const { history, onStep, recordsOf } = this.#place
    const [winner, loser] = two.map((key) => history.canonical(key)) as [string, string]
    const side = this.#sideOf(name)
    const kind = kindOf(winner)
    const [into, more] = recordsOf(name, winner)
    const [from, others] = recordsOf(name, loser)
    if (into === undefined || from === undefined || more !== undefined || others !== undefined) return
    if (
      side.merge === null ||
      into.id === from.id ||
      [winner, loser].some((key) => this.removed.has(key) || this.held.has(key))
    )
      return
    // Of two companies the one record would have both.
    if (
      (kind === "person" || kind === "deal") &&
      from.values.company !== "" &&
      from.values.company !== into.values.company
    )
      return
    onStep(`${name} makes one of ${winner} and ${loser}`)
    const filled = Object.fromEntries(
      Object.entries(from.values).filter(([group]) => into.values[group as GroupName] === "" && group !== "company"),
    )
    if (name === "odoo") {
      // It leaves no pointer: to everybody else the loser is gone.
      if ([...this.#place.with.values()].includes(loser)) return
      this.#enter(side, kind, into.id, { ...into.values, ...filled })
      const customer = side.customer === undefined || kind !== "deal" ? "" : side.customer(from.id)
      if (customer !== "" && side.customer?.(into.id) === "") this.#enterCustomer(side, into.id, customer)
      this.#remove(name, loser)
      history.vanished(name, `${kind}:${from.id}`, loser)
      if (kind === "company") this.#refer(side, loser, winner)
      await side.merge(kind, into.id, from.id)
      return
    }
    history.merged(name, loser, winner)
    this.merged.set(winner, (this.merged.get(winner) ?? new Set<SideName>()).add(name))
    for (const one of this.merged.get(loser) ?? []) this.merged.get(winner)!.add(one)
    const id = await side.merge(kind, into.id, from.id)
    this.#place.keys.set(`${name}|${kind}:${id}`, winner)
    history.moved(name, `${kind}:${into.id}`, `${kind}:${id}`)
    const now = side.get(kind, id)
    if (now !== null) this.#enter(side, kind, id, now.values)
  }
}
