/** Worlds of which every step is written down, by the name that a mutation is seen under. */
import type { Script } from "../../script.ts"
import { DEALS } from "./deals.ts"
import { EDITS } from "./edits.ts"
import { RECORDS } from "./records.ts"
import { RULED } from "./ruled.ts"

const WORLDS = { ...EDITS, ...DEALS, ...RECORDS, ...RULED } satisfies Readonly<Record<string, Script>>

export type WorldName = keyof typeof WORLDS

export const worldNamed = (name: WorldName): Script => WORLDS[name]
