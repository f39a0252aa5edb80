/**
 * A reading of Odoo's by id takes two calls: the rows, and then which of our ids they go by. So does one of what has changed since.
 * Nothing is made of the rows before both are there, and nothing ever where the second call leaves a row out. A list of all is
 * whole by itself as long as nothing there goes by an id of ours.
 */

/** A reference to rows in a domain: `[column, "in", ids]`. */
const idsIn = (domain: ReadonlyArray<unknown>, column: string): ReadonlyArray<unknown> => {
  const among = domain.find((one) => Array.isArray(one) && one[0] === column && one[1] === "in")
  const ids: unknown = Array.isArray(among) ? among[2] : []
  return Array.isArray(ids) ? ids : []
}

const modelIn = (domain: ReadonlyArray<unknown>): string => {
  const among = domain.find((one) => Array.isArray(one) && one[0] === "model" && one[1] === "=")
  return Array.isArray(among) ? String(among[2]) : ""
}

/** What a row shows, and when it came, in the order of the world's events. */
interface Row {
  readonly told: () => void
  readonly come: number
}

export class Readings {
  /** The rows that have come, by model and id. */
  readonly #begun = new Map<string, ReadonlyArray<Row>>()

  /** Whether the call is the first of the two. */
  begins(domain: ReadonlyArray<unknown>): boolean {
    const isOfChanges = domain.some((one) => Array.isArray(one) && one[0] === "write_date" && one[1] === ">=")
    return isOfChanges || (domain.length === 1 && idsIn(domain, "id").length > 0)
  }

  /** A row has come; `told` is what it shows. */
  come(model: string, id: string, row: Row): void {
    const key = `${model}|${id}`
    this.#begun.set(key, [...(this.#begun.get(key) ?? []), row])
  }

  /** The second of the two, which was sent at that time: of those rows that had come by then, not of another reading's since. */
  completes(domain: ReadonlyArray<unknown>, sent: number): ReadonlyArray<() => void> {
    return idsIn(domain, "res_id").flatMap((id) => {
      const key = `${modelIn(domain)}|${String(id)}`
      const rows = this.#begun.get(key) ?? []
      this.#begun.set(
        key,
        rows.filter(({ come }) => come > sent),
      )
      return rows.filter(({ come }) => come <= sent).map(({ told }) => told)
    })
  }
}
