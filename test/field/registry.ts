/** All stories, in their order. */
import type { Crm, Scenario } from "./scenario.ts"
import { calm } from "./scenarios/calm.ts"

export const SCENARIOS: ReadonlyArray<Scenario> = [calm]

export interface Cast {
  readonly scenario: Scenario
  readonly crm: Crm
  /** As the table calls it. */
  readonly title: string
}

const castsOf = (scenario: Scenario): ReadonlyArray<Cast> =>
  scenario.over.map((crm) => ({
    scenario,
    crm,
    title: crm === "hubspot" ? scenario.name : `${scenario.name} (${crm})`,
  }))

/** Every story over every CRM: those of HubSpot first. Of a number or a name, its own only. */
export const castOf = (wanted: string): ReadonlyArray<Cast> => {
  const all = SCENARIOS.flatMap(castsOf).toSorted((a, b) => Number(a.crm === "odoo") - Number(b.crm === "odoo"))
  if (wanted === "") return all
  return all.filter(
    ({ scenario, title }) => String(scenario.number) === wanted || scenario.name === wanted || title === wanted,
  )
}
