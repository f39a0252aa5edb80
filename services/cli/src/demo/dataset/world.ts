/** Everything that is true before the systems are connected, and how each of them has it written down. */
import { writeActivities } from "./activities.ts"
import { inventCompanies, writeCompanies } from "./companies.ts"
import { writeDeals } from "./deals.ts"
import { writePeople } from "./held-people.ts"
import { inventPeople } from "./people.ts"
import { dice } from "./random.ts"
import { checked, type Sizes } from "./sizes.ts"
import type { World } from "./things.ts"

export const makeWorld = (given: Sizes): World => {
  const sizes = checked(given)
  const die = dice(sizes.seed)
  const invented = inventCompanies(die.fork("companies"), sizes)
  const companies = writeCompanies(die.fork("held companies"), sizes, invented)
  const everybody = inventPeople(die.fork("people"), sizes, invented)
  const people = writePeople(die.fork("held people"), sizes, everybody)
  const { deals, ambiguous } = writeDeals(die.fork("deals"), sizes, companies, people)
  const activities = writeActivities(die.fork("activities"), sizes, people, deals)
  return {
    companies,
    people,
    deals,
    activities,
    ambiguous: { ...everybody.ambiguous, ...ambiguous },
    halfKnown: everybody.halfKnown,
  }
}
