/** All stories, in their order. */
import type { Crm, Scenario } from "./scenario.ts"
import { calm } from "./scenarios/calm.ts"
import { archivedAndMerged, neverBack } from "./scenarios/gone.ts"
import { joinedDuringBackfill, overlap } from "./scenarios/joining.ts"
import { longGone, restored } from "./scenarios/long.ts"
import { betweenWriteAndRead, staleRead, thereAndBack } from "./scenarios/own-writes.ts"
import {
  bulkEdit,
  duringBackfill,
  indexLag,
  lateCommit,
  oneMoment,
  sharedSecond,
  shiftingPages,
} from "./scenarios/polls.ts"
import { dailyQuota } from "./scenarios/quota.ts"
import { automation } from "./scenarios/rewriting.ts"
import { converted, currencies, mergedBesideOthers } from "./scenarios/third.ts"

export const SCENARIOS: ReadonlyArray<Scenario> = [
  calm,
  duringBackfill,
  indexLag,
  lateCommit,
  oneMoment,
  sharedSecond,
  bulkEdit,
  archivedAndMerged,
  shiftingPages,
  neverBack,
  overlap,
  automation,
  longGone,
  joinedDuringBackfill,
  staleRead,
  betweenWriteAndRead,
  thereAndBack,
  dailyQuota,
  mergedBesideOthers,
  converted,
  currencies,
  restored,
]

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
    title: scenario.over.length === 1 || crm === "hubspot" ? scenario.name : `${scenario.name} (${crm})`,
  }))

/** Every story over every CRM: those of HubSpot first. Of a number or a name, its own only. */
export const castOf = (wanted: string): ReadonlyArray<Cast> => {
  const all = SCENARIOS.flatMap(castsOf).toSorted((a, b) => Number(a.crm === "odoo") - Number(b.crm === "odoo"))
  if (wanted === "") return all
  return all.filter(
    ({ scenario, title }) => String(scenario.number) === wanted || scenario.name === wanted || title === wanted,
  )
}
