/**
 * What was entered where, and what became of it, as the world itself sees it. Each value that a person enters is a node;
 * the value that stood on that side before is what the person knew, and so its parent. A write of the engine may carry a
 * value on, or settle a conflict; it may never bring back what was replaced, nor make up a value.
 */
import type { GroupName, Values } from "../world/side.ts"
import { GROUPS } from "../world/side.ts"

export interface Entered {
  readonly number: number
  /** Where it was entered: several, where it stood in them from the beginning. */
  readonly sides: Set<string>
  isApp: boolean
  readonly value: string
  /** Order of the world's events; 0: it was there at the beginning. */
  readonly at: number
  /** What it replaced: entered over it, or won against it. */
  readonly before: Set<Entered>
  /** Overwritten between the engine's last read and its write, where the provider has no preconditions. */
  inGap: boolean
}

export interface Violation {
  readonly invariant: string
  readonly detail: string
}

const normalised = (group: GroupName, value: string): string => {
  const text = value.normalize("NFC").trim()
  return group === "email" ? text.toLowerCase() : text
}

const show = ({ number, sides, value }: Entered): string => `#${number} "${value}" of ${[...sides].join(" and ")}`

/** Whether `one` is, or was replaced on the way to, `other`. */
const isBefore = (one: Entered, other: Entered): boolean => {
  const seen = new Set<Entered>()
  const left = [other]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (next === one) return true
    if (seen.has(next)) continue
    seen.add(next)
    left.push(...next.before)
  }
  return false
}

export class History {
  /** By person and group. */
  readonly #entered = new Map<string, Array<Entered>>()
  /** What stands in a record, by side and id. */
  readonly #held = new Map<string, Map<GroupName, Entered>>()
  /** When a record was last read by the engine, in the order of the world's events. */
  readonly #readAt = new Map<string, number>()
  readonly violations: Array<Violation> = []
  gaps = 0
  #clock = 0
  #numbers = 0

  #nodes(person: string, group: GroupName): Array<Entered> {
    const key = `${person}|${group}`
    const nodes = this.#entered.get(key) ?? []
    this.#entered.set(key, nodes)
    return nodes
  }

  #heldBy(side: string, id: string): Map<GroupName, Entered> {
    const key = `${side}|${id}`
    const held = this.#held.get(key) ?? new Map<GroupName, Entered>()
    this.#held.set(key, held)
    return held
  }

  #violate(invariant: string, detail: string): void {
    this.violations.push({ invariant, detail })
  }

  /** The engine was shown a record. */
  read(side: string, id: string): void {
    this.#clock += 1
    this.#readAt.set(`${side}|${id}`, this.#clock)
  }

  /** A person entered a value, or it was there at the beginning. */
  enter(by: { readonly side: string; readonly isApp: boolean; readonly id: string }, person: string, values: Partial<Values>, isFirst: boolean): void {
    this.#clock += 1
    const held = this.#heldBy(by.side, by.id)
    for (const group of GROUPS) {
      const value = values[group]
      if (value === undefined) continue
      const known = held.get(group)
      if (known !== undefined && known.value === normalised(group, value)) continue
      // What two systems held alike from the beginning is one value, and a CRM's where one of them is one.
      const alike = isFirst ? this.#nodes(person, group).find((one) => one.value === normalised(group, value)) : undefined
      if (alike !== undefined) {
        alike.isApp &&= by.isApp
        alike.sides.add(by.side)
        held.set(group, alike)
        continue
      }
      this.#numbers += 1
      const node: Entered = {
        number: this.#numbers,
        sides: new Set([by.side]),
        isApp: by.isApp,
        value: normalised(group, value),
        at: isFirst ? 0 : this.#clock,
        before: new Set(known === undefined ? [] : [known]),
        inGap: false,
      }
      this.#nodes(person, group).push(node)
      held.set(group, node)
    }
  }

  /** The engine wrote: every group whose value is another one now is judged. */
  written(side: { readonly name: string; readonly isApp: boolean }, id: string, person: string, now: Values): void {
    this.#clock += 1
    const held = this.#heldBy(side.name, id)
    for (const group of GROUPS) {
      const value = normalised(group, now[group])
      const before = held.get(group)
      if ((before?.value ?? "") === value) continue
      const nodes = this.#nodes(person, group)
      const node = nodes.findLast((one) => one.value === value)
      const where = `${person}.${group} at ${side.name}`
      if (node === undefined) {
        this.#violate("invented", `${where}: "${value}" was never entered; there was "${before?.value ?? ""}"`)
        continue
      }
      held.set(group, node)
      if (before !== undefined) this.#judge(where, `${side.name}|${id}`, before, node)
    }
  }

  #judge(where: string, record: string, before: Entered, node: Entered): void {
    if (isBefore(before, node)) return
    const isUnread = before.at > (this.#readAt.get(record) ?? 0) && !before.isApp
    if (isBefore(node, before)) {
      if (isUnread) return this.#gap(before)
      return this.#violate("regression", `${where}: ${show(node)} was written over ${show(before)}, which had replaced it`)
    }
    // Neither knew of the other. An empty value of the beginning fills and never wins.
    if (node.at === 0 && node.value === "" && before.value !== "")
      return this.#violate("lost", `${where}: an empty value of the beginning was written over ${show(before)}`)
    const isWeaker = node.isApp && !before.isApp && before.value !== ""
    if (isWeaker) {
      if (isUnread) return this.#gap(before)
      this.#violate("lost", `${where}: ${show(node)} was written over ${show(before)}, which wins by the rule`)
    }
    node.before.add(before)
  }

  #gap(before: Entered): void {
    this.gaps += 1
    before.inGap = true
  }

  /** Two sides met for the first time: an empty one knew of nothing. */
  valueOf(side: string, id: string, group: GroupName): Entered | undefined {
    return this.#heldBy(side, id).get(group)
  }

  /** At the end all sides show one value: it has to be one that nothing replaced. */
  settle(person: string, group: GroupName, value: string): void {
    const nodes = this.#nodes(person, group)
    const node = nodes.findLast((one) => one.value === normalised(group, value))
    if (node === undefined) {
      if (value !== "") this.#violate("invented", `${person}.${group}: "${value}" was never entered`)
      return
    }
    const replacing = nodes.find((one) => one !== node && one.value !== node.value && !one.inGap && isBefore(node, one))
    if (replacing !== undefined)
      this.#violate("lost", `${person}.${group} is ${show(node)}, and ${show(replacing)} had replaced it`)
    const stronger = nodes.find(
      (one) => !one.inGap && !one.isApp && one.value !== "" && one.at > 0 && !isBefore(one, node) && !isBefore(node, one),
    )
    if (node.isApp && stronger !== undefined)
      this.#violate("lost", `${person}.${group} is ${show(node)}, and ${show(stronger)} wins by the rule`)
  }

  get values(): ReadonlyArray<Entered> {
    return [...this.#entered.values()].flat()
  }
}

export { normalised }
