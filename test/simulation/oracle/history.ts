/**
 * What was entered where, and what became of it, as the world itself sees it. Each value that a person enters is a node; the value that stood
 * on that side before is what the person knew, and so its parent. A write of the engine may carry a value on, or settle a conflict; it may
 * never bring back what was replaced, nor make up a value.
 */
import { type GroupName, givenOf, groupsOf, type Kind, kindOf, type Values } from "../world/things.ts"
import { type Entered, entered, isBefore, normalised, type Part, replacing, show, type Violation } from "./entered.ts"
import { Aliases } from "./aliases.ts"
import { Decisions, type Deciding } from "./decisions.ts"
import { filling, Joined } from "./joined.ts"
import { Held } from "./held.ts"
import { Mapped, type Way } from "./mapped.ts"
import { Presence } from "./presence.ts"
import { type Read, Reads, type Writable } from "./reads.ts"
import { type Rules, Rulings } from "./rulings.ts"
import { Unsaid } from "./unsaid.ts"
import { Verdicts } from "./verdicts.ts"

export class History {
  /** By thing and group. */
  readonly #entered = new Map<string, Array<Entered>>()
  /** What stands in a record, by side and id. */
  readonly #held = new Held()
  readonly unsaid = new Unsaid()
  readonly #reads = new Reads(this.unsaid)
  /** When a write to a record was sent that takes effect now; null: none does. */
  readonly sending = (side: string, id: string, at: Read | null): void => this.#reads.sending(side, id, at)
  readonly #now: () => number
  readonly violations: Array<Violation> = []
  readonly rulings = new Rulings()
  readonly mapped = new Mapped()
  readonly decisions = new Decisions()
  readonly joins = new Joined()
  readonly #presence = new Presence()
  readonly #verdicts: Verdicts
  gaps = 0
  readonly #aliases = new Aliases()
  #clock = 0
  #numbers = 0

  /** `now`: the world's time in ms; `skewMs`: how far the clocks of two systems may be apart. */
  constructor(now: () => number, skewMs = 0) {
    this.#now = now
    const { decisions, mapped, rulings } = this
    this.#verdicts = new Verdicts({ rulings, decisions, mapped, presence: this.#presence, now, skewMs })
  }

  /** The thing that it is by now. */
  canonical(key: string): string {
    return this.#aliases.canonical(key)
  }

  /** Every name that the thing has had. */
  namesOf(key: string): ReadonlyArray<string> {
    return this.#aliases.namesOf(key)
  }

