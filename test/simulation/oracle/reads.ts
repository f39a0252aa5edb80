/** When a record was last read by the engine, and what people entered in it that the engine has not written over since. */
import type { GroupName } from "../world/things.ts"
import { type Entered, type Part, partOf } from "./entered.ts"
import { Unsaid, type Wrote } from "./unsaid.ts"

export interface Read {
  /** In the order of the world's events. */
  readonly order: number
  /** The world's time. */
  readonly ms: number
  /** When it was asked for, in the same order, where that is known. */
  readonly began?: number
}

/** What the engine writes to. */
export interface Writable {
  readonly name: string
  readonly isApp: boolean
  /** Absent: whether a write was taken can be known. */
  readonly keepsHistory?: boolean
}

const NEVER: Read = { order: 0, ms: 0 }
const PARTS = ["fields", "references"] as const

/** A read, and when its answer had come. */
interface Come extends Read {
  readonly come: number
}

export class Reads {
  /** Of each record and part those that came, each newer than the one before. */
  readonly #come = new Map<string, ReadonlyArray<Come>>()
  /** When the write was sent that takes effect just now, by record. */
  readonly #sent = new Map<string, number>()
  readonly #entered = new Map<string, Array<Entered>>()
  /** What was unread when its record went. */
  readonly #gone = new Map<string, ReadonlyArray<Entered>>()
  /** Of which the provider's history tells though a write stood over it, and nobody has edited there since. */
  readonly #covered = new Map<string, Entered>()
  /** Ids that records have had, by side. */
  readonly #moved = new Map<string, string>()
  readonly #unsaid: Unsaid

  constructor(unsaid = new Unsaid()) {
    this.#unsaid = unsaid
  }

  /** Answers may overtake each other: the newest counts. Returned is what went with its record, and is known all the same. */
  read(side: string, id: string, part: Part, at: Read, come: number): ReadonlyArray<Entered> {
    const next = this.#moved.get(`${side}|${id}`)
    const known = this.#isOvertaken(side, id, part, at) ? [] : this.#taken(side, id, part, at, come)
    return next === undefined ? known : [...known, ...this.read(side, next, part, at, come)]
  }

  #taken(side: string, id: string, part: Part, at: Read, come: number): ReadonlyArray<Entered> {
    const key = `${side}|${id}|${part}`
    this.#unsaid.read(side, id, part, at)
    const before = this.#come.get(key) ?? []
    if (at.order > (before.at(-1) ?? NEVER).order) this.#come.set(key, [...before, { ...at, come }])
    return (this.#gone.get(key) ?? []).filter(({ shownFrom }) => shownFrom <= at.order)
  }

  /**
   * News had come since it was asked for: which of the two answers shows what is later the engine can't tell, and so it takes what it
   * asked for before that for nothing, and asks again (CE1).
   */
  #isOvertaken(side: string, id: string, part: Part, { began }: Read): boolean {
    if (began === undefined) return false
    const all = this.#come.get(`${side}|${id}|${part}`) ?? []
    return all.some(
      ({ come, order }, i) => come > began && this.#isNews(side, id, part, (all[i - 1] ?? NEVER).order, order),
    )
  }

  /** Whether what somebody entered there is shown from between those two on. */
  #isNews(side: string, id: string, part: Part, after: number, until: number): boolean {
    const begins = `${side}|${id}|`
    return [...this.#entered].some(
      ([key, edits]) =>
        key.startsWith(begins) &&
        partOf(key.slice(begins.length) as GroupName) === part &&
        edits.some(({ shownFrom }) => shownFrom > after && shownFrom <= until),
    )
  }

  /** The record is gone, with what nobody has read. */
  gone(side: string, id: string, group: GroupName): ReadonlyArray<Entered> {
    const key = `${side}|${id}|${partOf(group)}`
    const unread = this.unread(side, id, group)
    this.#gone.set(key, [...(this.#gone.get(key) ?? []), ...unread])
    return unread
  }

  last(side: string, id: string, group: GroupName): Read {
    return this.#come.get(`${side}|${id}|${partOf(group)}`)?.at(-1) ?? NEVER
  }

  sending(side: string, id: string, at: Read | null): void {
    if (at === null) this.#sent.delete(`${side}|${id}`)
    else this.#sent.set(`${side}|${id}`, at.order)
  }

  /** The last one that the write which takes effect now can have gone by: what came when that was on its way already is none. */
  lastSent(side: string, id: string, group: GroupName): Read {
    const sent = this.#sent.get(`${side}|${id}`) ?? Number.POSITIVE_INFINITY
    return this.#come.get(`${side}|${id}|${partOf(group)}`)?.findLast(({ come }) => come < sent) ?? NEVER
  }

  /** What is known of a record goes on under another id. */
  moved(side: string, from: string, to: string): void {
    this.#moved.set(`${side}|${from}`, to)
    for (const part of PARTS) {
      const come = this.#come.get(`${side}|${from}|${part}`)
      if (come !== undefined) this.#come.set(`${side}|${to}|${part}`, come)
    }
  }

  /** Since the engine last wrote it: some of it may still be on its way. To be added to. */
  entered(side: string, id: string, group: GroupName): Array<Entered> {
    const key = `${side}|${id}|${group}`
    const some = this.#entered.get(key) ?? []
    this.#entered.set(key, some)
    return some
  }

  /** An edit that a write of the engine stands over is found in the history, and stands until somebody edits there again. */
  enter(side: string, id: string, group: GroupName, node: Entered): void {
    this.#unsaid.entered(side, id, group, node)
    this.entered(side, id, group).push(node)
    const covered = this.covered(side, id, group)
    if (covered !== undefined) node.before.add(covered)
    this.#covered.delete(`${side}|${id}|${group}`)
  }

  cover(side: string, id: string, group: GroupName, node: Entered): void {
    this.#covered.set(`${side}|${id}|${group}`, node)
  }

  covered(side: string, id: string, group: GroupName): Entered | undefined {
    return this.#covered.get(`${side}|${id}|${group}`)
  }

  /** It was taken back, and with it what people had entered. */
  back(side: string, id: string, group: GroupName): ReadonlyArray<Entered> {
    this.#gone.delete(`${side}|${id}|${partOf(group)}`)
    return this.entered(side, id, group)
  }

  unread(side: string, id: string, group: GroupName): ReadonlyArray<Entered> {
    const { order } = this.last(side, id, group)
    return this.entered(side, id, group).filter(({ shownFrom }) => shownFrom > order)
  }

  /** Of what stands there what the engine has seen: of what it has not, what that replaced. The product tells by itself. */
  seen(side: string, id: string, group: GroupName, standing: ReadonlyArray<Entered>): ReadonlyArray<Entered> {
    const unread = new Set(this.unread(side, id, group))
    const known = (nodes: ReadonlyArray<Entered>): ReadonlyArray<Entered> =>
      nodes.flatMap((one) => (unread.has(one) && !one.isApp ? known([...one.before]) : [one]))
    return known(standing)
  }

  written({ isApp, keepsHistory, name }: Writable, id: string, group: GroupName, write: Wrote): void {
    this.#entered.delete(`${name}|${id}|${group}`)
    this.#covered.delete(`${name}|${id}|${group}`)
    if (!isApp && keepsHistory === false) this.#unsaid.wrote(name, id, group, write)
  }
}
