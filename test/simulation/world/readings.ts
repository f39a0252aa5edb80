/**
 * A reading of Odoo's by id takes two calls: the rows, and then which of our ids they go by. Nothing is made of the rows before
 * both are there, and nothing ever where the second call leaves a row out.
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

export class Readings {
  /** What the rows that have come show, by model and id. */
  readonly #begun = new Map<string, ReadonlyArray<() => void>>()

  /** Whether the call is the first of the two. */
  begins(domain: ReadonlyArray<unknown>): boolean {
    return domain.length === 1 && idsIn(domain, "id").length > 0
  }

  /** A row has come; `told` is what it shows. */
  come(model: string, id: string, told: () => void): void {
    const key = `${model}|${id}`
    this.#begun.set(key, [...(this.#begun.get(key) ?? []), told])
  }

  /** The second of the two is asked for now: of those rows that have come by now. */
  completes(domain: ReadonlyArray<unknown>): ReadonlyArray<() => void> {
    const keys = idsIn(domain, "res_id").map((id) => `${modelIn(domain)}|${String(id)}`)
    const all = keys.flatMap((key) => this.#begun.get(key) ?? [])
    for (const key of keys) this.#begun.delete(key)
    return all
  }
}