  #normalised(group: GroupName, value: string): string {
    return group === "company" ? this.canonical(value) : normalised(group, value)
  }

  /** Two things are one in a system from now on. Which of their values stand where depends on which of their records counts there. */
  merged(side: string, loser: string, winner: string): void {
    this.#held.merged(side, loser)
    for (const group of groupsOf(winner)) {
      const both = [...this.#nodes(winner, group), ...this.#nodes(loser, group)]
      for (const one of both) Object.assign(one, { isAside: true, isMerged: true })
      this.#entered.set(`${winner}|${group}`, both)
      this.#entered.delete(`${loser}|${group}`)
    }
    this.#aliases.add(loser, winner)
    for (const one of this.values) if (one.value === loser) one.value = winner
  }

  /** What the engine wrote into a record that had become part of another there by then, the other's is the first to show. */
  shown(side: string, thing: string, values: Values): void {
    for (const [group, value] of givenOf(thing, values))
      for (const one of this.#valued(thing, group, value)) one.shownBy.add(side)
  }

  /** What stands in a record in a group that the side is not asked for: it may be edited all the same. */
  stood(side: string, id: string, thing: string, group: GroupName, value: string): void {
    this.#held.of(side, id).set(group, this.#valued(thing, group, value))
  }

  /** What was entered there last is in the provider's own history, whatever is written over it. */
  told(side: string, id: string, group: GroupName): void {
    for (const last of this.#reads.entered(side, id, group).slice(-1)) last.isTold = true
  }

  /** Edits are saved: Odoo 17 tells of one before it is, and shows until then what was before. Those of one tick go one after the other. */
  saved(edits: ReadonlyArray<Entered>): void {
    for (const one of edits) one.shownFrom = this.answered().order
  }

  /** Whether what stands there may stand or not. */
  isAside(side: string, id: string, group: GroupName): boolean {
    return (this.#held.of(side, id).get(group) ?? []).some((one) => one.isAside)
  }

  /** What is known of a record goes on under another id. */
  moved(side: string, from: string, to: string): void {
    if (from === to) return
    this.#held.moved(side, from, to)
    this.#reads.moved(side, from, to)
  }

  /** A side is mapped otherwise: what `records` of the kind hold is seen as if for the first time, in truth if it never was, or not any more. */
  remapped(
    side: { readonly name: string; readonly isApp: boolean },
    kind: Kind,
    group: GroupName,
    way: Way,
    records: ReadonlyArray<{ readonly id: string; readonly thing: string }>,
  ): void {
    this.#clock += 1
    const wasSeen = this.mapped.wasSeen(side.name, kind, group)
    this.mapped.set(side.name, kind, group, way, this.#now())
    for (const { id, thing } of wasSeen ? records : []) {
      for (const one of this.#reads.entered(side.name, id, group)) one.inGap ||= way === "off"
      if (way !== "off") this.#again(side.name, side.isApp, id, thing, group)
    }
  }

  /** An operator says that one is the other: what that one lacks it fills, and its own records count no more. */
  joined(loser: string, winner: string): void {
    this.joins.join(loser, winner, this.#now())
    for (const group of groupsOf(winner)) {
      const [mine, theirs] = [this.#nodes(winner, group), this.#nodes(loser, group)]
      for (const one of theirs) one.isAside ||= this.joins.isOnItsWay(loser, one.ms)
      const isSeen = ({ sides }: Entered): boolean => this.mapped.wasSeenAt(sides, kindOf(winner), group)
      for (const { isApp, isAside, sides, value } of filling(mine, theirs, isSeen))
        mine.push({ ...this.#make("", isApp, value, { at: 0, isAside }), sides: new Set(["", ...sides]) })
    }
    if (kindOf(loser) !== "company") return
    for (const [of, nodes] of this.#entered) {
      const [thing, group] = of.split("|") as [string, GroupName]
      for (const one of group === "company" ? [...nodes] : []) this.#twinned(thing, one)
    }
  }

  /** Of two companies that are one nobody can tell which of them is meant: what is said of the one is said of the other too. */
  #twinned(thing: string, node: Entered): void {
    const twin = this.joins.twinOf(node.value, this.#now())
    if (twin === null) return
    node.isAside = true
    const other = this.#make("", node.isApp, twin, { at: 0, isAside: true, before: [node] })
    for (const side of node.sides) other.sides.add(side)
    node.before.add(other)
    this.#nodes(thing, "company").push(other)
  }

  /** And that it is not: its records are its own again, seen as if anew. */
  parted(
    loser: string,
    records: ReadonlyArray<{ readonly side: string; readonly isApp: boolean; readonly id: string }>,
  ): void {
    this.joins.part(loser, this.#now())
    for (const { id, isApp, side } of records)
      for (const group of groupsOf(loser)) this.#again(side, isApp, id, loser, group)
  }

  /** What stands in a record is stated once more: nobody can tell whether it was known. */
  #again(side: string, isApp: boolean, id: string, thing: string, group: GroupName): void {
    const held = this.#held.of(side, id)
    const standing = held.get(group) ?? []
    if (standing.length === 0) return
    const again = this.#make(side, isApp, standing[0]!.value, { at: 0, isAside: true })
    this.#nodes(thing, group).push(again)
    held.set(group, [...standing, again])
  }

  #make(side: string, isApp: boolean, value: string, more: Parameters<typeof entered>[5]): Entered {
    this.#numbers += 1
    return entered(this.#numbers, this.#now(), side, isApp, value, more)
  }

  /** People chose other rules; the journal has them later. */
  ruled(rules: Rules): void {
    this.#clock += 1
    this.rulings.chosen(rules, this.#clock)
  }
  rulesRecorded(): void {
    this.rulings.recorded(this.#clock)
  }

  /** Somebody decided about a group that waits: what was seen, or was written over, in that record, or what stands elsewhere. */
  decided(about: Deciding): void {
    const covered = this.#reads.covered(about.side, about.record, about.group)
    const standing = this.#held.of(about.side, about.record).get(about.group) ?? []
    const theirs = covered === undefined ? this.#reads.seen(about.side, about.record, about.group, standing) : [covered]
    this.decisions.add(about, theirs, this.#nodes(about.thing, about.group), this.#now())
  }

  #nodes(thing: string, group: GroupName): Array<Entered> {
    const key = `${thing}|${group}`
    const nodes = this.#entered.get(key) ?? []
    this.#entered.set(key, nodes)
    return nodes
  }

  /** Those of one value. */
  #valued(thing: string, group: GroupName, value: string): Array<Entered> {
    return this.#nodes(thing, group).filter((one) => one.value === this.#normalised(group, value))
  }

  #violate(invariant: string, detail: string): void {
    this.violations.push({ invariant, detail })
  }

  /** A provider answers with a record as it is now: that is known once the answer is there (`read`). */
  answered(): Read {
    this.#clock += 1
    return { order: this.#clock, ms: this.#now() }
  }

  /** The engine has been shown a record, or what it refers to, as it was then. */
  read(side: string, id: string, part: Part, at: Read = this.answered()): void {
    for (const one of this.#reads.read(side, id, part, at, this.#clock)) one.inGap = false
  }

  /** Whether people entered something there that the engine has not been shown. */
  isUnread(side: string, id: string, group: GroupName): boolean {
    return this.#reads.unread(side, id, group).length > 0
  }

  /** A record is gone: what people entered in it and no answer has shown, also none on its way, nobody can know. */
  vanished(side: string, id: string, thing: string): void {
    this.#presence.gone(side, thing)
    for (const group of groupsOf(thing)) for (const one of this.#reads.gone(side, id, group)) one.inGap = true
  }

  /** It was taken back, and can be read again. */
  returned(side: string, id: string, thing: string): void {
    this.#presence.there(side, thing, this.#now(), false)
    for (const group of groupsOf(thing)) for (const one of this.#reads.back(side, id, group)) one.inGap = false
  }

  /** A person entered a value, or it was there at the beginning. Returned is what an answer has to show before it is known. */
  enter(
    by: { readonly side: string; readonly isApp: boolean; readonly id: string },
    thing: string,
    values: Values,
    isFirst: boolean,
    isAside = false,
  ): ReadonlyArray<Entered> {
    this.#clock += 1
    this.#presence.there(by.side, thing, this.#now(), isFirst)
    const edits: Array<Entered> = []
    const held = this.#held.of(by.side, by.id)
    for (const [group, value] of givenOf(thing, values)) {
      const known = held.get(group) ?? []
      if (known[0]?.value === this.#normalised(group, value)) continue
      // What two systems held alike from the beginning is one value, and a CRM's where one of them is one.
      const isUnseen = this.mapped.way(by.side, kindOf(thing), group) === "off"
      const alike = isFirst && !isUnseen ? this.#valued(thing, group, value)[0] : undefined
      if (alike !== undefined) {
        alike.isApp &&= by.isApp
        alike.sides.add(by.side)
        held.set(group, [alike])
        continue
      }
      const kind = kindOf(thing)
      const isMoving =
        this.mapped.isSettling(by.side, kind, group, this.#now()) ||
        this.joins.isUnclear(thing, this.#now()) ||
        (isUnseen && this.mapped.wasSeen(by.side, kind, group))
      // Out of sight nobody can tell what it was before.
      const node = this.#make(by.side, by.isApp, this.#normalised(group, value), {
        at: isFirst || isUnseen ? 0 : this.#clock,
        ...(isUnseen ? {} : replacing(by.side, known)),
        isAside: isAside || isMoving,
      })
      node.isMerged = isAside
      this.#nodes(thing, group).push(node)
      if (group === "company") this.#twinned(thing, node)
      if (!isFirst && !isUnseen) {
        this.#reads.enter(by.side, by.id, group, node)
        edits.push(node)
      }
      // There and back again: who looks now can't tell that anything happened in between.
      held.set(group, this.#valued(thing, group, value))
    }
    return edits
  }

  /** The engine wrote: every group whose value is another one now is judged. Whether any is, or was before it was read. */
  written(side: Writable, id: string, thing: string, now: Values): boolean {
    this.#clock += 1
    this.unsaid.next(side.name, id)
    this.#presence.there(side.name, thing, this.#now(), false)
    const held = this.#held.of(side.name, id)
    let isNews = groupsOf(thing).some((group) => this.#reads.unread(side.name, id, group).length > 0)
    for (const [group, text] of givenOf(thing, now)) {
      const value = this.#normalised(group, text)
      const before = held.get(group) ?? []
      if ((before[0]?.value ?? "") === value) continue
      isNews = true
      const nodes = this.#nodes(thing, group).filter((one) => one.value === value)
      const where = `${thing}.${group} at ${side.name}`
      if (nodes.length === 0) {
        this.#violate("invented", `${where}: "${value}" was never entered; there was "${before[0]?.value ?? ""}"`)
        continue
      }
      if (this.joins.isSettled(thing, this.#now()))
        this.#violate("duplicate", `${where}: "${value}" was written, and it is part of another`)
      held.set(group, nodes)
      this.#reads.written(side, id, group, { under: before, nodes, at: this.#clock })
      if (this.mapped.way(side.name, kindOf(thing), group) !== "both") {
        // What was on its way, by the mapping before.
        if (!this.mapped.isSettling(side.name, kindOf(thing), group, this.#now()))
          this.#violate("unmapped", `${where}: "${value}" was written, and the mapping writes nothing there`)
        continue
      }
      const read = side.isApp ? null : this.#reads.lastSent(side.name, id, group)
      const isJudged = before.length > 0 && !this.joins.isPart(thing)
      const covered = isJudged ? this.#judge(where, [thing, group], read, before, nodes) : undefined
      this.#verdicts.carried(thing, group, nodes, this.#nodes(thing, group))
      if (covered?.isTold === true) this.#reads.cover(side.name, id, group, covered)
    }
    return isNews
  }

  /** A value came to the product while an edit of the same field was on its way: the edit stands above it for now. */
  withheld(side: string, id: string, thing: string, values: Values): void {
    const held = this.#held.of(side, id)
    for (const [group, value] of givenOf(thing, values)) {
      const mine = this.#reads.entered(side, id, group)
      // What somebody has entered here is not what came, though it be the same.
      const node = this.#valued(thing, group, value).findLast((one) => !mine.includes(one))
      if (node === undefined) continue
      for (const standing of [...(held.get(group) ?? []), ...mine])
        if (node !== standing && !isBefore(standing, node, standing.carried === "never")) standing.over.add(node)
    }
  }

  /** The edit was answered, and what had been withheld came after it all the same: that, and what that had replaced. */
  released(side: string, id: string, thing: string, values: Values): void {
    for (const [group, value] of givenOf(thing, values)) {
      const held = this.#held.of(side, id).get(group) ?? []
      const of = this.#valued(thing, group, value)
      for (const node of [...held, ...this.#reads.entered(side, id, group)])
        for (const under of node.over)
          if (of.some((one) => one === under || isBefore(under, one, true))) node.over.delete(under)
    }
  }

  /** Returned: one in the gap. */
  #judge(
    where: string,
    of: readonly [thing: string, group: GroupName],
    read: Read | null,
    before: ReadonlyArray<Entered>,
    nodes: ReadonlyArray<Entered>,
  ): Entered | undefined {
    const { before: was, isSure, node, verdict } = this.#verdicts.judge(of, read, before, nodes)
    // It never counted, so that nothing has replaced it.
    if (verdict === "void") return undefined
    if (verdict === null) {
      // What may stand or not is replaced by nothing for good.
      const isFirm = isSure && (node.isAside || !was.isAside)
      if (isFirm && was.value !== node.value && !isBefore(was, node)) node.before.add(was)
      return undefined
    }
    if (verdict === "gap") {
      this.gaps += 1
      was.inGap = !was.isTold
      if (was.isTold) was.covering.add(node)
      return was
    }
    this.#violate(verdict.invariant, `${where}: ${show(node)} was written over ${show(was)}${verdict.detail}`)
    return undefined
  }

  /** At the end all sides show one value: it has to be one that nothing replaced. */
  settle(thing: string, group: GroupName, value: string): void {
    const nodes = this.#nodes(thing, group)
    const same = this.#valued(thing, group, value)
    const last = same.at(-1)
    if (last === undefined) {
      if (value !== "") this.#violate("invented", `${thing}.${group}: "${value}" was never entered`)
      return
    }
    const decided = this.decisions.last(thing, group, nodes)
    if (decided !== null && !decided.chosen.some((one) => one.value === last.value))
      this.#violate("lost", `${thing}.${group} is ${show(last)}, and somebody had decided for another`)
    // Of one that was entered several times nobody can tell which it is: one that may stand is enough.
    const why = same.map((node) => this.#verdicts.outdone(thing, group, node, nodes))
    if (!why.includes(null)) this.#violate("lost", `${thing}.${group} is ${show(last)}, and ${why.at(-1)}`)
  }

  /** What was entered of a thing, in all its groups or in these. */
  of(thing: string, groups = groupsOf(thing)): ReadonlyArray<Entered> {
    return groups.flatMap((group) => this.#nodes(thing, group))
  }

  get values(): ReadonlyArray<Entered> {
    return [...this.#entered.values()].flat()
  }
}
