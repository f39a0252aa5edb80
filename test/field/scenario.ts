/** A fault of the field: a named story with counts, played over a CRM. */
import { keyFor } from "../simulation/world/things.ts"
import type { Result } from "./scene.ts"

export type Crm = "hubspot" | "odoo"

export interface Stage {
  readonly crm: Crm
  /** The name of the story over this CRM, which its chance is drawn from. */
  readonly title: string
  /** A count of the story, or of its smaller form. */
  readonly count: (full: number, small: number) => number
}

export interface Scenario {
  readonly number: number
  readonly name: string
  readonly says: string
  /** The CRMs over which it makes sense. */
  readonly over: ReadonlyArray<Crm>
  readonly play: (stage: Stage) => Promise<Result>
}

/** `P1` … `Pn`. */
export const people = (count: number, from = 1): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, at) => keyFor("person", from + at))
