/** What people enter: values that nobody entered before, so that each can be followed to where it came from. */
import type { Chance } from "../random.ts"
import type { Side } from "./side.ts"
import { type GroupName, joined, keyOf, type Kind, kindOf, type Values } from "./things.ts"

export class Entering {
  #values = 0
  readonly #chance: Chance
  /** What the numbers in texts begin after. */
  readonly #after: number

  constructor(chance: Chance, after: number) {
    this.#chance = chance
    this.#after = after
  }

  /** A value that nobody entered before. */
  fresh(group: GroupName, key: string): string {
    this.#values += 1
    const n = this.#after + this.#values
    switch (group) {
      case "name":
        return joined(`Name${n}`, key)
      case "title":
        return kindOf(key) === "deal" ? joined(`Deal${n}`, key) : `Title ${n}`
      case "subject":
        return joined(`Task${n}`, key)
      case "email":
        return `mail${n}@people.example`
      case "phone":
        return `+49301${String(n).padStart(6, "0")}`
      case "address":
        return joined(`Street ${n}`, `City${n}`, String(10_000 + n))
      case "closeDate":
        return new Date(Date.UTC(2027, 0, this.#values)).toISOString().slice(0, 10)
      case "money":
        return String(this.#values * 100)
      case "company":
        throw new Error("a company is chosen")
    }
  }

  /** A company of those that the side has, or none. */
  company(side: Side): string {
    const companies = side.list("company")
    return companies.length === 0 ? "" : keyOf("company", this.#chance.pick(companies).values)
  }

  /** What a thing begins with, as far as the side has that. */
  first(kind: Kind, key: string, side: Side): Values {
    const values = this.#firstOf(kind, key, side)
    return Object.fromEntries(
      Object.entries(values).filter(([group]) => side.groups[kind].includes(group as GroupName)),
    )
  }

  #firstOf(kind: Kind, key: string, side: Side): Values {
    const some = (rate: number, group: GroupName): Values =>
      this.#chance.isLess(rate) ? { [group]: this.fresh(group, key) } : {}
    switch (kind) {
      case "person":
        return {
          name: joined(`First${key}`, key),
          email: `${key.toLowerCase()}@people.example`,
          ...some(0.7, "title"),
          ...some(0.6, "phone"),
          ...some(0.6, "address"),
          company: this.company(side),
        }
      case "company":
        return { name: joined("Firm", key), ...some(0.6, "phone") }
      case "deal":
        return {
          title: joined("Deal", key),
          ...some(0.6, "closeDate"),
          ...some(0.7, "money"),
          company: this.company(side),
        }
      case "activity":
        return { subject: joined("Task", key) }
    }
  }
}
