/** Since when a thing is known in a system, as the world has it. */

/** How long it may take until everybody knows, ms: a process is away for ten minutes at most. */
const SETTLING_MS = 15 * 60_000

export class Presence {
  readonly #since = new Map<string, number>()

  /** A record of it is there; `isFirst`: as it always was. */
  there(side: string, thing: string, now: number, isFirst: boolean): void {
    const key = `${side}|${thing}`
    if (!this.#since.has(key)) this.#since.set(key, isFirst ? Number.NEGATIVE_INFINITY : now)
  }

  gone(side: string, thing: string): void {
    this.#since.delete(`${side}|${thing}`)
  }

  isLongThere(side: string, thing: string, ms: number): boolean {
    const since = this.#since.get(`${side}|${thing}`)
    return since !== undefined && ms - since > SETTLING_MS
  }
}
