/** The bus in memory: a work queue per group, at least once. It can lose everything, repeat itself and change the order. */
import type { Message } from "@concordat/engine/ports/Bus"
import type { Chance } from "../random.ts"

const WINDOW_MS = 120_000

export const matches = (patterns: ReadonlyArray<string>, subject: string): boolean =>
  patterns.some((pattern) => (pattern.endsWith(">") ? subject.startsWith(pattern.slice(0, -1)) : subject === pattern))

interface Pending {
  due: number
  attempt: number
}

export interface Taken {
  readonly messages: ReadonlyArray<Message & { readonly seq: number; readonly attempt: number }>
  /** When the next one is due, in ms; null: none waits. */
  readonly nextDue: number | null
}

export interface BusFaults {
  readonly chance: Chance
  /** Share of answers that get lost, so that the message comes again, and of takes whose order is shuffled. */
  readonly redeliver: number
  readonly reorder: number
}

export class WorkQueue {
  readonly #messages = new Map<number, Message>()
  readonly #seen = new Map<string, number>()
  readonly #groups = new Map<string, { readonly patterns: Set<string>; readonly pending: Map<number, Pending> }>()
  readonly #listeners = new Set<(subjects: ReadonlyArray<string>) => void>()
  #seq = 0
  faults: BusFaults | null = null

  publish(messages: ReadonlyArray<Message>, now: number): void {
    for (const message of messages) {
      const seenAt = this.#seen.get(message.id)
      if (seenAt !== undefined && seenAt > now - WINDOW_MS) continue
      this.#seen.delete(message.id)
      this.#seen.set(message.id, now)
      this.#seq += 1
      this.#messages.set(this.#seq, message)
      for (const { patterns, pending } of this.#groups.values())
        if (matches([...patterns], message.subject)) pending.set(this.#seq, { due: now, attempt: 0 })
    }
    for (const [id, at] of this.#seen) {
      if (at > now - WINDOW_MS) break
      this.#seen.delete(id)
    }
    if (messages.length > 0) this.ring(messages.map(({ subject }) => subject))
  }

  /** A group that asks for more subjects than before also gets what waits there. */
  join(name: string, subjects: ReadonlyArray<string>, now: number): void {
    const group = this.#groups.get(name) ?? { patterns: new Set<string>(), pending: new Map<number, Pending>() }
    this.#groups.set(name, group)
    const before = [...group.patterns]
    for (const subject of subjects) group.patterns.add(subject)
    for (const [seq, { subject }] of this.#messages)
      if (matches([...group.patterns], subject) && !matches(before, subject))
        group.pending.set(seq, { due: now, attempt: 0 })
  }

  take(name: string, subjects: ReadonlyArray<string>, most: number, now: number, ackWait: number): Taken {
    const group = this.#groups.get(name)
    const messages: Array<Taken["messages"][number]> = []
    if (group === undefined) return { messages, nextDue: null }
    let nextDue: number | null = null
    const due: Array<number> = []
    for (const [seq, { due: at }] of group.pending) {
      const message = this.#messages.get(seq)
      if (message === undefined || !matches(subjects, message.subject)) continue
      if (at <= now) due.push(seq)
      else if (nextDue === null || at < nextDue) nextDue = at
    }
    if (this.faults !== null && this.faults.chance.isLess(this.faults.reorder)) {
      const { chance } = this.faults
      due.splice(
        0,
        due.length,
        ...due
          .map((seq) => [chance.next(), seq] as const)
          .toSorted((a, b) => a[0] - b[0])
          .map(([, seq]) => seq),
      )
    }
    for (const seq of due.slice(0, most)) {
      const pending = group.pending.get(seq)!
      pending.due = now + ackWait
      pending.attempt += 1
      messages.push({ ...this.#messages.get(seq)!, seq, attempt: pending.attempt })
    }
    return { messages, nextDue: messages.length > 0 ? null : nextDue }
  }

  /** `due` null: never again. A late answer counts as one; a late wish for another delivery does not. */
  settle(name: string, seq: number, attempt: number, due: number | null): void {
    const group = this.#groups.get(name)
    const pending = group?.pending.get(seq)
    if (group === undefined || pending === undefined) return
    if (due !== null) {
      if (pending.attempt === attempt) pending.due = due
      this.ring([this.#messages.get(seq)?.subject ?? ""])
      return
    }
    if (this.faults !== null && this.faults.chance.isLess(this.faults.redeliver)) return
    group.pending.delete(seq)
    if (![...this.#groups.values()].some((other) => other.pending.has(seq))) this.#messages.delete(seq)
  }

  /** The bus has lost its store: messages and what it remembered of them. */
  lose(): void {
    this.#messages.clear()
    this.#seen.clear()
    for (const { pending } of this.#groups.values()) pending.clear()
  }

  /** Messages that somebody has still to answer. */
  get waiting(): number {
    return this.#messages.size
  }

  ring(subjects: ReadonlyArray<string>): void {
    for (const listener of this.#listeners) listener(subjects)
  }

  listen(listener: (subjects: ReadonlyArray<string>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
