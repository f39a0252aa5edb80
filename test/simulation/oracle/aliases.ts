/** The names that things have had: two of them may have become one. */

export class Aliases {
  /** What became part of another thing. */
  readonly #into = new Map<string, string>()

  add(loser: string, winner: string): void {
    this.#into.set(loser, winner)
  }

  /** The thing that it is by now. */
  canonical(key: string): string {
    let now = key
    for (let next = this.#into.get(now); next !== undefined; next = this.#into.get(now)) now = next
    return now
  }

  /** Every name that the thing has had. */
  namesOf(key: string): ReadonlyArray<string> {
    return [key, ...[...this.#into.keys()].filter((one) => this.canonical(one) === key)]
  }
}
